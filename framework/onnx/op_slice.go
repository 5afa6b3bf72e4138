package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// compileSlice takes starts, ends and axes from attributes before opset 10,
// then from inputs, with steps.
func compileSlice(n *call) kernel {
	if n.version < 10 {
		starts, ends, axes := n.ints("starts"), n.ints("ends"), n.ints("axes")
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return slice(in[0], starts, ends, axes, nil) })
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if in[1] == nil || in[2] == nil {
			return nil, fmt.Errorf("starts or ends are left out")
		}
		var args [4][]int64
		for i, t := range in[1:5] {
			if t == nil {
				continue
			}
			var err error
			if args[i], err = int64s(t); err != nil {
				return nil, err
			}
		}
		return slice(in[0], args[0], args[1], args[2], args[3])
	})
}

// window is the part of one axis that a slice takes: n elements from start by step.
type sliceRange struct{ start, step, n int }

// sliceRanges resolves the arguments of Slice for a shape.
func sliceRanges(shape []int, starts, ends, axes, steps []int64) ([]sliceRange, error) {
	out := make([]sliceRange, len(shape))
	for i, d := range shape {
		out[i] = sliceRange{0, 1, d}
	}
	if axes == nil {
		for i := range starts {
			axes = append(axes, int64(i))
		}
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil, fmt.Errorf("starts %v, ends %v, axes %v and steps %v differ in length", starts, ends, axes, steps)
	}
	for i, axis := range axes {
		a, err := axisOf(axis, len(shape))
		if err != nil {
			return nil, err
		}
		step := int64(1)
		if steps != nil {
			step = steps[i]
		}
		if out[a], err = sliceAxis(int64(shape[a]), starts[i], ends[i], step); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sliceAxis(dim, start, end, step int64) (sliceRange, error) {
	if step == 0 {
		return sliceRange{}, fmt.Errorf("the step is 0")
	}
	if start < 0 {
		start += dim
	}
	if end < 0 {
		end = max(end+dim, -1) // overflow cannot happen: end is negative
	}
	lo, hi := int64(0), dim
	if step < 0 {
		lo, hi = -1, dim-1
	}
	start, end = min(max(start, lo, 0), hi), min(max(end, lo), hi)
	span := end - start
	if step < 0 {
		span, step = -span, max(step, -maxOutput)
		if span <= 0 {
			return sliceRange{0, 1, 0}, nil
		}
		return sliceRange{int(start), int(step), int((span - step - 1) / -step)}, nil
	}
	if span <= 0 {
		return sliceRange{0, 1, 0}, nil
	}
	step = min(step, maxOutput)
	return sliceRange{int(start), int(step), int((span + step - 1) / step)}, nil
}

func slice(x *tensor.Tensor, starts, ends, axes, steps []int64) (*tensor.Tensor, error) {
	ranges, err := sliceRanges(x.Shape(), starts, ends, axes, steps)
	if err != nil {
		return nil, err
	}
	shape, move, base := make([]int, x.Rank()), rowMajor(x.Shape()), 0
	for i, r := range ranges {
		shape[i] = r.n
		base += r.start * move[i]
		move[i] *= r.step
	}
	out := tensor.New(x.DType(), shape...)
	strided(out, x, shape, base, move)
	return out, nil
}

// compileSplit takes the lengths from an attribute before opset 13, then from
// an input; without them the parts are equal, the last one smaller.
func compileSplit(n *call) kernel {
	axis, attr, parts := n.int("axis", 0), n.ints("split"), len(n.node.Outputs)
	if num := n.int("num_outputs", int64(parts)); num != int64(parts) {
		n.fail("num_outputs is %d, the node has %d outputs", num, parts)
	}
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		lens := slices.Clone(attr)
		if in[1] != nil {
			if lens, err = int64s(in[1]); err != nil {
				return nil, err
			}
		}
		dim := in[0].Shape()[a]
		if lens == nil {
			lens = evenParts(dim, parts)
		}
		if len(lens) != parts {
			return nil, fmt.Errorf("split %v gives %d parts, the node has %d outputs", lens, len(lens), parts)
		}
		var out []*tensor.Tensor
		at := 0
		for _, l := range lens {
			if l < 0 || at+int(l) > dim {
				return nil, fmt.Errorf("split %v does not fit dimension %d", lens, dim)
			}
			out = append(out, slab(in[0], a, at, int(l)))
			at += int(l)
		}
		if at != dim {
			return nil, fmt.Errorf("split %v does not fit dimension %d", lens, dim)
		}
		return out, nil
	}
}

func evenParts(dim, parts int) []int64 {
	size := (dim + parts - 1) / parts
	lens := make([]int64, parts)
	for i := range lens {
		lens[i] = int64(max(min(size, dim-i*size), 0))
	}
	return lens
}
