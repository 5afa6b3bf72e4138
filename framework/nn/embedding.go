package nn

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Embedding looks up learned vectors by number.
type Embedding struct {
	Table   *graph.Variable // [n, d]
	padding *int
}

// NewEmbedding makes n vectors of length d, drawn from N(0, 0.02²) truncated.
func NewEmbedding(p *Params, n, d int) *Embedding {
	return NewEmbeddingWith(p, n, d, TruncatedNormal(0.02))
}

// NewEmbeddingWith is NewEmbedding with another initialiser.
func NewEmbeddingWith(p *Params, n, d int, init Initialiser) *Embedding {
	return &Embedding{Table: p.Weight("table", init, n, d)}
}

// Padding makes number i stand for padding: its vector is zero and not
// trained. It returns e.
func (e *Embedding) Padding(i int) *Embedding {
	e.padding = &i
	return e
}

// Forward maps ids int64 [...] to [..., d].
func (e *Embedding) Forward(ids *graph.Node) *graph.Node {
	x := graph.Embedding(ids.Graph().Var(e.Table), ids)
	if e.padding == nil {
		return x
	}
	kept := graph.Ne(ids, ids.Graph().Const(tensor.Scalar(int64(*e.padding))))
	return graph.Mul(x, graph.Unsqueeze(graph.Cast(kept, tensor.Float32), -1))
}
