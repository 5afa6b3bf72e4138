package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for name, f := range map[string]func(*graph.Node, ...int) *graph.Node{
		"ReduceSum": graph.Sum, "ReduceMean": graph.Mean, "ReduceMax": graph.ReduceMax, "ReduceMin": graph.ReduceMin, "ReduceProd": graph.ReduceProd,
		"ReduceL1": graph.L1Norm, "ReduceL2": graph.L2Norm, "ReduceLogSumExp": graph.LogSumExp,
		"ReduceLogSum":    func(x *graph.Node, axes ...int) *graph.Node { return graph.Log(graph.Sum(x, axes...)) },
		"ReduceSumSquare": func(x *graph.Node, axes ...int) *graph.Node { return graph.Sum(graph.Square(x), axes...) },
	} {
		lifters[name], floatOnly[name] = func(c *lifting) error { return liftReduce(c, f) }, true
	}
}

// liftReduce traces a reduction by f, whose axes vanish.
func liftReduce(c *lifting, f func(*graph.Node, ...int) *graph.Node) error {
	raw, err := c.vals(1)
	if err != nil {
		return err
	}
	if !c.has(1) {
		raw = c.call.ints("axes")
	}
	shape := c.in[0].shape()
	axes, err := axesOf(raw, len(shape))
	if err != nil {
		return err
	}
	if len(axes) == 0 {
		if c.call.flag("noop_with_empty_axes", false) {
			return c.set(f(graph.Unsqueeze(c.arg(0), -1), -1)) // of each element alone
		}
		axes = axesFrom(0, len(shape))
	}
	kept := c.call.flag("keepdims", true)
	if c.in[0].isImage() && slices.Equal(axes, []int{2, 3}) {
		y := f(c.channelsLast(c.in[0]), 1, 2)
		if kept {
			return c.setLast(graph.Unsqueeze(y, 1, 2))
		}
		return c.set(y)
	}
	y := f(c.arg(0), axes...)
	if kept {
		y = graph.Unsqueeze(y, axes...)
	}
	return c.set(y)
}
