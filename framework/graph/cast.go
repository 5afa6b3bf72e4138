package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// CastAttrs are the attributes of "Cast".
type CastAttrs struct{ To tensor.DType }

var _ = register(operator{
	name: "Cast",
	shape: func(c *call) []Type {
		to := c.attrs.(CastAttrs).To
		if c.in[0].dtype == tensor.String || to == tensor.String {
			c.fail("strings are not cast")
		}
		return one(to, c.in[0].shape...)
	},
	lower: func(b *builder, c *call, in []value) []value { return b.emit(&chip.Cast{}, in, b.types(c)...) },
})

// Cast converts the element type: floats truncate to integers, anything to
// Bool is x != 0, what is out of range saturates. It has no gradient.
func Cast(x *Node, to tensor.DType) *Node {
	if x.dtype == to {
		return x
	}
	return on("Cast", CastAttrs{to}, x)
}
