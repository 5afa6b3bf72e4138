package graph

import (
	"github.com/macaw-ai/macaw/framework/tensor"
)

// PositionsAttrs are the attributes of "Positions".
type PositionsAttrs struct{ Length Dim }

var _ = register(operator{
	name:  "Positions",
	shape: func(c *call) []Type { return one(tensor.Int64, c.attrs.(PositionsAttrs).Length) },
	lower: func(b *builder, c *call, _ []value) []value {
		t := tensor.New(tensor.Int64, b.dim(c.attrs.(PositionsAttrs).Length))
		for i := range t.Int64s() {
			t.Int64s()[i] = int64(i)
		}
		return []value{b.constant(t)}
	},
})

// Positions returns 0, 1, ... length-1 as int64.
func Positions(g *Graph, length Dim) *Node {
	return apply("Positions", g, PositionsAttrs{length})
}
