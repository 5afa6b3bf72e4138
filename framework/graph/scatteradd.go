package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// ScatterAdd returns zeros of the given shape with the rows of updates (float32)
// added at index (int64 or int32) along the first axis: Embedding's transpose.
// updates is index's shape followed by shape[1:].
func ScatterAdd(index, updates *Node, shape ...Dim) *Node {
	if len(shape) == 0 || !updates.shape.Equal(slices.Concat(index.shape, Shape(shape[1:]))) || updates.dtype != tensor.Float32 {
		Fail("ScatterAdd", []*Node{index, updates}, "the updates do not fit the index and the shape %v", Shape(shape))
	}
	return scatterRows(shape, index, updates)
}
