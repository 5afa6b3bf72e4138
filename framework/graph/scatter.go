package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// GatherElements takes one element of x for each of index (int64): along axis at
// the place that index names, along the other axes at its own. Index has x's
// rank and is nowhere longer but along axis; a negative index counts from the
// end. It is PyTorch's gather.
func GatherElements(x, index *Node, axis int) *Node {
	axis = x.axis("GatherElements", axis)
	return Gather(Reshape(x, x.shape.Size()), flatElements("GatherElements", x, index, axis), 0)
}

// flatElements gives the row-major positions in x of the elements that index
// names along axis.
func flatElements(op string, x, index *Node, axis int) *Node {
	if index.dtype != tensor.Int64 || index.Rank() != x.Rank() {
		Fail(op, []*Node{x, index}, "the index must be int64 of the operand's rank")
	}
	for i, d := range index.shape {
		n, ok1 := d.Known()
		length, ok2 := x.shape[i].Known()
		if i != axis && ok1 && ok2 && n > length {
			Fail(op, []*Node{x, index}, "the index is longer than the operand along axis %d", i)
		}
	}
	g := x.Graph()
	var flat *Node
	for i, d := range x.shape {
		at := fromStart(index, d)
		if i != axis {
			at = Reshape(Positions(g, index.shape[i]), along(i, x.Rank(), index.shape[i])...)
		}
		if flat != nil {
			at = Add(Mul(flat, intSize(g, d)), at)
		}
		flat = at
	}
	return Broadcast(flat, index.shape...)
}

// fromStart makes indices that count from the end of an axis of length d count
// from its start.
func fromStart(index *Node, d Dim) *Node {
	return Where(Lt(index, number(index, 0)), Add(index, intSize(index.Graph(), d)), index)
}

// ScatterAdd returns zeros of the given shape with the rows of updates added at
// index (int64 or int32) along the first axis: Embedding's transpose. updates is
// index's shape followed by shape[1:].
func ScatterAdd(index, updates *Node, shape ...Dim) *Node {
	if len(shape) == 0 || !updates.shape.Equal(slices.Concat(index.shape, Shape(shape[1:]))) || updates.dtype != tensor.Float32 {
		Fail("ScatterAdd", []*Node{index, updates}, "the updates do not fit the index and the shape %v", Shape(shape))
	}
	return on("GatherGrad", ShapeAttrs{shape}, updates, index)
}

// scatterInto puts or adds updates at flat positions of x, both as vectors or rows.
func scatterInto(x, flat, updates *Node, add bool) *Node {
	sum := ScatterAdd(flat, updates, x.shape...)
	if !add {
		count := ScatterAdd(flat, Fill(x.Graph(), 1, flat.shape...), x.shape[0])
		free := Reshape(Eq(count, Scalar(x.Graph(), 0)), along(0, x.Rank(), x.shape[0])...)
		x = Where(free, x, Scalar(x.Graph(), 0))
	}
	return Add(x, sum)
}

// ScatterElements returns x with updates, of index's shape, at the places that
// GatherElements would take; PyTorch's scatter. The places must differ. x and
// updates are float32.
func ScatterElements(x, index, updates *Node, axis int) *Node {
	return scatterElements("ScatterElements", x, index, updates, axis, false)
}

// ScatterElementsAdd is ScatterElements that adds to x; places may be equal.
func ScatterElementsAdd(x, index, updates *Node, axis int) *Node {
	return scatterElements("ScatterElementsAdd", x, index, updates, axis, true)
}

func scatterElements(op string, x, index, updates *Node, axis int, add bool) *Node {
	if !updates.shape.Equal(index.shape) {
		Fail(op, []*Node{x, index, updates}, "the updates must have the index's shape")
	}
	flat := flatElements(op, x, index, x.axis(op, axis))
	n := index.shape.Size()
	y := scatterInto(Reshape(x, x.shape.Size()), Reshape(flat, n), Reshape(updates, n), add)
	return Reshape(y, x.shape...)
}
