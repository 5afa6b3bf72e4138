package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TopKAttrs are the attributes of "TopK".
type TopKAttrs struct {
	K        Dim
	Smallest bool
}

var _ = register(operator{
	name: "TopK",
	shape: func(c *call) []Type {
		x, k := c.in[0], c.attrs.(TopKAttrs).K
		if x.dtype != tensor.Float32 && x.dtype != tensor.Int64 || x.Rank() == 0 {
			c.fail("the operand must be float32 or int64 and have an axis")
		}
		if room, ok := x.Dim(-1).Sub(k).Known(); ok && room < 0 {
			c.fail("an axis of %v has no %v elements", x.Dim(-1), k)
		}
		return one(tensor.Int64, append(append(Shape(nil), x.shape[:x.Rank()-1]...), k)...)
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.TopK{Smallest: c.attrs.(TopKAttrs).Smallest}, in, b.types(c)...)
	},
})

// TopK returns the k largest elements along axis, the largest first, or with
// smallest the smallest, and their positions (int64); of equal ones the first comes
// first. Gradients flow to the elements that are taken.
func TopK(x *Node, k Dim, axis int, smallest bool) (values, positions *Node) {
	axis = x.axis("TopK", axis)
	positions = overLast(x, axis, func(x *Node) *Node { return on("TopK", TopKAttrs{k, smallest}, x) })
	return GatherElements(x, positions, axis), positions
}

// Sort returns the elements along axis in ascending order, or descending, and
// where they were.
func Sort(x *Node, axis int, descending bool) (values, positions *Node) {
	return TopK(x, x.Dim(axis), axis, !descending)
}

// overLast applies f with axis swapped to the end.
func overLast(x *Node, axis int, f func(*Node) *Node) *Node {
	last := x.Rank() - 1
	if axis == last {
		return f(x)
	}
	perm := make([]int, x.Rank())
	for i := range perm {
		perm[i] = i
	}
	perm[axis], perm[last] = last, axis
	return Transpose(f(Transpose(x, perm...)), perm...)
}
