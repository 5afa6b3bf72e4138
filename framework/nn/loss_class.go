package nn

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// CrossEntropyOptions configure CrossEntropyWith. The zero value is the plain
// cross-entropy.
type CrossEntropyOptions struct {
	Smoothing float32   // share of the target spread over all classes
	Weights   []float32 // of the classes, [K]; nil means 1 for each
}

// CrossEntropyWith returns the softmax cross-entropy of logits [..., K] against
// labels int64 [...], averaged over the labels that are not negative, which are
// ignored: Σ w·loss / Σ w, with w the weight of the label's class. Where all are
// ignored it is 0. See graph.CrossEntropy.
//
// With weights, smoothing spreads the target before they apply to the classes:
// loss = -Σ_k w_k·q_k·log p_k, as in PyTorch.
func CrossEntropyWith(logits, labels *graph.Node, o CrossEntropyOptions) *graph.Node {
	k, ok := logits.Dim(-1).Known()
	if !ok || len(o.Weights) != 0 && len(o.Weights) != k {
		graph.Fail("CrossEntropyWith", []*graph.Node{logits, labels}, "there are %d weights for %v classes", len(o.Weights), logits.Dim(-1))
	}
	g := logits.Graph()
	x, y := graph.Reshape(logits, graph.Const(-1), graph.Const(k)), graph.Reshape(labels, graph.Const(-1))
	if len(o.Weights) == 0 {
		return CrossEntropy(x, y, o.Smoothing)
	}
	w := g.Const(tensor.Of(o.Weights, k))
	hot := graph.OneHot(y, k) // zeros where the label is negative
	of := graph.Sum(graph.Mul(hot, w), 1)
	q := graph.Add(graph.MulScalar(hot, 1-o.Smoothing), graph.MulScalar(graph.SumKeep(hot, 1), o.Smoothing/float32(k)))
	loss := graph.Neg(graph.Sum(graph.Mul(graph.Mul(q, w), graph.LogSoftmax(x)), 1))
	return graph.Div(graph.Sum(loss), positiveOr1(graph.Sum(of)))
}

// counted is 1 where a label is not negative and 0 elsewhere.
func counted(labels *graph.Node) *graph.Node {
	return graph.Cast(graph.Ge(labels, labels.Graph().Const(tensor.Scalar(int64(0)))), tensor.Float32)
}

// weightedMean is Σ w·x / Σ w, and 0 where all weights are 0.
func weightedMean(x, w *graph.Node) *graph.Node {
	return graph.Div(graph.Sum(graph.Mul(x, w)), positiveOr1(graph.Sum(w)))
}

// positiveOr1 replaces 0 by 1.
func positiveOr1(x *graph.Node) *graph.Node {
	g := x.Graph()
	return graph.Where(graph.Gt(x, graph.Scalar(g, 0)), x, graph.Scalar(g, 1))
}

// SoftCrossEntropy returns the mean over rows of -Σ_k q_k·log softmax(x)_k of
// logits x against targets q [..., K], as for distillation or mixed labels.
// Source: Hinton et al. 2015, arXiv:1503.02531, §2.
func SoftCrossEntropy(logits, target *graph.Node) *graph.Node {
	return graph.Neg(graph.Mean(graph.Sum(graph.Mul(target, graph.LogSoftmax(logits)), -1)))
}

// NLL returns the mean of -logp_label over the labels int64 [...] that are not
// negative, for log-probabilities logp [..., K].
func NLL(logp, labels *graph.Node) *graph.Node {
	k, ok := logp.Dim(-1).Known()
	if !ok {
		graph.Fail("NLL", []*graph.Node{logp, labels}, "the number of classes must be constant")
	}
	hot := graph.OneHot(labels, k)
	return graph.Neg(graph.Div(graph.Sum(graph.Mul(hot, logp)), positiveOr1(graph.Sum(hot))))
}
