package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// SampleMode says which elements a sample blends.
type SampleMode uint8

// Modes of GridSample.
const (
	SampleLinear  SampleMode = iota // the two neighbours along each axis
	SampleNearest                   // the nearest element; the grid gets no gradient
	SampleCubic                     // the four neighbours along each axis, by Keys' kernel with a = -0.75
)

// GridSampleOptions configure GridSample.
type GridSampleOptions struct {
	Mode    SampleMode
	Padding PadMode // of PadReflect the mirrors are the array's edges, or with AlignCorners the outermost elements; not PadWrap
	// AlignCorners lets -1 and 1 be the centres of the elements at the ends, not
	// their outer edges.
	AlignCorners bool
}

// GridSample reads x [N, D1..Dr, C] at the positions of grid [N, E1..Er, r], both
// float32: the result is [N, E1..Er, C]. A position lists coordinates from the
// last axis to the first (x before y), from -1 to 1 across the array. The gradient
// flows to x and, but for the nearest element, to the grid: the derivative of
// the weights by the coordinates. One to three axes are sampled; they may be
// symbolic.
// Source: Jaderberg et al. 2015, arXiv:1506.02025, §3.3.
func GridSample(x, grid *Node, o GridSampleOptions) *Node {
	r := x.Rank() - 2
	if r < 1 || r > 3 || grid.Rank() != r+2 || !grid.Dim(-1).Is(r) || !grid.Dim(0).Equal(x.Dim(0)) {
		Fail("GridSample", []*Node{x, grid}, "want [N, D1..Dr, C] and [N, E1..Er, r], r from 1 to 3")
	}
	if o.Padding > PadReflect {
		Fail("GridSample", []*Node{x, grid}, "samples do not wrap around")
	}
	points := grid.shape[1 : r+1].Size()
	flat := Reshape(grid, grid.Dim(0), points, Const(r))
	axes := make([]taps, r)
	for i := range axes {
		v := Squeeze(Slice(flat, 2, r-1-i, r-i), 2)
		axes[i] = o.along(v, Size(x.Graph(), x.Dim(1+i)))
	}
	return sampled(x, axes, grid.shape[:r+1])
}

// along gives the taps at the coordinates v of an axis of n.
func (o GridSampleOptions) along(v, n *Node) taps {
	g := v.Graph()
	last := AddScalar(n, -1)
	x, lo, hi := MulScalar(AddScalar(Mul(AddScalar(v, 1), n), -1), 0.5), Scalar(g, -0.5), AddScalar(n, -0.5)
	if o.AlignCorners {
		x, lo, hi = MulScalar(Mul(AddScalar(v, 1), last), 0.5), Scalar(g, 0), last
	}
	if o.Mode == SampleNearest {
		x = StopGradient(Round(x))
	}
	switch {
	case o.Padding == PadReflect:
		x = mirrored(x, lo, hi)
	case o.Padding == PadEdge && o.Mode != SampleCubic:
		x = bounded(x, n)
	}
	// Beyond what any tap reads, and for NaN, one place stands for all.
	far := Scalar(g, -4)
	x = Where(And(Gt(x, far), Lt(x, AddScalar(n, 4))), x, far)
	var t taps
	put := func(at, weight *Node) {
		if o.Padding == PadReflect {
			at = mirrored(at, lo, hi)
		}
		in := bounded(at, n)
		if o.Padding == PadZeros {
			weight = Where(Eq(in, at), weight, Scalar(g, 0))
		}
		t.index, t.weight = append(t.index, Cast(in, tensor.Int64)), append(t.weight, weight)
	}
	if o.Mode == SampleNearest {
		put(StopGradient(Round(x)), Fill(g, 1, x.shape...))
		return t
	}
	low := floored(x)
	f := Sub(x, low)
	if o.Mode == SampleLinear {
		put(low, AddScalar(Neg(f), 1))
		put(AddScalar(low, 1), f)
		return t
	}
	for k, w := range cubicWeights(f) {
		put(AddScalar(low, float32(k-1)), w)
	}
	return t
}

// mirrored reflects x at lo and hi until it lies between them.
func mirrored(x, lo, hi *Node) *Node {
	span := Max(Sub(hi, lo), Scalar(x.Graph(), 1e-6)) // one element, at lo
	turn := MulScalar(span, 2)
	x = Sub(x, lo)
	x = Sub(x, Mul(turn, floored(Div(x, turn))))
	return Add(lo, Min(x, Sub(turn, x)))
}
