package graph

import (
	"slices"

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

// PositionsAlong returns 0, 1, ... length-1 as int64 along an axis of an array of
// the given rank whose other axes have length 1.
func PositionsAlong(g *Graph, length Dim, axis, rank int) *Node {
	return Reshape(Positions(g, length), along(axis, rank, length)...)
}

// along is a shape of ones but for d at axis.
func along(axis, rank int, d Dim) Shape {
	s := slices.Repeat(Shape{Const(1)}, rank)
	s[axis] = d
	return s
}
