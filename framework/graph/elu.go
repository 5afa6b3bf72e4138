package graph

// positive is the condition x > 0.
func positive(x *Node) *Node { return Gt(x, Scalar(x.Graph(), 0)) }

// ELU returns x where x > 0 and alpha·(exp(x)-1) elsewhere.
// Source: Clevert et al. 2015, arXiv:1511.07289.
func ELU(x *Node, alpha float32) *Node {
	below := Expm1(Min(x, Scalar(x.Graph(), 0)))
	return Where(positive(x), x, MulScalar(below, alpha))
}

// SELU is ELU with alpha 1.67326 times 1.05070, under which activations of
// mean 0 and variance 1 keep them. Source: Klambauer et al. 2017, arXiv:1706.02515.
func SELU(x *Node) *Node { return MulScalar(ELU(x, 1.6732632423543772), 1.0507009873554805) }

// CELU returns x where x > 0 and alpha·(exp(x/alpha)-1) elsewhere, which is
// differentiable everywhere. Source: Barron 2017, arXiv:1704.07483.
func CELU(x *Node, alpha float32) *Node {
	below := Expm1(MulScalar(Min(x, Scalar(x.Graph(), 0)), 1/alpha))
	return Where(positive(x), x, MulScalar(below, alpha))
}

// PReLU returns x where x > 0 and slope·x elsewhere; slope is trained and
// broadcasts to x, usually [1] or [C]. Source: He et al. 2015, arXiv:1502.01852, §2.1.
func PReLU(x, slope *Node) *Node { return Where(positive(x), x, Mul(x, slope)) }

// ThresholdedRelu returns x where x > theta and 0 elsewhere.
// Source: Konda et al. 2014, arXiv:1402.3337.
func ThresholdedRelu(x *Node, theta float32) *Node {
	return Where(Gt(x, Scalar(x.Graph(), theta)), x, Scalar(x.Graph(), 0))
}
