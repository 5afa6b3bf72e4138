package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// PadAttrs are the attributes of "Pad".
type PadAttrs struct {
	Before, After []int
	Value         float64
}

var _ = register(operator{
	name: "Pad",
	shape: func(c *call) []Type {
		x, a := c.in[0], c.attrs.(PadAttrs)
		if len(a.Before) != x.Rank() || len(a.After) != x.Rank() {
			c.fail("there must be one length per axis")
		}
		if slices.Min(append([]int{0}, a.Before...)) < 0 || slices.Min(append([]int{0}, a.After...)) < 0 {
			c.fail("a length is negative")
		}
		out := make(Shape, x.Rank())
		for i, d := range x.shape {
			out[i] = d.AddInt(a.Before[i] + a.After[i])
		}
		return one(x.dtype, out...)
	},
	vjp: func(c *call, dy []*Node) []*Node {
		dx := dy[0]
		for i, n := range c.attrs.(PadAttrs).Before {
			dx = sliceDims(dx, i, Const(n), c.in[0].shape[i].AddInt(n))
		}
		return []*Node{dx}
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(PadAttrs)
		return b.emit(&chip.Pad{Before: a.Before, After: a.After, Value: a.Value}, in, b.types(c)...)
	},
})

// Pad surrounds x with value: before[i] and after[i] elements along axis i.
func Pad(x *Node, before, after []int, value float64) *Node {
	return on("Pad", PadAttrs{before, after, value}, x)
}
