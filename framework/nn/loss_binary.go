package nn

import "github.com/macaw-ai/macaw/framework/graph"

// BCEWith returns the mean of w·(posWeight·t·softplus(-x) + (1-t)·softplus(x)), the
// logistic loss of logits x against targets t from 0 to 1. posWeight, which may
// be nil, broadcasts and weighs positive targets against negative ones; weight,
// which may be nil, broadcasts and weighs elements.
func BCEWith(logits, target, weight, posWeight *graph.Node) *graph.Node {
	positive := graph.Mul(target, graph.Softplus(graph.Neg(logits)))
	if posWeight != nil {
		positive = graph.Mul(positive, posWeight)
	}
	loss := graph.Add(positive, graph.Mul(graph.Sub(graph.Scalar(logits.Graph(), 1), target), graph.Softplus(logits)))
	if weight != nil {
		loss = graph.Mul(loss, weight)
	}
	return graph.Mean(loss)
}

// BCEOfProbabilities returns the mean of -t·log p - (1-t)·log(1-p), logarithms
// being of 1e-37 at least. BCE, on logits, is more exact.
func BCEOfProbabilities(p, target *graph.Node) *graph.Node {
	g := p.Graph()
	log := func(x *graph.Node) *graph.Node { return graph.Log(graph.Max(x, graph.Scalar(g, 1e-37))) }
	rest := graph.Sub(graph.Scalar(g, 1), p)
	other := graph.Mul(graph.Sub(graph.Scalar(g, 1), target), log(rest))
	return graph.Neg(graph.Mean(graph.Add(graph.Mul(target, log(p)), other)))
}
