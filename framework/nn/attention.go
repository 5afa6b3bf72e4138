package nn

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// MultiHeadAttention lets every position of a sequence gather from the others.
// Source: Vaswani et al. 2017, arXiv:1706.03762, §3.2.
type MultiHeadAttention struct {
	Query, Key, Value, Output *Linear // [d, d] each
	heads                     int
	options                   AttentionOptions
}

// AttentionOptions configure NewMultiHeadAttention.
type AttentionOptions struct {
	Causal  bool    // a position sees itself and those before it
	Dropout float32 // of the attention weights, in training
}

// NewMultiHeadAttention makes a layer of width d; heads must divide d.
func NewMultiHeadAttention(p *Params, d, heads int, o AttentionOptions) *MultiHeadAttention {
	if heads < 1 || d%heads != 0 {
		graph.Fail("MultiHeadAttention", nil, "%d heads do not divide the width %d", heads, d)
	}
	part := func(name string) *Linear {
		return NewLinearWith(p.Sub(name), d, d, LinearOptions{Init: GlorotUniform})
	}
	return &MultiHeadAttention{Query: part("query"), Key: part("key"), Value: part("value"), Output: part("output"), heads: heads, options: o}
}

// Forward attends within x [N,T,d]. mask, which may be nil, is float32 [N,T]
// with 1 at positions to attend to and 0 at padding.
func (a *MultiHeadAttention) Forward(x, mask *graph.Node) *graph.Node {
	if x.Rank() != 3 {
		graph.Fail("MultiHeadAttention", []*graph.Node{x}, "the operand must be [N T d]")
	}
	g, n, t, d := x.Graph(), x.Dim(0), x.Dim(1), x.Dim(2)
	q, k, v := a.split(a.Query.Forward(x)), a.split(a.Key.Forward(x)), a.split(a.Value.Forward(x))
	size, _ := q.Dim(-1).Known()
	scores := graph.MulScalar(graph.MatMulT(q, k, false, true), float32(1/math.Sqrt(float64(size))))
	const far = -1e9 // exp(far) is 0 in float32
	if mask != nil {
		keep := graph.Reshape(mask, n, graph.Const(1), graph.Const(1), t)
		scores = graph.Add(scores, graph.MulScalar(graph.Sub(graph.Scalar(g, 1), keep), far))
	}
	if a.options.Causal {
		at := graph.Positions(g, t)
		later := graph.Gt(graph.Unsqueeze(at, 0), graph.Unsqueeze(at, 1))
		scores = graph.Add(scores, graph.MulScalar(graph.Cast(later, tensor.Float32), far))
	}
	weights := graph.Dropout(graph.Softmax(scores), a.options.Dropout)
	y := graph.Transpose(graph.MatMul(weights, v), 0, 2, 1, 3)
	return a.Output.Forward(graph.Reshape(y, n, t, d))
}

// split makes heads of the features: [N,T,d] to [N,heads,T,d/heads].
func (a *MultiHeadAttention) split(x *graph.Node) *graph.Node {
	y := graph.Reshape(x, x.Dim(0), x.Dim(1), graph.Const(a.heads), x.Dim(2).Div(graph.Const(a.heads)))
	return graph.Transpose(y, 0, 2, 1, 3)
}
