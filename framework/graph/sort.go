package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ArgSortAttrs are the attributes of "ArgSort".
type ArgSortAttrs struct {
	Length     Dim // how many positions of each row
	Descending bool
}

var _ = register(operator{
	name: "ArgSort",
	shape: func(c *call) []Type {
		x, n := c.in[0], c.attrs.(ArgSortAttrs).Length
		if x.dtype != tensor.Float32 && x.dtype != tensor.Int64 {
			c.fail("%v is not sorted; use Cast", x.dtype)
		}
		k, ok1 := n.Known()
		length, ok2 := x.Dim(-1).Known()
		if ok1 && k < 0 || ok1 && ok2 && k > length {
			c.fail("there are no %d elements along the axis", k)
		}
		out := slices.Clone(x.shape)
		out[len(out)-1] = n
		return one(tensor.Int64, out...)
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.ArgSort{Descending: c.attrs.(ArgSortAttrs).Descending}, in, b.types(c)...)
	},
})

// ArgSort returns the positions (int64) that sort x, float32 or int64, along
// axis. Equal elements keep their order; NaN comes last.
func ArgSort(x *Node, axis int, descending bool) *Node {
	axis = x.axis("ArgSort", axis)
	return argSort(x, axis, x.shape[axis], descending)
}

func argSort(x *Node, axis int, n Dim, descending bool) *Node {
	last := x.Rank() - 1
	return moveAxis(on("ArgSort", ArgSortAttrs{n, descending}, moveAxis(x, axis, last)), last, axis)
}

// Sort sorts x along axis and returns the values, through which gradients flow,
// and their positions (int64).
func Sort(x *Node, axis int, descending bool) (sorted, index *Node) {
	index = ArgSort(x, axis, descending)
	return GatherElements(x, index, axis), index
}

// TopK returns the k largest elements of x along axis, largest first, and their
// positions (int64); of equal elements those that come first. Gradients flow
// through the values.
func TopK(x *Node, k, axis int) (top, index *Node) {
	index = argSort(x, x.axis("TopK", axis), Const(k), true)
	return GatherElements(x, index, axis), index
}
