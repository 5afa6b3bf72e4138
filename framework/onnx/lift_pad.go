package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var padModes = map[string]graph.PadMode{"reflect": graph.PadReflect, "edge": graph.PadEdge, "wrap": graph.PadWrap}

func liftPad(c *lifting) error {
	rank := c.in[0].rank()
	pads, fill := c.call.padsAttr(), float64(c.call.float("value", 0))
	if c.in[0].dtype() != tensor.Float32 {
		return noForm("padding of %v", c.in[0].dtype())
	}
	var axes *tensor.Tensor
	var value *graph.Node // that is computed
	if c.has(1) {
		var err error
		if pads, err = c.vals(1); err != nil {
			return err
		}
		if c.has(3) && c.in[3].fixed == nil {
			return noForm("its axes depend on values")
		}
		if c.has(2) && c.in[2].shape().Size().Is(1) {
			if t := c.in[2].fixed; t != nil {
				fill = float64(t.Float32s()[0])
			} else {
				value = graph.Reshape(c.arg(2))
			}
		}
		if c.has(3) {
			axes = c.in[3].fixed
		}
	}
	before, after, err := padAmounts(rank, pads, axes)
	if err != nil {
		return err
	}
	cut := slices.Min(slices.Concat([]int{0}, before, after)) < 0
	if mode := c.call.str("mode", "constant"); mode != "constant" {
		with, ok := padModes[mode]
		if !ok || cut {
			return noForm("padding %v and %v of mode %q", before, after, mode)
		}
		return c.set(graph.PadWith(c.arg(0), before, after, with))
	}
	if value != nil && cut {
		return noForm("negative padding with a value that is computed")
	}
	if value != nil {
		// Where the padding is, one of ones has nothing.
		inside := graph.Pad(graph.Fill(c.g, 1, c.in[0].shape()...), before, after, 0)
		return c.set(graph.Where(graph.Gt(inside, graph.Scalar(c.g, 0)), graph.Pad(c.arg(0), before, after, 0), value))
	}
	if cut {
		x := c.arg(0)
		for a := range rank { // what is negative is cut off
			from, to := max(0, -before[a]), max(0, -after[a])
			x = graph.Narrow(x, a, graph.Const(from), x.Dim(a).AddInt(-from-to))
			before[a], after[a] = max(0, before[a]), max(0, after[a])
		}
		return c.set(graph.Pad(x, before, after, fill))
	}
	if c.in[0].isImage() {
		pick := func(v []int) []int { return []int{v[0], v[2], v[3], v[1]} }
		return c.setLast(graph.Pad(c.channelsLast(c.in[0]), pick(before), pick(after), fill))
	}
	return c.set(graph.Pad(c.arg(0), before, after, fill))
}
