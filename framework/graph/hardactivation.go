package graph

// HardSigmoid returns x/6 + 1/2 limited to 0..1, as MobileNetV3 uses it.
// Source: Howard et al. 2019, arXiv:1905.02244, §5.2.
func HardSigmoid(x *Node) *Node { return Clip(AddScalar(MulScalar(x, 1.0/6), 0.5), 0, 1) }

// HardSwish returns x·HardSigmoid(x).
// Source: Howard et al. 2019, arXiv:1905.02244, §5.2.
func HardSwish(x *Node) *Node { return Mul(x, HardSigmoid(x)) }

// Hardtanh limits x to -1..1.
func Hardtanh(x *Node) *Node { return Clip(x, -1, 1) }

// Relu6 limits x to 0..6.
func Relu6(x *Node) *Node { return Clip(x, 0, 6) }

// HardShrink returns x where |x| > lambda and 0 elsewhere.
func HardShrink(x *Node, lambda float32) *Node {
	return Where(Gt(Abs(x), Scalar(x.Graph(), lambda)), x, Scalar(x.Graph(), 0))
}

// SoftShrink moves x towards 0 by lambda >= 0 and stops there.
func SoftShrink(x *Node, lambda float32) *Node { return Sub(x, Clip(x, -lambda, lambda)) }
