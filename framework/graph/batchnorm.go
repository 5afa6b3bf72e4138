package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// BatchNormOptions configure BatchNorm.
type BatchNormOptions struct {
	Eps      float32 // added to the variance; 0 means 1e-5
	Momentum float32 // share of the new batch in the running statistics; 0 means 0.1
}

// BatchNormAttrs are the attributes of "BatchNorm" (running statistics) and
// "BatchNormTrain" (batch statistics).
type BatchNormAttrs struct{ Eps, Momentum float32 }

func batchNormCheck(c *call) *Node {
	x := c.want(0, tensor.Float32)
	if x.Rank() < 2 {
		c.fail("the first operand needs at least two axes")
	}
	for i := 1; i < len(c.in); i++ {
		c.wantShape(i, tensor.Float32, x.Dim(-1))
	}
	return x
}

var _ = register(operator{
	name: "BatchNormTrain",
	shape: func(c *call) []Type {
		x := batchNormCheck(c)
		channel := Type{tensor.Float32, Shape{x.Dim(-1)}}
		return []Type{{tensor.Float32, x.shape}, channel, channel, channel, channel}
	},
	vjp: func(c *call, dy []*Node) []*Node {
		grads := applyAll("BatchNormGrad", c.graph, nil, c.in[0], c.in[1], c.out[1], c.out[2], dy[0])
		return append(grads[:3:3], nil, nil)
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(BatchNormAttrs)
		return b.emit(&chip.BatchNorm{Eps: a.Eps, Momentum: a.Momentum}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name: "BatchNormGrad",
	shape: func(c *call) []Type {
		x, gamma := c.in[0], c.in[1]
		return []Type{{tensor.Float32, x.shape}, {tensor.Float32, gamma.shape}, {tensor.Float32, gamma.shape}}
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.BatchNormGrad{}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name: "BatchNorm",
	shape: func(c *call) []Type {
		return one(tensor.Float32, batchNormCheck(c).shape...)
	},
	vjp: func(c *call, dy []*Node) []*Node {
		x, gamma, mean, variance := c.in[0], c.in[1], c.in[3], c.in[4]
		rstd := Rsqrt(AddScalar(variance, c.attrs.(BatchNormAttrs).Eps))
		xhat := Mul(Sub(x, mean), rstd)
		return []*Node{Mul(dy[0], Mul(gamma, rstd)), sumTo(Mul(dy[0], xhat), gamma.shape), sumTo(dy[0], gamma.shape), nil, nil}
	},
	lower: lowerBatchNorm,
})

// lowerBatchNorm folds the five vectors into a scale and a shift per channel,
// so that what touches x is one multiplication and one addition.
func lowerBatchNorm(b *builder, c *call, in []value) []value {
	x, gamma, beta, mean, variance := in[0], in[1], in[2], in[3], in[4]
	vector := b.typeOf(gamma)
	fold := b.emit(&chip.Map{Code: []chip.MapInstr{ // gamma, beta, mean, variance
		imm(c.attrs.(BatchNormAttrs).Eps), fn(chip.FnAdd, 3, 4), fn(chip.FnRsqrt, 5), fn(chip.FnMul, 0, 6),
		fn(chip.FnMul, 2, 7), fn(chip.FnSub, 1, 8)}, Outs: []int{7, 9}}, []value{gamma, beta, mean, variance}, vector, vector)
	scaled := b.emit(&chip.Map{Code: []chip.MapInstr{fn(chip.FnMul, 0, 1)}, Outs: []int{2}}, []value{x, fold[0]}, b.typeOf(x))
	return b.emit(&chip.Map{Code: []chip.MapInstr{fn(chip.FnAdd, 0, 1)}, Outs: []int{2}}, []value{scaled[0], fold[1]}, b.typeOf(x))
}

// BatchNorm normalises x [..., C] over all axes but the last, then scales by
// gamma [C] and shifts by beta [C]. In a training graph it uses the batch's
// statistics and moves the running ones (variables of shape [C]); otherwise it
// uses the running ones. Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
func BatchNorm(x, gamma, beta *Node, runningMean, runningVar *Variable, o BatchNormOptions) *Node {
	a := BatchNormAttrs(o)
	if a.Eps == 0 {
		a.Eps = 1e-5
	}
	if a.Momentum == 0 {
		a.Momentum = 0.1
	}
	g := x.Graph()
	in := []*Node{x, gamma, beta, g.Var(runningMean), g.Var(runningVar)}
	if !g.Training() {
		return on("BatchNorm", a, in...)
	}
	outs := applyAll("BatchNormTrain", g, a, in...)
	g.Assign(runningMean, outs[3])
	g.Assign(runningVar, outs[4])
	return outs[0]
}
