package onnx

import "github.com/macaw-ai/macaw/framework/graph"

// reductions of a scatter that go one update after the other.
var reductions = map[string]func(a, b *graph.Node) *graph.Node{"mul": graph.Mul, "max": graph.Max, "min": graph.Min}

// maxScattered bounds the updates that are traced one by one, as their places may
// be the same.
const maxScattered = 256

// reduceElements combines, for one position of the index along axis after the
// other, for which all places differ.
func (c *lifting) reduceElements(f func(a, b *graph.Node) *graph.Node, axis int) error {
	x, index, updates := c.arg(0), c.arg(1), c.arg(2)
	axis, err := axisOf(int64(axis), x.Rank())
	if err != nil {
		return err
	}
	n, ok := index.Dim(axis).Known()
	if !ok || n > maxScattered {
		return noForm("%v updates one after the other", index.Dim(axis))
	}
	for i := range n {
		at := graph.Slice(index, axis, i, i+1)
		v := f(graph.GatherElements(x, at, axis), graph.Slice(updates, axis, i, i+1))
		x = graph.ScatterElements(x, at, v, axis, false)
	}
	return c.set(x)
}

// reduceRows combines one row of the index after the other.
func (c *lifting) reduceRows(f func(a, b *graph.Node) *graph.Node) error {
	x, index := c.arg(0), c.arg(1)
	rank := index.Rank() - 1
	n, ok := index.Shape()[:rank].Size().Known()
	if !ok || n > maxScattered {
		return noForm("%v updates one after the other", index.Shape())
	}
	index = graph.Reshape(index, graph.Const(n), index.Dim(-1))
	updates := c.arg(2)
	updates = graph.Reshape(updates, append(graph.Shape{graph.Const(n)}, updates.Shape()[rank:]...)...)
	for i := range n {
		at := graph.Slice(index, 0, i, i+1)
		x = graph.ScatterND(x, at, f(graph.GatherND(x, at, 0), graph.Slice(updates, 0, i, i+1)), false)
	}
	return c.set(x)
}
