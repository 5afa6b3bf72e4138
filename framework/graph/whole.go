package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// SizeInt returns a dimension as an int64 scalar; see Size.
func SizeInt(g *Graph, d Dim) *Node { return intDim(g, d) }

// WrapIndex adds n to the negative elements of index (int64 or int32), which
// count from the end of an axis of n; the result is int64.
func WrapIndex(index *Node, n Dim) *Node {
	if index.dtype != tensor.Int64 && index.dtype != tensor.Int32 {
		Fail("WrapIndex", []*Node{index}, "an index is int64 or int32")
	}
	return wrapped(index, n)
}
