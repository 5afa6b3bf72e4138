package optim

import (
	"cmp"

	"github.com/macaw-ai/macaw/framework/graph"
)

// Adagrad divides the gradient by the root of the sum of all its squares:
// g' = g + WeightDecay·w, v += g'², w -= lr·g'/(sqrt(v) + Eps). Eps 0 means 1e-10.
// Source: Duchi, Hazan, Singer 2011, JMLR 12, figure 1 with diagonal matrices.
type Adagrad struct {
	Eps, WeightDecay float32
}

func (o Adagrad) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g, d, sum := grad.Graph(), in.coupled(w, grad, o.WeightDecay), s.slot(w, "v")
	v := graph.Add(g.Var(sum), graph.Square(d))
	assign(sum, v)
	u := graph.Div(d, graph.AddScalar(graph.Sqrt(v), cmp.Or(o.Eps, 1e-10)))
	return descend(g, w, graph.Mul(u, in.lr))
}
