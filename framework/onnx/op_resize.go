package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Resize": {1, 4, compileResize},
})

// resizeAttrs are the attributes of Resize.
type resizeAttrs struct {
	mode, coordinates, nearest string
	antialias                  bool
	axes                       []int64
}

func compileResize(n *call) kernel {
	a := resizeAttrs{
		mode:        n.choice("mode", "nearest", "linear"),
		coordinates: n.choice("coordinate_transformation_mode", "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"),
		nearest:     n.choice("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
		antialias:   n.flag("antialias", false), axes: n.ints("axes"),
	}
	n.choice("keep_aspect_ratio_policy", "stretch")
	if n.version < 11 {
		n.fail("Resize before opset 11 is not supported")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		sizes, scales, err := a.target(in[0].Shape(), in[2], in[3])
		if err != nil {
			return nil, err
		}
		if err := checkShape(sizes); err != nil {
			return nil, err
		}
		if a.mode == "nearest" {
			return a.resizeNearest(in[0], sizes, scales)
		}
		return a.resizeLinear(in[0], sizes, scales)
	})
}

// target resolves the output size and scale of every axis.
func (a resizeAttrs) target(shape []int, scales, sizes *tensor.Tensor) ([]int, []float64, error) {
	axes := []int{}
	if a.axes == nil {
		for i := range shape {
			axes = append(axes, i)
		}
	}
	for _, v := range a.axes {
		i, err := axisOf(v, len(shape))
		if err != nil || slices.Contains(axes, i) {
			return nil, nil, fmt.Errorf("axes %v do not suit rank %d", a.axes, len(shape))
		}
		axes = append(axes, i)
	}
	to, by := slices.Clone(shape), make([]float64, len(shape))
	for i := range by {
		by[i] = 1
	}
	switch {
	case sizes != nil && sizes.Len() > 0:
		v, err := int64s(sizes)
		if err != nil || len(v) != len(axes) {
			return nil, nil, fmt.Errorf("sizes %v do not suit %d axes", sizes, len(axes))
		}
		dims, err := toDims(v)
		if err != nil {
			return nil, nil, err
		}
		for i, ax := range axes {
			to[ax] = dims[i]
			by[ax] = float64(dims[i]) / float64(shape[ax])
		}
	case scales != nil && scales.DType() == tensor.Float32 && scales.Len() == len(axes):
		for i, ax := range axes {
			s := float64(scales.Float32s()[i])
			if !(s > 0) || s*float64(shape[ax]) > maxOutput {
				return nil, nil, fmt.Errorf("the scale %v is out of range", s)
			}
			to[ax], by[ax] = int(math.Floor(s*float64(shape[ax]))), s
		}
	default:
		return nil, nil, fmt.Errorf("neither scales nor sizes suit %d axes", len(axes))
	}
	for i, d := range shape {
		if d == 0 || to[i] == 0 {
			return nil, nil, fmt.Errorf("cannot resize %v to %v", shape, to)
		}
	}
	return to, by, nil
}

// source returns the source coordinate of each output position of an axis.
func (a resizeAttrs) source(n, m int, scale float64) func(i int) float64 {
	switch a.coordinates {
	case "align_corners":
		return func(i int) float64 {
			if m == 1 {
				return 0
			}
			return float64(i) * float64(n-1) / float64(m-1)
		}
	case "asymmetric":
		return func(i int) float64 { return float64(i) / scale }
	case "pytorch_half_pixel":
		if m == 1 {
			return func(int) float64 { return 0 }
		}
	}
	return halfPixel(scale)
}

func (a resizeAttrs) resizeLinear(x *tensor.Tensor, sizes []int, scales []float64) (*tensor.Tensor, error) {
	if err := floatsOnly(x); err != nil {
		return nil, err
	}
	shape, data := slices.Clone(x.Shape()), x.Float32s()
	for i := len(shape) - 1; i >= 0; i-- {
		n, m := shape[i], sizes[i]
		if n == m && scales[i] == 1 {
			continue
		}
		at := a.source(n, m, scales[i])
		t := linearTaps(n, m, at)
		if a.antialias {
			t = antialiasTaps(n, m, scales[i], at)
		}
		data = resample(data, tensor.Size(shape[:i]), n, tensor.Size(shape[i+1:]), t)
		shape[i] = m
	}
	return tensor.Of(data, shape...), nil
}

func (a resizeAttrs) resizeNearest(x *tensor.Tensor, sizes []int, scales []float64) (*tensor.Tensor, error) {
	for i, m := range sizes {
		n := x.Shape()[i]
		if n == m && scales[i] == 1 {
			continue
		}
		at := a.source(n, m, scales[i])
		index := make([]int64, m)
		for j := range index {
			index[j] = int64(min(max(a.round(at(j)), 0), n-1))
		}
		var err error
		if x, err = gather(x, index, []int{m}, i); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (a resizeAttrs) round(v float64) int {
	switch a.nearest {
	case "round_prefer_floor":
		return int(math.Ceil(v - 0.5))
	case "round_prefer_ceil":
		return int(math.Floor(v + 0.5))
	case "floor":
		return int(math.Floor(v))
	}
	return int(math.Ceil(v))
}
