package graph

// L1Norm returns Σ|x| along axes, which vanish; with no axes, over all.
func L1Norm(x *Node, axes ...int) *Node { return Sum(Abs(x), axes...) }

// L2Norm returns sqrt(Σx²) along axes, which vanish; with no axes, over all. Its
// gradient at 0 is 0.
func L2Norm(x *Node, axes ...int) *Node { return safeSqrt(Sum(Square(x), axes...)) }

// safeSqrt is the square root with the gradient 0 at 0.
func safeSqrt(x *Node) *Node {
	some := positive(x)
	return Where(some, Sqrt(Where(some, x, Scalar(x.Graph(), 1))), Scalar(x.Graph(), 0))
}

// LogSumExp returns log Σexp(x) along axes, which vanish, without overflow; with
// no axes, over all.
func LogSumExp(x *Node, axes ...int) *Node {
	top := StopGradient(Clip(ReduceMaxKeep(x, axes...), -3e38, 3e38)) // infinities would leave NaN
	sum := Log(Sum(Exp(Sub(x, top)), axes...))
	return Add(sum, Reshape(top, sum.shape...))
}

// Normalize divides x by its L2 norm along axis, or by eps where that is
// larger, so that vectors get length 1.
func Normalize(x *Node, axis int, eps float32) *Node {
	size := safeSqrt(SumKeep(Square(x), axis))
	return Div(x, Max(size, Scalar(x.Graph(), eps)))
}
