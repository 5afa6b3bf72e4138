package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// ConcatAttrs are the attributes of "Concat".
type ConcatAttrs struct{ Axis int }

var _ = register(operator{
	name: "Concat",
	shape: func(c *call) []Type {
		axis := c.attrs.(ConcatAttrs).Axis
		out := slices.Clone(c.in[0].shape)
		for _, n := range c.in[1:] {
			if n.dtype != c.in[0].dtype || n.Rank() != len(out) {
				c.fail("the operands differ in type or rank")
			}
			for i, d := range n.shape {
				if i == axis {
					out[i] = out[i].Add(d)
				} else if !d.Equal(out[i]) {
					c.fail("the operands differ along axis %d", i)
				}
			}
		}
		return one(c.in[0].dtype, out...)
	},
	vjp: func(c *call, dy []*Node) []*Node {
		axis, at := c.attrs.(ConcatAttrs).Axis, Const(0)
		grads := make([]*Node, len(c.in))
		for i, n := range c.in {
			end := at.Add(n.shape[axis])
			grads[i] = sliceDims(dy[0], axis, at, end)
			at = end
		}
		return grads
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.Concat{Axis: c.attrs.(ConcatAttrs).Axis}, in, b.types(c)...)
	},
})

// Concat joins nodes of one type along axis.
func Concat(axis int, nodes ...*Node) *Node {
	if len(nodes) == 0 {
		Fail("Concat", nil, "there is nothing to join")
	}
	axis = nodes[0].axis("Concat", axis)
	if len(nodes) == 1 {
		return nodes[0]
	}
	return on("Concat", ConcatAttrs{axis}, nodes...)
}
