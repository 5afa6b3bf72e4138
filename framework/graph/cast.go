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
	vjp:   castVJP,
	lower: func(b *builder, c *call, in []value) []value { return b.emit(&chip.Cast{}, in, b.types(c)...) },
})

// Cast converts the element type: floats truncate to integers, anything to
// Bool is x != 0, what is out of range saturates. Floats round to bfloat16 (tensor.BFloat) to
// nearest, ties to even. Between float32 and bfloat16 gradients pass as they
// are, the rounding being taken for the identity (Bengio et al. 2013,
// arXiv:1308.3432); gradients are float32 for bfloat16 nodes too. Other casts
// have no gradient.
func Cast(x *Node, to tensor.DType) *Node {
	if x.dtype == to {
		return x
	}
	return on("Cast", CastAttrs{to}, x)
}

func castVJP(c *call, dy []*Node) []*Node {
	if !isFloat(c.in[0].dtype) || !isFloat(c.out[0].dtype) {
		return []*Node{nil}
	}
	return []*Node{dy[0]}
}

// isFloat reports whether gradients flow through values of the type.
func isFloat(dt tensor.DType) bool { return dt == tensor.Float32 || dt == tensor.BFloat }
