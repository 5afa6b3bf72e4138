package nn

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// KeyValueCache keeps the keys and values of the positions that a causal
// attention layer has seen, so that generating a token computes that token alone.
type KeyValueCache struct {
	Key, Value *graph.Variable // [N, KeyValueHeads, capacity, D]
}

// NewCache makes an empty cache for n sequences of up to capacity positions.
// Its variables belong to no Params: they are the state of one generation.
func (a *MultiHeadAttention) NewCache(n, capacity int) *KeyValueCache {
	heads := a.options.KeyValueHeads
	size := a.Key.Weight.Shape()[1] / heads
	empty := func(name string) *graph.Variable {
		return graph.NewVariable(name, tensor.New(tensor.Float32, n, heads, capacity, size), false)
	}
	return &KeyValueCache{Key: empty("cache/key"), Value: empty("cache/value")}
}

// Extend is Forward for x [N,T,d] that continues the sequences in cache: first,
// int64 [1], is the position of x's first element, which the run must follow
// with the next. Positions from first on are overwritten, so a generation starts
// anew at 0. A run that goes beyond the capacity fails.
func (a *MultiHeadAttention) Extend(x *graph.Node, cache *KeyValueCache, first *graph.Node) *graph.Node {
	a.check(x)
	if !a.options.Causal {
		graph.Fail("MultiHeadAttention", []*graph.Node{x}, "only causal attention can be continued")
	}
	q, k, v := a.project(x, x, graph.Add(graph.Positions(x.Graph(), x.Dim(1)), first))
	k, v = graph.Insert(cache.Key, k, first, 2), graph.Insert(cache.Value, v, first, 2)
	return a.join(graph.Attention(q, k, v, graph.AttentionOptions{Causal: true, First: first, Dropout: a.options.Dropout}))
}
