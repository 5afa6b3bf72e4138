package nn

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// L1 returns the mean of |y-target|.
func L1(y, target *graph.Node) *graph.Node { return graph.Mean(graph.Abs(graph.Sub(y, target))) }

// SmoothL1 returns the mean of e²/(2·beta) where |e| < beta and |e| - beta/2
// elsewhere, with e = y-target and beta > 0. Source: Girshick 2015, arXiv:1504.08083, eq. 3.
func SmoothL1(y, target *graph.Node, beta float32) *graph.Node {
	return graph.MulScalar(Huber(y, target, beta), 1/beta)
}

// LogCosh returns the mean of log cosh(y-target), which is quadratic near 0 and
// linear far from it.
func LogCosh(y, target *graph.Node) *graph.Node {
	e := graph.Sub(y, target)
	return graph.Mean(graph.AddScalar(graph.Sub(graph.Softplus(graph.MulScalar(e, 2)), e), -math.Ln2))
}

// Quantile returns the mean of max(q·e, (q-1)·e) with e = target-y, the pinball
// loss, whose minimum is the quantile q (0 to 1) of the target.
// Source: Koenker and Bassett 1978, Econometrica 46(1).
func Quantile(y, target *graph.Node, q float32) *graph.Node {
	e := graph.Sub(target, y)
	return graph.Mean(graph.Max(graph.MulScalar(e, q), graph.MulScalar(e, q-1)))
}

// PoissonNLL returns the mean of exp(x) - target·x for x the logarithm of the
// expected count; the target's own term log(target!) is left out.
func PoissonNLL(logRate, target *graph.Node) *graph.Node {
	return graph.Mean(graph.Sub(graph.Exp(logRate), graph.Mul(target, logRate)))
}

// GaussianNLL returns the mean of (log var + (mean-target)²/var)/2, variances
// being held above 1e-6; the constant log(2π)/2 is left out.
// Source: Nix and Weigend 1994, "Estimating the mean and variance of the target
// probability distribution".
func GaussianNLL(mean, variance, target *graph.Node) *graph.Node {
	v := graph.Max(variance, graph.Scalar(variance.Graph(), 1e-6))
	square := graph.Square(graph.Sub(mean, target))
	return graph.MulScalar(graph.Mean(graph.Add(graph.Log(v), graph.Div(square, v))), 0.5)
}

// KLDivergence returns the mean over rows of Σ_k q_k·(log q_k - logp_k) for targets
// q [..., K] and log-probabilities logp; a q_k of 0 adds nothing.
// Source: Kullback and Leibler 1951, Ann. Math. Statist. 22.
func KLDivergence(logp, target *graph.Node) *graph.Node {
	g := logp.Graph()
	some := graph.Gt(target, graph.Scalar(g, 0))
	logq := graph.Log(graph.Where(some, target, graph.Scalar(g, 1)))
	return graph.Mean(graph.Sum(graph.Mul(target, graph.Sub(logq, logp)), -1))
}
