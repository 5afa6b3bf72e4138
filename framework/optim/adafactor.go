package optim

import (
	"cmp"
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Adafactor keeps the second moment of a matrix as a row and a column:
//
//	β = 1 - t^-Decay,  q = g² + Eps1
//	r = β·r + (1-β)·mean over the last axis of q
//	c = β·c + (1-β)·mean over the last but one axis of q
//	v = r·c/mean(r);  vectors keep v = β·v + (1-β)·q itself
//	u = g/sqrt(v),  u /= max(1, rms(u)/Clip)
//	with Beta1: m = Beta1·m + (1-Beta1)·u, u = m
//	α = lr·max(Eps2, rms(w)),  w -= α·(u + WeightDecay·w)
//
// so that a matrix [n, m] takes n+m numbers of state. Relative bounds the rate:
// min(lr, 1/sqrt(t)) takes the place of lr, of which the paper's is 0.01.
// Absolute leaves out the factor max(Eps2, rms(w)). Zero fields mean Decay 0.8,
// Eps1 1e-30, Eps2 1e-3, Clip 1, no momentum and no weight decay.
// Source: Shazeer and Stern 2018, arXiv:1804.04235, algorithms 4 and 5, with
// means in place of sums, which v does not notice.
type Adafactor struct {
	Beta1, Decay, Eps1, Eps2, Clip, WeightDecay float32
	Relative, Absolute                          bool
}

func (o Adafactor) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g, d := grad.Graph(), in.gradient(grad)
	u := graph.Mul(d, o.inverseRoot(s, w, graph.AddScalar(graph.Square(d), cmp.Or(o.Eps1, 1e-30))))
	// The clipping's divisor goes into the rate of a step without momentum.
	clip := graph.Max(graph.MulScalar(rms(u, w), 1/cmp.Or(o.Clip, 1)), g.Const(tensor.Of([]float32{1}, 1)))
	rate := in.lr
	if o.Relative {
		rate = graph.Min(rate, graph.Rsqrt(s.time(g)))
	}
	if !o.Absolute {
		floor := g.Const(tensor.Of([]float32{cmp.Or(o.Eps2, 1e-3)}, 1))
		rate = graph.Mul(rate, graph.Max(rms(g.Var(w), w), floor))
	}
	u = graph.Div(u, clip)
	if o.Beta1 != 0 {
		u = s.average(w, "m", u, o.Beta1)
	}
	return descend(g, w, graph.Mul(in.decoupled(w, u, o.WeightDecay), rate))
}

// inverseRoot moves the second moment towards q and returns 1/sqrt(v), in
// factors that broadcast to w's shape.
func (o Adafactor) inverseRoot(s *State, w *graph.Variable, q *graph.Node) *graph.Node {
	g, shape := q.Graph(), w.Shape()
	one := g.Const(tensor.Of([]float32{1}, 1))
	share := graph.Pow(s.time(g), g.Const(tensor.Of([]float32{-cmp.Or(o.Decay, 0.8)}, 1))) // 1-β
	move := func(name string, to *graph.Node, shape []int) *graph.Node {
		slot := s.slotOf(w, name, shape)
		now := graph.Add(graph.Mul(g.Var(slot), graph.Sub(one, share)), graph.Mul(to, share))
		assign(slot, now)
		return now
	}
	n := len(shape)
	if n < 2 {
		return graph.Rsqrt(move("v", q, shape))
	}
	rows, cols := append([]int(nil), shape...), append([]int(nil), shape...)
	rows[n-1], cols[n-2] = 1, 1
	r := move("row", graph.MeanKeep(q, -1), rows)
	c := move("column", graph.MeanKeep(q, -2), cols)
	r = graph.Div(r, graph.MeanKeep(r, -2))
	return graph.Mul(graph.Rsqrt(r), graph.Rsqrt(c))
}

// rms is the root mean square of x, which has w's shape, [1].
func rms(x *graph.Node, w *graph.Variable) *graph.Node {
	return graph.Mul(normOf(x), x.Graph().Const(tensor.Of([]float32{float32(1 / math.Sqrt(float64(max(w.Len(), 1))))}, 1)))
}
