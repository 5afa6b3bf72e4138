package graph

// FakeQuantize rounds x to the 256 values of the affine 8-bit grid between lo
// and hi, float32 of one element each, and stays float32:
//
//	scale = (hi-lo)/255, zero = round(-lo/scale), x̂ = scale·(clamp(round(x/scale)+zero, 0, 255) - zero)
//
// after lo and hi are widened to contain 0, which so is exact; an empty range has the scale 1. The gradient is
// straight-through: 1 inside [lo, hi] and 0 outside, where it goes to lo or hi,
// which are learned if they are variables that an optimiser updates.
// Sources: Jacob et al. 2018, arXiv:1712.05877, §3; for learned bounds Choi et
// al. 2018, arXiv:1805.06085, eq. 3.
func FakeQuantize(x, lo, hi *Node) *Node {
	g := x.Graph()
	if !lo.shape.Size().Is(1) || !hi.shape.Size().Is(1) {
		Fail("FakeQuantize", []*Node{x, lo, hi}, "the bounds must be one number each")
	}
	lo, hi = Min(Reshape(lo), Scalar(g, 0)), Max(Reshape(hi), Scalar(g, 0))
	low, high, all := StopGradient(lo), StopGradient(hi), StopGradient(x)
	scale := Div(Sub(high, low), Scalar(g, 255))
	scale = Where(Gt(scale, Scalar(g, 0)), scale, Scalar(g, 1)) // of an empty range
	zero := Round(Div(Neg(low), scale))
	q := Clip(Add(Round(Div(all, scale)), zero), 0, 255)
	return straightThrough(Mul(Sub(q, zero), scale), Min(Max(x, lo), hi))
}

// FakeQuantizeWeight rounds each output channel (the last axis) of w to 255
// values that are symmetric about 0: scale = max|w|/127, ŵ = scale·round(w/scale).
// w has two and more axes. The gradient is 1 everywhere.
// Source: Krishnamoorthi 2018, arXiv:1806.08342, §2.1 and §3.1.
func FakeQuantizeWeight(w *Node) *Node {
	if w.Rank() < 2 {
		Fail("FakeQuantizeWeight", []*Node{w}, "a weight needs at least two axes")
	}
	g, fixed := w.Graph(), StopGradient(w)
	axes := make([]int, w.Rank()-1)
	for i := range axes {
		axes[i] = i
	}
	scale := Div(ReduceMax(Abs(fixed), axes...), Scalar(g, 127))
	scale = Where(Gt(scale, Scalar(g, 0)), scale, Scalar(g, 1))
	return straightThrough(Mul(Round(Div(fixed, scale)), scale), w)
}

// straightThrough has the value of y, exactly, and the gradient of x.
func straightThrough(y, x *Node) *Node {
	return Add(StopGradient(y), Sub(x, StopGradient(x)))
}
