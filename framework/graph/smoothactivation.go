package graph

import "math"

// Mish returns x·tanh(softplus(x)). Source: Misra 2019, arXiv:1908.08681.
func Mish(x *Node) *Node { return Mul(x, Tanh(Softplus(x))) }

// Softsign returns x/(1+|x|).
func Softsign(x *Node) *Node { return Div(x, AddScalar(Abs(x), 1)) }

// LogSigmoid returns log(1/(1+exp(-x))) without overflow.
func LogSigmoid(x *Node) *Node { return Neg(Softplus(Neg(x))) }

// GELUTanh returns x/2·(1 + tanh(sqrt(2/π)·(x + 0.044715·x³))), the
// approximation of GELU. Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, §2.
func GELUTanh(x *Node) *Node {
	inner := MulScalar(Add(x, MulScalar(Mul(x, Square(x)), 0.044715)), float32(math.Sqrt(2/math.Pi)))
	return Mul(MulScalar(x, 0.5), AddScalar(Tanh(inner), 1))
}

// GLU splits x along axis into halves a, b and returns a·sigmoid(b). The axis
// must have a constant even length. Source: Dauphin et al. 2016, arXiv:1612.08083.
func GLU(x *Node, axis int) *Node {
	n, ok := x.Dim(axis).Known()
	if !ok || n%2 != 0 {
		Fail("GLU", []*Node{x}, "axis %d must have a constant even length", axis)
	}
	halves := Split(x, axis, n/2, n/2)
	return Mul(halves[0], Sigmoid(halves[1]))
}
