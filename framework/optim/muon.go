package optim

import (
	"cmp"
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// Muon orthogonalises the momentum of matrices:
//
//	m = Momentum·m + (1-Momentum)·g,  u = (1-Momentum)·g + Momentum·m (or m, with HeavyBall)
//	w -= lr·(scale·orthogonal(u) + WeightDecay·w)
//
// A variable of rank 2 and more is the matrix [in, out] of its last axis
// against all others; scale is sqrt(max(1, out/in)), or with MatchRMS
// 0.2·sqrt(max(in, out)), which makes steps as large as AdamW's so that they
// can share a rate and a decay. orthogonal approximates U·Vᵀ of the singular
// value decomposition U·S·Vᵀ by Steps iterations of Newton and Schulz.
// Variables of lower rank follow Rest at RestLRScale times the rate. Embeddings and
// the last layer belong in a Group with a rule of their own.
//
// Zero fields mean Momentum 0.95, Steps 5, RestLRScale 1 and no decay.
// Sources: Jordan et al. 2024, kellerjordan.github.io/posts/muon; Liu et al.
// 2025, arXiv:2502.16982 (MatchRMS).
type Muon struct {
	Momentum, WeightDecay float32
	HeavyBall             bool // plain momentum in place of Nesterov's
	MatchRMS              bool
	Steps                 int
	Rest                  AdamW
	RestLRScale           float32
}

func (o Muon) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g, rank := grad.Graph(), len(w.Shape())
	if rank < 2 {
		if r := cmp.Or(o.RestLRScale, 1); r != 1 {
			in.lr = graph.MulScalar(in.lr, r)
		}
		return o.Rest.update(s, w, grad, in)
	}
	mu, d := cmp.Or(o.Momentum, 0.95), in.gradient(grad)
	u := s.average(w, "m", d, mu)
	if !o.HeavyBall {
		u = graph.Add(graph.MulScalar(d, 1-mu), graph.MulScalar(u, mu))
	}
	cols := w.Shape()[rank-1]
	rows := w.Len() / max(cols, 1)
	scale := math.Sqrt(max(1, float64(cols)/float64(max(rows, 1))))
	if o.MatchRMS {
		scale = 0.2 * math.Sqrt(float64(max(rows, cols)))
	}
	steps := o.Steps
	if steps == 0 {
		steps = 5
	}
	u = orthogonal(graph.Reshape(u, graph.Ints(rows, cols)...), rows, cols, steps)
	u = graph.MulScalar(graph.Reshape(u, graph.Ints(w.Shape()...)...), float32(scale))
	return descend(g, w, graph.Mul(in.decoupled(w, u, o.WeightDecay), in.lr))
}

// orthogonal iterates x = a·x + (b·A + c·A²)·x, A = x·xᵀ, from x/‖x‖ on, with
// the shorter side in A. The polynomial drives every singular value to about 1.
func orthogonal(x *graph.Node, rows, cols, steps int) *graph.Node {
	const a, b, c = 3.4445, -4.7750, 2.0315
	x = graph.Div(x, graph.AddScalar(normOf(x), 1e-7))
	tall := rows > cols
	for range steps {
		gram := graph.MatMulT(x, x, tall, !tall)
		poly := graph.Add(graph.MulScalar(gram, b), graph.MulScalar(graph.MatMul(gram, gram), c))
		left, right := poly, x
		if tall {
			left, right = x, poly
		}
		x = graph.Add(graph.MulScalar(x, a), graph.MatMul(left, right))
	}
	return x
}
