package optim

import (
	"cmp"

	"github.com/macaw-ai/macaw/framework/graph"
)

// LAMB is AdamW with the step of each variable scaled to the variable's norm:
//
//	u = m/(1-Beta1ᵗ) / (sqrt(v/(1-Beta2ᵗ)) + Eps) + WeightDecay·w
//	w -= lr·‖w‖/‖u‖·u
//
// with Adam's moments m and v; the ratio is 1 where either norm is 0. Zero
// fields mean Beta1 0.9, Beta2 0.999, Eps 1e-6 and no decay.
// Source: You et al. 2020, arXiv:1904.00962, algorithm 2 with φ(z) = z.
type LAMB struct {
	Beta1, Beta2, Eps, WeightDecay float32
}

func (o LAMB) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g := grad.Graph()
	m := moments{beta1: cmp.Or(o.Beta1, 0.9), beta2: cmp.Or(o.Beta2, 0.999), eps: cmp.Or(o.Eps, 1e-6)}
	u := in.decoupled(w, m.direction(s, w, in.gradient(grad)), o.WeightDecay)
	size, step, zero := normOf(g.Var(w)), normOf(u), graph.Scalar(g, 0)
	both := graph.And(graph.Gt(size, zero), graph.Gt(step, zero))
	ratio := graph.Where(both, graph.Div(size, step), graph.Scalar(g, 1))
	return descend(g, w, graph.Mul(u, graph.Mul(ratio, in.lr)))
}
