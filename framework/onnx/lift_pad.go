package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func liftPad(c *lifting) error {
	rank := c.in[0].rank()
	pads, fill := c.call.padsAttr(), float64(c.call.float("value", 0))
	if c.in[0].dtype() != tensor.Float32 {
		return noForm("padding of %v", c.in[0].dtype())
	}
	var axes *tensor.Tensor
	if c.has(1) {
		var err error
		if pads, err = c.vals(1); err != nil {
			return err
		}
		for i := 2; i <= 3; i++ {
			if c.has(i) && c.in[i].fixed == nil {
				return errLift
			}
		}
		if c.has(2) && c.in[2].fixed.Len() == 1 {
			fill = float64(c.in[2].fixed.Float32s()[0])
		}
		if c.has(3) {
			axes = c.in[3].fixed
		}
	}
	before, after, err := padAmounts(rank, pads, axes)
	if err != nil {
		return err
	}
	if mode := c.call.str("mode", "constant"); mode != "constant" {
		x := c.arg(0)
		for a := range rank {
			if x, err = padAxis(x, a, before[a], after[a], mode); err != nil {
				return err
			}
		}
		return c.set(x)
	}
	if slices.Min(append([]int{0}, before...)) < 0 || slices.Min(append([]int{0}, after...)) < 0 {
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

// padAxis lengthens an axis by mirroring, repeating its edges or going round.
func padAxis(x *graph.Node, axis, before, after int, mode string) (*graph.Node, error) {
	if before == 0 && after == 0 {
		return x, nil
	}
	n := x.Dim(axis)
	length, ok := n.Known()
	short := ok && (mode == "reflect" && max(before, after) >= length || mode == "wrap" && max(before, after) > length)
	if before < 0 || after < 0 || short {
		return nil, noForm("%d and %d elements around axis %d of %v", before, after, axis, x.Shape())
	}
	var parts []*graph.Node
	add := func(start graph.Dim, length int, turn bool) {
		if length > 0 {
			part := graph.Narrow(x, axis, start, graph.Const(length))
			if turn {
				part = graph.Stride(part, axis, -1, -1)
			}
			parts = append(parts, part)
		}
	}
	edge := func(at graph.Dim, times int) {
		if times > 0 {
			shape := slices.Clone(x.Shape())
			shape[axis] = graph.Const(times)
			parts = append(parts, graph.Broadcast(graph.Narrow(x, axis, at, graph.Const(1)), shape...))
		}
	}
	switch mode {
	case "reflect":
		add(graph.Const(1), before, true)
		parts = append(parts, x)
		add(n.AddInt(-1-after), after, true)
	case "edge":
		edge(graph.Const(0), before)
		parts = append(parts, x)
		edge(n.AddInt(-1), after)
	case "wrap":
		add(n.AddInt(-before), before, false)
		parts = append(parts, x)
		add(graph.Const(0), after, false)
	default:
		return nil, noForm("mode %q", mode)
	}
	return graph.Concat(axis, parts...), nil
}
