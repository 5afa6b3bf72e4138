package optim

import (
	"cmp"

	"github.com/macaw-ai/macaw/framework/graph"
)

// Lion steps by the sign of an interpolated momentum:
//
//	u = sign(Beta1·m + (1-Beta1)·g) + WeightDecay·w
//	m = Beta2·m + (1-Beta2)·g,  w -= lr·u
//
// Zero fields mean Beta1 0.9, Beta2 0.99 and no decay. Rates are 3 to 10 times
// smaller than AdamW's.
// Source: Chen et al. 2023, arXiv:2302.06675, algorithm 2.
type Lion struct {
	Beta1, Beta2, WeightDecay float32
}

func (o Lion) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g, d, beta1, beta2 := grad.Graph(), in.gradient(grad), cmp.Or(o.Beta1, 0.9), cmp.Or(o.Beta2, 0.99)
	slot := s.slot(w, "m")
	m := g.Var(slot)
	u := graph.Sign(graph.Add(graph.MulScalar(m, beta1), graph.MulScalar(d, 1-beta1)))
	assign(slot, graph.Add(graph.MulScalar(m, beta2), graph.MulScalar(d, 1-beta2)))
	return descend(g, w, graph.Mul(in.decoupled(w, u, o.WeightDecay), in.lr))
}
