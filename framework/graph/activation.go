package graph

import (
	"github.com/macaw-ai/macaw/chip"
)

var _ = unary("Relu", func(x, y, dy *Node) *Node { return on("ReluGrad", nil, y, dy) }, fn(chip.FnRelu, 0))

// reluGradOp is dy where y > 0, else 0. It has a name of its own so that
// passes can fuse it into the gradients before it.
var _ = elementwise("ReluGrad", like(1), nil, 2,
	imm(0), fn(chip.FnLt, 2, 0), fn(chip.FnWhere, 3, 1, 2))

var _ = unary("Sigmoid", func(x, y, dy *Node) *Node {
	return Mul(dy, Mul(y, Sub(Scalar(y.Graph(), 1), y)))
}, fn(chip.FnSigmoid, 0))

var _ = unary("Tanh", func(x, y, dy *Node) *Node {
	return Mul(dy, Sub(Scalar(y.Graph(), 1), Mul(y, y)))
}, fn(chip.FnTanh, 0))

var _ = unary("SiLU", func(x, y, dy *Node) *Node {
	s := Sigmoid(x)
	return Mul(dy, Add(s, Mul(y, Sub(Scalar(x.Graph(), 1), s))))
}, fn(chip.FnSigmoid, 0), fn(chip.FnMul, 0, 1))

// geluCode is x·Φ(x).
var geluCode = []chip.MapInstr{fn(chip.FnCDF, 0), fn(chip.FnMul, 0, 1)}

var _ = unary("GELU", func(x, y, dy *Node) *Node {
	return Mul(dy, Add(NormalCDF(x), Mul(x, normalPDF(x))))
}, geluCode...)

// softplusOp is log(1+exp(x)) = max(x,0) + log(1+exp(-|x|)), which cannot overflow.
var _ = unary("Softplus", func(x, y, dy *Node) *Node { return Mul(dy, Sigmoid(x)) },
	fn(chip.FnAbs, 0), fn(chip.FnNeg, 1), fn(chip.FnExp, 2), imm(1), fn(chip.FnAdd, 3, 4), fn(chip.FnLog, 5),
	fn(chip.FnRelu, 0), fn(chip.FnAdd, 6, 7))

// Relu returns max(x, 0); its gradient at 0 is 0.
func Relu(x *Node) *Node { return on("Relu", nil, x) }

// Sigmoid returns 1/(1+exp(-x)).
func Sigmoid(x *Node) *Node { return on("Sigmoid", nil, x) }

// Tanh returns the hyperbolic tangent.
func Tanh(x *Node) *Node { return on("Tanh", nil, x) }

// SiLU returns x·sigmoid(x). Source: Elfwing et al. 2018, arXiv:1702.03118.
func SiLU(x *Node) *Node { return on("SiLU", nil, x) }

// GELU returns x·Φ(x) with the exact normal distribution function.
// Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
func GELU(x *Node) *Node { return on("GELU", nil, x) }

// Softplus returns log(1+exp(x)).
func Softplus(x *Node) *Node { return on("Softplus", nil, x) }

// LeakyRelu returns x where x > 0 and slope·x elsewhere.
func LeakyRelu(x *Node, slope float32) *Node {
	return Where(Gt(x, Scalar(x.Graph(), 0)), x, MulScalar(x, slope))
}

var _ = register(operator{name: "StopGradient", shape: like(0),
	lower: func(b *builder, c *call, in []value) []value { return in }})

// StopGradient returns x, through which no gradient flows.
func StopGradient(x *Node) *Node { return on("StopGradient", nil, x) }
