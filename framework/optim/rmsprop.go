package optim

import (
	"cmp"

	"github.com/macaw-ai/macaw/framework/graph"
)

// RMSProp divides the gradient by a running root mean square of it:
//
//	g' = g + WeightDecay·w
//	v = Alpha·v + (1-Alpha)·g'²
//	u = g'/(sqrt(v) + Eps);  with Momentum b = Momentum·b + u, u = b
//	w -= lr·u
//
// Centered subtracts the square of a running mean of g' from v. Zero fields
// mean Alpha 0.99, Eps 1e-8, no momentum and no decay.
// Sources: Tieleman and Hinton 2012, Coursera lecture 6.5; Graves 2013,
// arXiv:1308.0850 (centered), as torch.optim.RMSprop writes them.
type RMSProp struct {
	Alpha, Eps, Momentum, WeightDecay float32
	Centered                          bool
}

func (o RMSProp) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g, alpha, d := grad.Graph(), cmp.Or(o.Alpha, 0.99), in.coupled(w, grad, o.WeightDecay)
	v := s.average(w, "v", graph.Square(d), alpha)
	if o.Centered {
		mean := s.average(w, "mean", d, alpha)
		// Rounding must not make the variance negative.
		v = graph.Max(graph.Sub(v, graph.Square(mean)), graph.Scalar(g, 0))
	}
	u := graph.Div(d, graph.AddScalar(graph.Sqrt(v), cmp.Or(o.Eps, 1e-8)))
	if o.Momentum != 0 {
		b := s.slot(w, "velocity")
		u = graph.Add(graph.MulScalar(g.Var(b), o.Momentum), u)
		assign(b, u)
	}
	return descend(g, w, graph.Mul(u, in.lr))
}
