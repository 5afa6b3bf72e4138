package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Embedding looks up learned vectors by number.
type Embedding struct {
	Table *graph.Variable // [n, d]
}

// NewEmbedding makes n vectors of length d, drawn from N(0, 0.02²) truncated.
func NewEmbedding(p *Params, n, d int) *Embedding {
	return NewEmbeddingWith(p, n, d, TruncatedNormal(0.02))
}

// NewEmbeddingWith is NewEmbedding with another initialiser.
func NewEmbeddingWith(p *Params, n, d int, init Initialiser) *Embedding {
	return &Embedding{Table: p.Weight("table", init, n, d)}
}

// Forward maps ids int64 [...] to [..., d].
func (e *Embedding) Forward(ids *graph.Node) *graph.Node {
	return graph.Embedding(ids.Graph().Var(e.Table), ids)
}
