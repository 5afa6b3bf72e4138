package nn

import "github.com/macaw-ai/macaw/framework/graph"

// InfoNCE returns the cross-entropy of telling each query's own key from those of
// the others: the mean of -log softmax_j(cos(q_i, k_j)/temperature) at j = i, for
// queries and keys [N,D]. The temperature is usually 0.05 to 0.2.
// Source: van den Oord et al. 2018, arXiv:1807.03748, eq. 4.
func InfoNCE(queries, keys *graph.Node, temperature float32) *graph.Node {
	scores := similarities(queries, keys, temperature)
	return graph.Mean(graph.CrossEntropy(scores, graph.Positions(queries.Graph(), queries.Dim(0)), 0))
}

// similarities are the cosines of all pairs, over the temperature: [N,M].
func similarities(a, b *graph.Node, temperature float32) *graph.Node {
	cos := graph.MatMulT(graph.Normalize(a, -1, near), graph.Normalize(b, -1, near), false, true)
	return graph.MulScalar(cos, 1/temperature)
}

// NTXent returns the normalised temperature-scaled cross-entropy of two views
// [N,D] of the same N samples: each of the 2N is told to find its other view
// among the 2N-1 others. Source: Chen et al. 2020 (SimCLR), arXiv:2002.05709, eq. 1.
func NTXent(a, b *graph.Node, temperature float32) *graph.Node {
	g, n := a.Graph(), a.Dim(0)
	both := graph.Concat(0, a, b)
	at := graph.Positions(g, n.MulInt(2))
	self := graph.Eq(graph.Unsqueeze(at, 0), graph.Unsqueeze(at, 1))
	never := -1/temperature - 100 // so far below all others that it adds nothing
	scores := graph.Where(self, graph.Scalar(g, never), similarities(both, both, temperature))
	views := graph.Reshape(at, graph.Const(2), n)
	other := graph.Reshape(graph.Flip(views, 0), n.MulInt(2))
	return graph.Mean(graph.CrossEntropy(scores, other, 0))
}
