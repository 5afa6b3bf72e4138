package graph

// HardSigmoid returns x/6 + 1/2 limited to 0..1, as MobileNetV3 uses it.
// Source: Howard et al. 2019, arXiv:1905.02244, §5.2.
func HardSigmoid(x *Node) *Node { return HardSigmoidOf(x, 1.0/6, 0.5) }

// HardSigmoidOf returns slope·x + shift limited to 0..1; Keras and ONNX have the
// slope 0.2 where nothing is said.
func HardSigmoidOf(x *Node, slope, shift float32) *Node {
	return Clip(AddScalar(MulScalar(x, slope), shift), 0, 1)
}

// HardSwish returns x·HardSigmoid(x).
// Source: Howard et al. 2019, arXiv:1905.02244, §5.2.
func HardSwish(x *Node) *Node { return Mul(x, HardSigmoid(x)) }

// Hardtanh limits x to -1..1.
func Hardtanh(x *Node) *Node { return Clip(x, -1, 1) }

// Relu6 limits x to 0..6.
func Relu6(x *Node) *Node { return Clip(x, 0, 6) }

// HardShrink returns x where |x| > lambda and 0 elsewhere.
func HardShrink(x *Node, lambda float32) *Node { return Shrink(x, lambda, 0) }

// Shrink returns x + bias where x < -lambda, else x - bias where x > lambda, else
// 0: HardShrink for the bias 0 and SoftShrink for lambda.
func Shrink(x *Node, lambda, bias float32) *Node {
	g := x.Graph()
	high := Where(Gt(x, Scalar(g, lambda)), AddScalar(x, -bias), Scalar(g, 0))
	return Where(Lt(x, Scalar(g, -lambda)), AddScalar(x, bias), high)
}

// SoftShrink moves x towards 0 by lambda >= 0 and stops there.
func SoftShrink(x *Node, lambda float32) *Node { return Sub(x, Clip(x, -lambda, lambda)) }
