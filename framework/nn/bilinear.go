package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Bilinear is y_k = a·W_k·b + bias_k.
type Bilinear struct {
	Weight *graph.Variable // [in1, in2, out]
	Bias   *graph.Variable // [out]
}

// NewBilinear makes a layer from pairs of vectors of lengths in1 and in2.
func NewBilinear(p *Params, in1, in2, out int) *Bilinear {
	return &Bilinear{Weight: p.Weight("weight", LeCunUniform, in1, in2, out), Bias: p.Weight("bias", Zeros, out)}
}

// Forward maps a [N,in1] and b [N,in2] to [N,out].
func (l *Bilinear) Forward(a, b *graph.Node) *graph.Node {
	g := a.Graph()
	return graph.Add(graph.Einsum("ni,ijk,nj->nk", a, g.Var(l.Weight), b), g.Var(l.Bias))
}
