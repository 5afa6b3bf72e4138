package nn

import "github.com/macaw-ai/macaw/framework/graph"

// MultiHeadAttention lets every position of a sequence gather from others.
// Source: Vaswani et al. 2017, arXiv:1706.03762, §3.2.
type MultiHeadAttention struct {
	Query, Output *Linear // [d, d]
	Key, Value    *Linear // [d, d·KeyValueHeads/heads]
	queryHeads    int
	options       AttentionOptions
}

// AttentionOptions configure NewMultiHeadAttention. The zero value attends in
// both directions, with biases and without positions.
type AttentionOptions struct {
	Causal  bool    // a position sees itself and those before it
	Dropout float32 // of the attention weights, in training
	// KeyValueHeads, which divide the heads, are shared by groups of query
	// heads; 0 means as many as heads. Source: Ainslie et al. 2023, arXiv:2305.13245.
	KeyValueHeads int
	Rotary        *graph.RotaryOptions // turns queries and keys by their position; nil means not
	NoBias        bool
	Init          Initialiser // of all weights; nil means GlorotUniform
	OutputInit    Initialiser // of the output's weight; nil means Init
}

// NewMultiHeadAttention makes a layer of width d; heads must divide d.
func NewMultiHeadAttention(p *Params, d, heads int, o AttentionOptions) *MultiHeadAttention {
	if heads < 1 || d%heads != 0 {
		graph.Fail("MultiHeadAttention", nil, "%d heads do not divide the width %d", heads, d)
	}
	if o.KeyValueHeads == 0 {
		o.KeyValueHeads = heads
	}
	if o.KeyValueHeads < 1 || heads%o.KeyValueHeads != 0 {
		graph.Fail("MultiHeadAttention", nil, "%d key and value heads do not divide %d heads", o.KeyValueHeads, heads)
	}
	if o.Init == nil {
		o.Init = GlorotUniform
	}
	if o.OutputInit == nil {
		o.OutputInit = o.Init
	}
	part := func(name string, out int, init Initialiser) *Linear {
		return NewLinearWith(p.Sub(name), d, out, LinearOptions{Init: init, NoBias: o.NoBias})
	}
	shared := d / heads * o.KeyValueHeads
	return &MultiHeadAttention{Query: part("query", d, o.Init), Key: part("key", shared, o.Init),
		Value: part("value", shared, o.Init), Output: part("output", d, o.OutputInit), queryHeads: heads, options: o}
}

// Forward attends within x [N,T,d]. mask, which may be nil, is Bool or float32
// [N,T] with 1 at positions to attend to and 0 at padding.
func (a *MultiHeadAttention) Forward(x, mask *graph.Node) *graph.Node {
	return a.attend(x, x, mask, a.options.Causal)
}

// Cross attends from x [N,T,d] to memory [N,S,d], whose mask, which may be nil,
// is Bool or float32 [N,S]. Causal and Rotary do not apply.
func (a *MultiHeadAttention) Cross(x, memory, mask *graph.Node) *graph.Node {
	if a.options.Rotary != nil {
		graph.Fail("MultiHeadAttention", []*graph.Node{x, memory}, "rotary positions are of one sequence")
	}
	return a.attend(x, memory, mask, false)
}

func (a *MultiHeadAttention) attend(x, memory, mask *graph.Node, causal bool) *graph.Node {
	a.check(x, memory)
	o := graph.AttentionOptions{Causal: causal, Dropout: a.options.Dropout}
	if mask == nil && a.options.Rotary == nil { // the heads stay where the products put them
		o.TimeFirst = true
		y := graph.Attention(a.heads(a.Query.Forward(x), a.queryHeads), a.heads(a.Key.Forward(memory), a.options.KeyValueHeads), a.heads(a.Value.Forward(memory), a.options.KeyValueHeads), o)
		return a.Output.Forward(a.together(y))
	}
	q, k, v := a.project(x, memory, graph.Positions(x.Graph(), x.Dim(1)))
	if mask != nil {
		o.Mask = graph.Reshape(mask, mask.Dim(0), graph.Const(1), graph.Const(1), mask.Dim(1))
	}
	return a.join(graph.Attention(q, k, v, o))
}

func (a *MultiHeadAttention) check(xs ...*graph.Node) {
	for _, x := range xs {
		if x.Rank() != 3 {
			graph.Fail("MultiHeadAttention", xs, "the operands must be [N T d]")
		}
	}
}

// project makes queries of x, and keys and values of memory, whose positions are at.
func (a *MultiHeadAttention) project(x, memory, at *graph.Node) (q, k, v *graph.Node) {
	q = a.split(a.Query.Forward(x), a.queryHeads)
	k = a.split(a.Key.Forward(memory), a.options.KeyValueHeads)
	v = a.split(a.Value.Forward(memory), a.options.KeyValueHeads)
	if a.options.Rotary != nil {
		q, k = graph.Rotary(q, at, *a.options.Rotary), graph.Rotary(k, at, *a.options.Rotary)
	}
	return q, k, v
}

// heads cuts the features: [N,T,heads·D] to [N,T,heads,D].
func (a *MultiHeadAttention) heads(x *graph.Node, heads int) *graph.Node {
	return graph.Reshape(x, x.Dim(0), x.Dim(1), graph.Const(heads), x.Dim(2).Div(graph.Const(heads)))
}

// split puts the heads first: [N,T,heads·D] to [N,heads,T,D].
func (a *MultiHeadAttention) split(x *graph.Node, heads int) *graph.Node {
	return graph.Transpose(a.heads(x, heads), 0, 2, 1, 3)
}

// together undoes heads.
func (a *MultiHeadAttention) together(y *graph.Node) *graph.Node {
	return graph.Reshape(y, y.Dim(0), y.Dim(1), y.Dim(2).Mul(y.Dim(3)))
}

// join undoes split and applies the output layer.
func (a *MultiHeadAttention) join(y *graph.Node) *graph.Node {
	return a.Output.Forward(a.together(graph.Transpose(y, 0, 2, 1, 3)))
}
