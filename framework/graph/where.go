package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = elementwise("Where", func(c *call) []Type {
	cond, a, b := c.want(0, tensor.Bool), c.in[1], c.in[2]
	if a.dtype != b.dtype || a.dtype != tensor.Float32 && a.dtype != tensor.Int64 && a.dtype != tensor.Int32 {
		c.fail("the choices must both be float32, int64 or int32")
	}
	s, ok := broadcast(a.shape, b.shape)
	if ok {
		s, ok = broadcast(s, cond.shape)
	}
	if !ok {
		c.fail("the shapes do not broadcast")
	}
	return one(a.dtype, s...)
}, func(c *call, dy []*Node) []*Node {
	da, db := split(c.in[0], dy[0])
	return []*Node{nil, sumTo(da, c.in[1].shape), sumTo(db, c.in[2].shape)}
}, 3, fn(chip.FnWhere, 0, 1, 2))

// Where returns a where cond (Bool) holds and b elsewhere, with broadcasting.
func Where(cond, a, b *Node) *Node { return on("Where", nil, cond, a, b) }
