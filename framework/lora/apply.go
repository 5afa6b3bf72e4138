package lora

import "github.com/macaw-ai/macaw/framework/graph"

// Apply returns outputs with every adapted weight W read as W + (Alpha/Rank)·A·B.
// It comes after the trace of the model and before losses' gradients.
//
// Linear layers and embeddings compute x·W + (Alpha/Rank)·(x·A)·B instead, which
// needs neither the product A·B nor the gradient of all of W.
func (l *Adapters) Apply(outputs ...*graph.Node) []*graph.Node {
	return graph.Rewrite(l.replace, outputs...)
}

func (l *Adapters) replace(n *graph.Node, in []*graph.Node) *graph.Node {
	switch op := n.Op(); op.Name {
	case "Var":
		if d := l.of[op.Attrs.(graph.VarAttrs).Variable]; d != nil {
			return graph.Add(n, graph.Reshape(l.product(n.Graph().Var(d.a), d), n.Shape()...))
		}
	case "Linear":
		if d := l.adapted(n.Inputs()[1]); d != nil {
			var bias *graph.Node
			if len(in) > 2 {
				bias = in[2]
			}
			low := graph.Linear(in[0], n.Graph().Var(d.a), nil)
			return graph.Add(graph.Linear(in[0], n.Inputs()[1], bias), l.product(low, d))
		}
	case "Gather":
		if d := l.adapted(n.Inputs()[0]); d != nil && op.Attrs.(graph.GatherAttrs).Axis == 0 && n.Inputs()[0].Rank() == 2 {
			low := graph.Embedding(n.Graph().Var(d.a), in[1])
			return graph.Add(graph.Embedding(n.Inputs()[0], in[1]), l.product(low, d))
		}
	}
	return nil
}

// adapted returns the adapter of the variable that n reads as it is, or nil.
func (l *Adapters) adapted(n *graph.Node) *adapter {
	if a, ok := n.Op().Attrs.(graph.VarAttrs); ok {
		return l.of[a.Variable]
	}
	return nil
}

// product returns (Alpha/Rank)·x·B for x [..., Rank].
func (l *Adapters) product(x *graph.Node, d *adapter) *graph.Node {
	return graph.MulScalar(graph.MatMul(x, x.Graph().Var(d.b)), l.scale())
}
