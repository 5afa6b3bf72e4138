package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Focal returns the mean of -α_t·(1-p_t)^gamma·log p_t of logits against targets 0
// and 1, with p_t the probability of the target and α_t alpha for 1 and 1-alpha
// for 0; a negative alpha leaves α_t out. The paper has gamma 2 and alpha 0.25.
// Source: Lin et al. 2017, arXiv:1708.02002, eq. 5.
func Focal(logits, target *graph.Node, gamma, alpha float32) *graph.Node {
	g := logits.Graph()
	one := graph.Scalar(g, 1)
	// z is the logit of the target, so that p_t = sigmoid(z).
	z := graph.Mul(logits, graph.AddScalar(graph.MulScalar(target, 2), -1))
	// (1-p_t)^gamma = exp(-gamma·softplus(z)), without a power of 0.
	loss := graph.Mul(graph.Exp(graph.MulScalar(graph.Softplus(z), -gamma)), graph.Softplus(graph.Neg(z)))
	if alpha >= 0 {
		loss = graph.Mul(loss, graph.Add(graph.MulScalar(target, alpha), graph.MulScalar(graph.Sub(one, target), 1-alpha)))
	}
	return graph.Mean(loss)
}

// SoftmaxFocal returns the mean of -(1-p)^gamma·log p over the labels int64 [...]
// that are not negative, p being the label's probability under logits [..., K].
// Source: Lin et al. 2017, arXiv:1708.02002, §3.
func SoftmaxFocal(logits, labels *graph.Node, gamma float32) *graph.Node {
	k, ok := logits.Dim(-1).Known()
	if !ok {
		graph.Fail("SoftmaxFocal", []*graph.Node{logits, labels}, "the number of classes must be constant")
	}
	g := logits.Graph()
	hot := graph.OneHot(labels, k)
	logp := graph.Sum(graph.Mul(hot, graph.LogSoftmax(logits)), -1)
	rest := graph.Max(graph.Sub(graph.Scalar(g, 1), graph.Exp(logp)), graph.Scalar(g, 1e-12))
	loss := graph.Mul(graph.Pow(rest, graph.Scalar(g, gamma)), graph.Neg(logp))
	return weightedMean(loss, counted(labels))
}
