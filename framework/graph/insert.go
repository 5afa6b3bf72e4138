package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Insert overwrites v at positions at, at+1, ... along axis with x, which has
// v's shape but for that axis, and returns v's new value. at is int64 [1]; what
// lies outside of v is an error of Run. Only x is written, in place, so that a
// cache of keys costs no copy of itself. It has no gradient.
func Insert(v *Variable, x, at *Node, axis int) *Node {
	g := x.Graph()
	old := g.Var(v)
	axis = old.axis("Insert", axis)
	in := []*Node{old, x, at}
	if x.dtype != v.dtype || x.Rank() != old.Rank() || at.dtype != tensor.Int64 || !at.shape.Equal(Ints(1)) {
		Fail("Insert", in, "the operands must be of one type and rank, the position int64[1]")
	}
	for i, d := range x.shape {
		if i != axis && !d.Equal(old.shape[i]) {
			Fail("Insert", in, "the operands differ along axis %d", i)
		}
	}
	y := on("Update", updateAttrs{&chip.Insert{Axis: axis}, []int{0}}, in...)
	g.Assign(v, y)
	return y
}
