package nn

import "github.com/macaw-ai/macaw/framework/graph"

// CTCOptions configure CTC. The zero value has class 0 for the blank.
type CTCOptions struct {
	Blank            int
	IgnoreImpossible bool // labels that do not fit into their frames count 0, not +Inf
}

// CTC returns the mean over samples of the connectionist temporal classification
// loss, each divided by its number of labels, of logits [N,T,K] against labels
// int64 [N,L] (negative ones at the end are padding); frames int64 [N] says how
// many frames of each sample count. See graph.CTC.
func CTC(logits, labels, frames *graph.Node, o CTCOptions) *graph.Node {
	g := logits.Graph()
	loss := graph.CTC(graph.LogSoftmax(logits), labels, frames, o.Blank)
	if o.IgnoreImpossible {
		loss = graph.Where(graph.Lt(loss, graph.Scalar(g, 3e38)), loss, graph.Scalar(g, 0))
	}
	return graph.Mean(graph.Div(loss, graph.Max(graph.Sum(counted(labels), 1), graph.Scalar(g, 1))))
}
