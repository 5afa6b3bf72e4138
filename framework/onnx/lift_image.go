package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["Conv"] = liftConv
	lifters["MaxPool"] = func(c *lifting) error { return liftPool(c, true) }
	lifters["AveragePool"] = func(c *lifting) error { return liftPool(c, false) }
	lifters["GlobalAveragePool"] = func(c *lifting) error { return liftGlobalPool(c, graph.MeanKeep) }
	lifters["GlobalMaxPool"] = func(c *lifting) error { return liftGlobalPool(c, graph.ReduceMaxKeep) }
	lifters["BatchNormalization"] = liftBatchNorm
	lifters["LayerNormalization"] = liftLayerNorm
}

// window resolves the geometry for an image of two spatial axes.
func (c *lifting) window(size []int) (h, w axisWindow, err error) {
	shape := c.in[0].shape()
	if len(shape) != 4 || len(size) != 2 {
		return h, w, errLift
	}
	attrs := readWindow(c.call)
	axes, err := attrs.resolve(shape[2:], size)
	if err != nil {
		return h, w, err
	}
	for i := range axes { // ceil_mode: padding that makes the last window whole
		a := &axes[i]
		need := (a.out-1)*a.stride + a.dilation*(a.size-1) + 1
		if extra := need - a.in - a.before - a.after; extra > 0 {
			return h, w, errLift
		}
	}
	return axes[0], axes[1], nil
}

func liftConv(c *lifting) error {
	if len(c.in[1].shape()) != 4 {
		return errLift
	}
	h, w, err := c.window(c.in[1].shape()[2:])
	if err != nil {
		return err
	}
	var weights *graph.Node
	if t := c.in[1].fixed; t != nil {
		if t, err = transpose(t, []int64{2, 3, 1, 0}); err != nil {
			return err
		}
		weights = c.g.Const(t)
	} else {
		weights = graph.Transpose(c.arg(1), 2, 3, 1, 0)
	}
	var bias *graph.Node
	if c.has(2) {
		bias = c.arg(2)
	}
	return c.setLast(graph.Conv2D(c.channelsLast(c.in[0]), weights, bias, graph.ConvOptions{
		Strides: [2]int{h.stride, w.stride}, Dilations: [2]int{h.dilation, w.dilation},
		Pads: [4]int{h.before, h.after, w.before, w.after}, Groups: int(c.call.int("group", 1)),
	}))
}

func liftPool(c *lifting, maximum bool) error {
	h, w, err := c.window(convert[int](c.call.ints("kernel_shape")))
	if err != nil {
		return err
	}
	if h.dilation != 1 || w.dilation != 1 || len(c.st.outs) > 1 && c.st.outs[1] >= 0 {
		return errLift
	}
	o := graph.PoolOptions{
		Sizes: [2]int{h.size, w.size}, Strides: [2]int{h.stride, w.stride}, Pads: [4]int{h.before, h.after, w.before, w.after},
		CountPad: c.call.flag("count_include_pad", false),
	}
	if maximum {
		return c.setLast(graph.MaxPool2D(c.channelsLast(c.in[0]), o))
	}
	return c.setLast(graph.AvgPool2D(c.channelsLast(c.in[0]), o))
}

func liftGlobalPool(c *lifting, f func(*graph.Node, ...int) *graph.Node) error {
	if len(c.in[0].shape()) != 4 {
		return errLift
	}
	return c.setLast(f(c.channelsLast(c.in[0]), 1, 2))
}

func liftBatchNorm(c *lifting) error {
	if c.call.trainsBatchNorm() || c.call.version < 9 && !c.call.flag("spatial", true) {
		return errLift
	}
	var v [4][]float32
	for i := range v {
		if t := c.in[1+i].fixed; t != nil && t.DType() == tensor.Float32 {
			v[i] = t.Float32s()
		} else {
			return errLift
		}
	}
	for i := range v {
		if len(v[i]) != len(v[0]) {
			return errLift
		}
	}
	scale, shift := batchNormAffine(v[0], v[1], v[2], v[3], c.call.float("epsilon", 1e-5))
	s, t := tensor.Of(scale, len(scale)), tensor.Of(shift, len(shift))
	shape := c.in[0].shape()
	if len(shape) == 4 {
		return c.setLast(graph.Add(graph.Mul(c.channelsLast(c.in[0]), c.g.Const(s)), c.g.Const(t)))
	}
	for range len(shape) - 2 {
		s, t = s.Reshape(append(s.Shape(), 1)...), t.Reshape(append(t.Shape(), 1)...)
	}
	return c.set(graph.Add(graph.Mul(c.arg(0), c.g.Const(s)), c.g.Const(t)))
}

func liftLayerNorm(c *lifting) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", -1), x.Rank())
	if err != nil {
		return err
	}
	if !c.has(2) {
		return errLift
	}
	flat := graph.Flatten(x, axis)
	y := graph.LayerNorm(flat, graph.Reshape(c.arg(1), graph.Const(-1)), graph.Reshape(c.arg(2), graph.Const(-1)), c.call.float("epsilon", 1e-5))
	return c.set(graph.Reshape(y, x.Shape()...))
}
