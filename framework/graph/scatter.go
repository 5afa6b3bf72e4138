package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// WrapIndex adds n to the negative elements of index (int64 or int32), which
// count from the end of an axis of n; the result is int64.
func WrapIndex(index *Node, n Dim) *Node {
	if index.dtype != tensor.Int64 && index.dtype != tensor.Int32 {
		Fail("WrapIndex", []*Node{index}, "an index is int64 or int32")
	}
	g := index.Graph()
	index = Cast(index, tensor.Int64)
	return Where(Lt(index, g.Const(tensor.Scalar(int64(0)))), Add(index, IntSize(g, n)), index)
}

// flatElements gives the positions in an array of the given shape, flattened, of
// the elements that index means along axis.
func flatElements(shape Shape, index *Node, axis int) *Node {
	g := index.Graph()
	flat := Mul(WrapIndex(index, shape[axis]), IntSize(g, shape[axis+1:].Size()))
	for i := range shape {
		if i != axis {
			flat = Add(flat, Mul(PositionsAlong(g, index.Dim(i), i, len(shape)), IntSize(g, shape[i+1:].Size())))
		}
	}
	return flat
}

// GatherElements takes, for each element of index (int64 or int32, of x's rank),
// the element of x at the same place but for axis, where index says; the result
// has index's shape. A negative index counts from the end, one outside of x may
// give any element or be an error of Run.
func GatherElements(x, index *Node, axis int) *Node {
	axis = x.axis("GatherElements", axis)
	if index.Rank() != x.Rank() {
		Fail("GatherElements", []*Node{x, index}, "the index must have as many axes as the first operand")
	}
	return Gather(Reshape(x, Const(-1)), flatElements(x.shape, index, axis), 0)
}

// flatRows gives the rows of x, its first batch+k axes flattened, that an index
// [batch..., ..., k] means, and batch+k.
func flatRows(op string, x, index *Node, batch int) (rows *Node, n int) {
	g, shape := index.Graph(), x.shape
	k, ok := 0, false
	if index.Rank() > 0 {
		k, ok = index.Dim(-1).Known()
	}
	if !ok || k < 1 || batch < 0 || batch+k > len(shape) || index.Rank() <= batch {
		Fail(op, []*Node{x, index}, "the last axis of the index must hold 1 to %d positions", len(shape)-batch)
	}
	rank := index.Rank() - 1
	for j := range k {
		part := WrapIndex(Squeeze(Slice(index, -1, j, j+1), -1), shape[batch+j])
		part = Mul(part, IntSize(g, shape[batch+j+1:batch+k].Size()))
		if rows == nil {
			rows = part
		} else {
			rows = Add(rows, part)
		}
	}
	for i := range batch {
		rows = Add(rows, Mul(PositionsAlong(g, shape[i], i, rank), IntSize(g, shape[i+1:batch+k].Size())))
	}
	return rows, batch + k
}

// asRows joins the first n axes of x.
func asRows(x *Node, n int) *Node {
	return Reshape(x, append(Shape{x.shape[:n].Size()}, x.shape[n:]...)...)
}

// GatherND takes the parts of x that index [..., k] (int64 or int32) names by the
// positions along its first k axes, behind batch leading axes that both share: the
// result is index's shape without k, then what is left of x's.
func GatherND(x, index *Node, batch int) *Node {
	rows, n := flatRows("GatherND", x, index, batch)
	return Gather(asRows(x, n), rows, 0)
}

// scatterRows adds the rows of updates to zeros of shape [n, ...] at index.
func scatterRows(shape Shape, index, updates *Node) *Node {
	return on("GatherGrad", ShapeAttrs{shape}, updates, index)
}

// scattered puts updates into x, whose first axis index addresses, or adds them.
func scattered(x, index, updates *Node, add bool) *Node {
	sum := scatterRows(x.shape, index, updates)
	if add {
		return Add(x, sum)
	}
	ones := append(slices.Clone(index.shape), slices.Repeat(Shape{Const(1)}, x.Rank()-1)...)
	marks := append(Shape{x.shape[0]}, slices.Repeat(Shape{Const(1)}, x.Rank()-1)...)
	hit := scatterRows(marks, index, Fill(x.Graph(), 1, ones...))
	return Where(Gt(hit, Scalar(x.Graph(), 0)), sum, x)
}

// ScatterElements returns x with updates (of index's shape) in the places where
// GatherElements would find them, or with add, added to what is there. Without
// add, places must not repeat.
func ScatterElements(x, index, updates *Node, axis int, add bool) *Node {
	axis = x.axis("ScatterElements", axis)
	if index.Rank() != x.Rank() || !index.shape.Equal(updates.shape) {
		Fail("ScatterElements", []*Node{x, index, updates}, "the index and the updates must have one shape, and as many axes as the first operand")
	}
	flat := Reshape(flatElements(x.shape, index, axis), Const(-1))
	return Reshape(scattered(Reshape(x, Const(-1)), flat, Reshape(updates, Const(-1)), add), x.shape...)
}

// ScatterND returns x with updates in the places where GatherND would find them,
// or with add, added to what is there. Without add, places must not repeat.
func ScatterND(x, index, updates *Node, add bool) *Node {
	rows, n := flatRows("ScatterND", x, index, 0)
	flat := Reshape(rows, Const(-1))
	parts := Reshape(updates, append(Shape{rows.shape.Size()}, x.shape[n:]...)...)
	return Reshape(scattered(asRows(x, n), flat, parts, add), x.shape...)
}
