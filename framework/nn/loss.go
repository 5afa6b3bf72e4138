package nn

import "github.com/macaw-ai/macaw/framework/graph"

// CrossEntropy returns the softmax cross-entropy of logits [N,K] against labels
// int64 [N], averaged over the labels that are not negative, which are ignored;
// where all are, it is 0. See graph.CrossEntropy.
func CrossEntropy(logits, labels *graph.Node, smoothing float32) *graph.Node {
	sum := graph.Sum(graph.CrossEntropy(logits, labels, smoothing)) // ignored labels have loss 0
	return graph.Div(sum, graph.Max(graph.Sum(counted(labels)), graph.Scalar(logits.Graph(), 1)))
}

// MSE returns the mean of (y-target)², a scalar; y and target are float32 of one
// shape.
func MSE(y, target *graph.Node) *graph.Node {
	return graph.Mean(graph.Square(graph.Sub(y, target)))
}

// Huber returns the mean of e²/2 where |e| <= delta and delta·(|e|-delta/2)
// elsewhere, with e = y-target. Source: Huber 1964, Ann. Math. Statist. 35.
func Huber(y, target *graph.Node, delta float32) *graph.Node {
	size := graph.Abs(graph.Sub(y, target))
	inner := graph.Min(size, graph.Scalar(y.Graph(), delta))
	outer := graph.Sub(size, inner)
	return graph.Mean(graph.Add(graph.MulScalar(graph.Square(inner), 0.5), graph.MulScalar(outer, delta)))
}

// BCE returns the mean of the logistic loss log(1+exp(x)) - x·target of logits
// x against targets from 0 to 1, of one shape.
func BCE(logits, target *graph.Node) *graph.Node {
	return graph.Mean(graph.Sub(graph.Softplus(logits), graph.Mul(logits, target)))
}
