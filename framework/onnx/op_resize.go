package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Resize": {1, 4, compileResize},
})

// resizeAttrs are the attributes of Resize.
type resizeAttrs struct {
	mode, coordinates, nearest, policy string
	antialias, excludeOutside          bool
	axes                               []int64
	cubicA                             float64
	extrapolation                      float32
}

func readResize(n *call) resizeAttrs {
	return resizeAttrs{
		mode: n.choice("mode", "nearest", "linear", "cubic"),
		coordinates: n.choice("coordinate_transformation_mode", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
			"asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"),
		nearest:   n.choice("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
		policy:    n.choice("keep_aspect_ratio_policy", "stretch", "not_larger", "not_smaller"),
		antialias: n.flag("antialias", false), excludeOutside: n.flag("exclude_outside", false), axes: n.ints("axes"),
		cubicA: float64(n.float("cubic_coeff_a", -0.75)), extrapolation: n.float("extrapolation_value", 0),
	}
}

// compileResize samples its input at positions that the attributes give for each
// of the output; operator set 10 has scales, the mode, and nothing else.
func compileResize(n *call) kernel {
	if n.version < 11 {
		return compileUpsample(n)
	}
	a := readResize(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		t, err := a.target(in[0].Shape(), in[2], in[3])
		if err != nil {
			return nil, err
		}
		if a.coordinates == "tf_crop_and_resize" {
			if err := t.crop(in[1]); err != nil {
				return nil, err
			}
		}
		return a.run(in[0], t)
	})
}

// maxPositions bounds the positions along one axis, each of which has its taps.
const maxPositions = 1 << 24

// run resizes x; every axis is separate, and those that shrink come first, so
// that nothing on the way is larger than both ends.
func (a resizeAttrs) run(x *tensor.Tensor, t *resizeTarget) (*tensor.Tensor, error) {
	if err := checkShape(t.sizes); err != nil {
		return nil, err
	}
	if tensor.Size(t.sizes) == 0 {
		return tensor.New(x.DType(), t.sizes...), nil
	}
	dt := x.DType()
	var err error
	if a.mode != "nearest" {
		if x, err = sampled(x); err != nil {
			return nil, err
		}
	}
	wide := a.mode != "nearest" && x.DType() == tensor.Float64
	outside := make([][]bool, len(t.sizes))
	for _, i := range t.order() {
		if t.sizes[i] > maxPositions {
			return nil, fmt.Errorf("axis %d of %d: %w", i, t.sizes[i], errTooLarge)
		}
		n, at := x.Shape()[i], a.source(t, i, wide)
		if a.coordinates == "tf_crop_and_resize" {
			at, outside[i] = within(n, t.sizes[i], at)
		}
		if a.mode == "nearest" {
			x, err = a.pickAxis(x, i, t.sizes[i], at)
		} else {
			x = a.blendAxis(x, i, t.sizes[i], t.scales[i], at)
		}
		if err != nil {
			return nil, err
		}
	}
	if a.mode != "nearest" {
		whole := cutOff
		if a.antialias {
			whole = roundOff
		}
		if x, err = unsampled(x, dt, whole); err != nil {
			return nil, err
		}
	}
	return a.extrapolate(x, outside)
}

// blendAxis interpolates along axis i.
func (a resizeAttrs) blendAxis(x *tensor.Tensor, i, m int, scale float64, at func(int) float64) *tensor.Tensor {
	shape := append([]int(nil), x.Shape()...)
	n, outer, inner := shape[i], tensor.Size(shape[:i]), tensor.Size(shape[i+1:])
	shape[i] = m
	if x.DType() == tensor.Float64 {
		return tensor.Of(resample(tensor.Values[float64](x), outer, n, inner, axisTaps[float64](a, n, m, scale, at)), shape...)
	}
	var t []taps[float32]
	if a.mode == "linear" && a.antialias && !a.excludeOutside {
		t = antialiasTaps(n, m, scale, at)
	} else {
		t = axisTaps[float32](a, n, m, scale, at)
	}
	return tensor.Of(resample(x.Float32s(), outer, n, inner, t), shape...)
}

// axisTaps gives the taps of the interpolation along an axis from n elements to m.
func axisTaps[T float32 | float64](a resizeAttrs, n, m int, scale float64, at func(int) float64) []taps[T] {
	switch {
	case a.mode == "cubic":
		return kernelTaps[T](n, m, scaleOfFilter(a.antialias, scale), cubicFilter(a.cubicA), a.excludeOutside, at)
	case a.antialias:
		return kernelTaps[T](n, m, scaleOfFilter(true, scale), triangleFilter, a.excludeOutside, at)
	}
	return linearTaps[T](n, m, at)
}

// pickAxis takes the nearest elements along axis i.
func (a resizeAttrs) pickAxis(x *tensor.Tensor, i, m int, at func(int) float64) (*tensor.Tensor, error) {
	index, n := make([]int64, m), x.Shape()[i]
	for j := range index {
		index[j] = int64(min(max(a.round(at(j), m < n), 0), n-1))
	}
	return gather(x, index, []int{m}, i)
}

// round picks the element for a position; without nearest_mode, which the sets
// before 11 lack, it depends on whether the axis shrinks.
func (a resizeAttrs) round(v float64, shrinks bool) int {
	switch a.nearest {
	case "":
		if !shrinks {
			return int(math.Floor(v))
		}
	case "round_prefer_floor":
		return int(math.Ceil(v - 0.5))
	case "round_prefer_ceil":
		return int(math.Floor(v + 0.5))
	case "floor":
		return int(math.Floor(v))
	}
	return int(math.Ceil(v))
}

// extrapolate puts extrapolation_value where the position along any axis is
// outside the input.
func (a resizeAttrs) extrapolate(x *tensor.Tensor, outside [][]bool) (*tensor.Tensor, error) {
	var fill *tensor.Tensor
	for i, out := range outside {
		for j, yes := range out {
			if !yes {
				continue
			}
			if fill == nil {
				var err error
				if fill, err = cast(tensor.Scalar(a.extrapolation), x.DType()); err != nil {
					return nil, fmt.Errorf("extrapolation_value: %w", err)
				}
				x = x.Clone()
			}
			m, inner := x.Shape()[i], tensor.Size(x.Shape()[i+1:])
			for o := range tensor.Size(x.Shape()[:i]) {
				for k := range inner {
					copyRun(x.Data(), (o*m+j)*inner+k, fill.Data(), 0, 1)
				}
			}
		}
	}
	return x, nil
}
