package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// cropAndResize resizes a known region; positions outside of the image hold the
// extrapolation value.
func (c *lifting) cropAndResize(a resizeAttrs, shape []int, to graph.Shape) error {
	scales, sizes, err := c.resizeInputs()
	if err != nil {
		return err
	}
	t, err := a.target(shape, scales, sizes)
	if err != nil {
		return err
	}
	if err := t.crop(c.in[1].fixed); err != nil {
		return err
	}
	x := c.arg(0)
	inside := c.g.Const(tensor.Scalar(true))
	for _, i := range t.order() {
		m := t.sizes[i]
		part := tensor.Of([]float32{float32(t.roi[i][0]), 0, float32(t.roi[i][1]), 1}, 4)
		w, err := c.resizeMatrix(shape[i], m, t.scales[i], part)
		if err != nil {
			return err
		}
		x = weighted(x, i, w)
		along := make([]int, x.Rank())
		for j := range along {
			along[j] = 1
		}
		along[i] = m
		in := tensor.New(tensor.Bool, along...)
		for row := range m {
			for _, v := range w.Float32s()[row*shape[i] : (row+1)*shape[i]] {
				tensor.Values[bool](in)[row] = tensor.Values[bool](in)[row] || v != 0
			}
		}
		inside = graph.And(inside, c.g.Const(in))
	}
	return c.set(graph.Where(inside, x, graph.Scalar(c.g, a.extrapolation)))
}
