package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// GatherND takes from x the parts that the vectors along the last axis of index
// (int64 [..., K]) name by their first K axes: the result is index's shape
// without the last axis, followed by x.shape[K:]. A negative index counts from
// the end.
func GatherND(x, index *Node) *Node {
	rows, flat, k := flatVectors("GatherND", x, index)
	return Reshape(Gather(rows, flat, 0), slices.Concat(index.shape[:index.Rank()-1], x.shape[k:])...)
}

// ScatterND returns x with updates at the places that GatherND would take, which
// must differ. x and updates are float32.
func ScatterND(x, index, updates *Node) *Node {
	return scatterND("ScatterND", x, index, updates, false)
}

// ScatterNDAdd is ScatterND that adds to x; places may be equal.
func ScatterNDAdd(x, index, updates *Node) *Node {
	return scatterND("ScatterNDAdd", x, index, updates, true)
}

func scatterND(op string, x, index, updates *Node, add bool) *Node {
	rows, flat, k := flatVectors(op, x, index)
	if want := slices.Concat(index.shape[:index.Rank()-1], x.shape[k:]); !updates.shape.Equal(want) {
		Fail(op, []*Node{x, index, updates}, "the updates must be %v", want)
	}
	y := scatterInto(rows, flat, Reshape(updates, flat.shape[0], rows.shape[1]), add)
	return Reshape(y, x.shape...)
}

// flatVectors makes x a matrix of the parts that index names, [Π first K axes,
// Π others], and index the vector of their rows.
func flatVectors(op string, x, index *Node) (rows, flat *Node, k int) {
	if index.dtype != tensor.Int64 || index.Rank() < 1 {
		Fail(op, []*Node{x, index}, "the index must be int64 [..., K]")
	}
	k, ok := index.Dim(-1).Known()
	if !ok || k < 1 || k > x.Rank() {
		Fail(op, []*Node{x, index}, "the index' last axis must be a constant from 1 to %d", x.Rank())
	}
	for i := range k {
		at := fromStart(Squeeze(Slice(index, -1, i, i+1), -1), x.shape[i])
		if flat != nil {
			at = Add(Mul(flat, intSize(x.Graph(), x.shape[i])), at)
		}
		flat = at
	}
	rows = Reshape(x, x.shape[:k].Size(), x.shape[k:].Size())
	return rows, Reshape(flat, flat.shape.Size()), k
}
