package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(operator{
	name: "Linear",
	shape: func(c *call) []Type {
		x, w := c.want(0, tensor.Float32), c.wantRank(1, tensor.Float32, 2)
		if x.Rank() < 2 || !x.Dim(-1).Equal(w.Dim(0)) {
			c.fail("the last axis of the first operand must be %v", w.Dim(0))
		}
		if len(c.in) > 2 {
			c.wantShape(2, tensor.Float32, w.Dim(1))
		}
		return one(tensor.Float32, append(append(Shape(nil), x.shape[:x.Rank()-1]...), w.Dim(1))...)
	},
	vjp: func(c *call, dys []*Node) []*Node {
		x, w := c.in[0], c.in[1]
		rows := Reshape(x, Const(-1), x.Dim(-1))
		drows := Reshape(dys[0], Const(-1), w.Dim(1))
		grads := []*Node{Reshape(MatMulT(drows, w, false, true), x.shape...), MatMulT(rows, drows, true, false)}
		if len(c.in) > 2 {
			grads = append(grads, Sum(drows, 0))
		}
		return grads
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.Gemm{Bias: len(in) > 2}, in, b.types(c)...)
	},
})

// Linear returns x·w + b for x [..., in], w [in, out] and b [out], which may be nil.
func Linear(x, w, b *Node) *Node {
	if b == nil {
		return on("Linear", nil, x, w)
	}
	return on("Linear", nil, x, w, b)
}
