package nn

import (
	"github.com/macaw-ai/macaw/framework/graph"
)

// near is the smallest length that vectors are divided by.
const near = 1e-8

// CosineSimilarity returns a·b/(|a|·|b|) [...] of vectors [..., D].
func CosineSimilarity(a, b *graph.Node) *graph.Node {
	return graph.Sum(graph.Mul(graph.Normalize(a, -1, near), graph.Normalize(b, -1, near)), -1)
}

// CosineEmbedding returns the mean of 1 - cos(a, b) for pairs [N,D] whose target
// [N] is 1 (alike) and of max(0, cos(a, b) - margin) for those of target 0.
func CosineEmbedding(a, b, target *graph.Node, margin float32) *graph.Node {
	cos := CosineSimilarity(a, b)
	return pairs(target, graph.Sub(graph.Scalar(a.Graph(), 1), cos), graph.Relu(graph.AddScalar(cos, -margin)))
}

// pairs is the mean of alike where the target is 1 and of apart where it is 0.
func pairs(target, alike, apart *graph.Node) *graph.Node {
	rest := graph.Sub(graph.Scalar(target.Graph(), 1), target)
	return graph.Mean(graph.Add(graph.Mul(target, alike), graph.Mul(rest, apart)))
}

// Contrastive returns the mean of d²/2 for pairs [N,D] whose target [N] is 1 (alike)
// and of max(0, margin-d)²/2 for those of target 0, d being their distance.
// Source: Hadsell et al. 2006, "Dimensionality Reduction by Learning an Invariant
// Mapping", eq. 4 (whose Y is 1 for pairs that differ).
func Contrastive(a, b, target *graph.Node, margin float32) *graph.Node {
	d := graph.L2Norm(graph.Sub(a, b), -1)
	short := graph.Relu(graph.Sub(graph.Scalar(a.Graph(), margin), d))
	return graph.MulScalar(pairs(target, graph.Square(d), graph.Square(short)), 0.5)
}

// TripletMargin returns the mean of max(0, |a-p| - |a-n| + margin) of anchors,
// positives and negatives [N,D]. Source: Balntas et al. 2016, BMVC; Schroff et
// al. 2015, arXiv:1503.03832, with squared distances.
func TripletMargin(anchor, positive, negative *graph.Node, margin float32) *graph.Node {
	far := graph.Sub(graph.L2Norm(graph.Sub(anchor, positive), -1), graph.L2Norm(graph.Sub(anchor, negative), -1))
	return graph.Mean(graph.Relu(graph.AddScalar(far, margin)))
}

// Hinge returns the mean of max(0, margin - target·x) for targets -1 and 1.
// Source: Cortes and Vapnik 1995, Machine Learning 20.
func Hinge(x, target *graph.Node, margin float32) *graph.Node {
	return graph.Mean(graph.Relu(graph.Sub(graph.Scalar(x.Graph(), margin), graph.Mul(x, target))))
}

// MarginRanking returns the mean of max(0, margin - target·(a-b)): with target 1, a
// should be larger, with -1, b.
func MarginRanking(a, b, target *graph.Node, margin float32) *graph.Node {
	return Hinge(graph.Sub(a, b), target, margin)
}
