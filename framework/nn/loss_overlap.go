package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Dice returns 1 - (2·Σp·t + 1)/(Σp + Σt + 1), averaged over samples and classes,
// for probabilities p and targets t [N, ..., C] from 0 to 1; sums are over the
// axes between. The ones keep empty masks defined.
// Source: Milletari et al. 2016, arXiv:1606.04797, §3, with Σp for its Σp².
func Dice(p, target *graph.Node) *graph.Node { return Tversky(p, target, 0.5, 0.5) }

// Tversky returns 1 - (TP + ½)/(TP + alpha·FP + beta·FN + ½), averaged over samples and
// classes, with TP = Σp·t, FP = Σp·(1-t) and FN = Σ(1-p)·t for probabilities p and
// targets t [N, ..., C]; sums are over the axes between. A beta above alpha
// favours recall. Source: Salehi et al. 2017, arXiv:1706.05721, eq. 3.
func Tversky(p, target *graph.Node, alpha, beta float32) *graph.Node {
	if p.Rank() < 3 || !p.Shape().Equal(target.Shape()) {
		graph.Fail("Tversky", []*graph.Node{p, target}, "both operands must be [N ... C]")
	}
	axes := make([]int, p.Rank()-2)
	for i := range axes {
		axes[i] = 1 + i
	}
	both := graph.Sum(graph.Mul(p, target), axes...)
	wrong := graph.Sub(graph.Sum(p, axes...), both)
	missed := graph.Sub(graph.Sum(target, axes...), both)
	hit := graph.AddScalar(both, 0.5)
	all := graph.Add(hit, graph.Add(graph.MulScalar(wrong, alpha), graph.MulScalar(missed, beta)))
	return graph.Mean(graph.Sub(graph.Scalar(p.Graph(), 1), graph.Div(hit, all)))
}
