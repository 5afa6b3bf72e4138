package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// CTCAttrs are the attributes of "CTC".
type CTCAttrs struct{ Blank int }

var _ = register(operator{
	name: "CTC",
	shape: func(c *call) []Type {
		x, labels := c.wantRank(0, tensor.Float32, 3), c.wantRank(1, tensor.Int64, 2)
		c.wantShape(2, tensor.Int64, x.Dim(0))
		if !labels.Dim(0).Equal(x.Dim(0)) {
			c.fail("the operands differ in their number of samples")
		}
		if k, ok := x.Dim(2).Known(); !ok || c.attrs.(CTCAttrs).Blank < 0 || c.attrs.(CTCAttrs).Blank >= k {
			c.fail("the blank %d is not one of a constant number of classes", c.attrs.(CTCAttrs).Blank)
		}
		return []Type{{tensor.Float32, x.shape[:1]}, {tensor.Float32, x.shape}}
	},
	vjp: func(c *call, dy []*Node) []*Node {
		return []*Node{Mul(c.out[1], Unsqueeze(dy[0], 1, 2)), nil, nil}
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.CTC{Blank: c.attrs.(CTCAttrs).Blank}, in, b.types(c)...)
	},
})

// CTC returns the connectionist temporal classification loss [N] of
// log-probabilities logp [N,T,K] of T frames against label sequences int64 [N,L]:
// -log of the probability of all ways to spread the labels over the first
// frames[i] frames of a sample, int64 [N], repeating labels and putting the class
// blank between them. Negative labels at the end of a sequence are padding. Where
// there is no way, the loss is +Inf and its gradient 0. A label outside of the
// classes or frames outside 0..T are errors of Run.
// Source: Graves et al. 2006, "Connectionist Temporal Classification", ICML.
func CTC(logp, labels, frames *Node, blank int) *Node {
	return on("CTC", CTCAttrs{blank}, logp, labels, frames)
}
