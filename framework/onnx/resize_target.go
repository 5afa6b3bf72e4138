package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// resizeTarget is what Resize makes of each axis.
type resizeTarget struct {
	from, sizes []int
	axes        []int     // those that are resized
	scales      []float64 // of every axis
	lengths     []float64 // sizes before they are cut to whole numbers
	roi         [][2]float64
}

// target resolves the output size and scale of every axis from the input scales
// or sizes.
func (a resizeAttrs) target(shape []int, scales, sizes *tensor.Tensor) (*resizeTarget, error) {
	t := &resizeTarget{from: shape, sizes: slices.Clone(shape), scales: slices.Repeat([]float64{1}, len(shape)), lengths: convert[float64](shape)}
	for _, v := range a.axes {
		i, err := axisOf(v, len(shape))
		if err != nil || slices.Contains(t.axes, i) {
			return nil, fmt.Errorf("axes %v do not suit rank %d", a.axes, len(shape))
		}
		t.axes = append(t.axes, i)
	}
	if a.axes == nil {
		for i := range shape {
			t.axes = append(t.axes, i)
		}
	}
	var err error
	switch {
	case sizes != nil && sizes.Len() > 0:
		err = t.bySizes(sizes, a.policy)
	case scales != nil && scales.DType() == tensor.Float32 && scales.Len() == len(t.axes):
		for i, ax := range t.axes {
			s := float64(scales.Float32s()[i])
			if !(s > 0) || s*float64(shape[ax]) > maxOutput {
				return nil, fmt.Errorf("the scale %v is out of range", s)
			}
			t.set(ax, s, s*float64(shape[ax]))
		}
	default:
		err = fmt.Errorf("neither scales nor sizes suit %d axes", len(t.axes))
	}
	if err != nil {
		return nil, err
	}
	for i, d := range shape {
		if (d == 0) != (t.sizes[i] == 0) {
			return nil, fmt.Errorf("cannot resize %v to %v", shape, t.sizes)
		}
	}
	return t, nil
}

func (t *resizeTarget) set(axis int, scale, length float64) {
	t.sizes[axis], t.scales[axis], t.lengths[axis] = int(math.Floor(length)), scale, length
}

// bySizes takes the sizes as they are or, where the policy keeps the aspect ratio,
// scales all axes by one number that makes none larger, or smaller.
func (t *resizeTarget) bySizes(sizes *tensor.Tensor, policy string) error {
	dims, err := dimsOf(sizes)
	if err != nil {
		return err
	}
	if len(dims) != len(t.axes) {
		return fmt.Errorf("sizes %v do not suit %d axes", dims, len(t.axes))
	}
	common := math.NaN()
	for i, ax := range t.axes {
		if t.from[ax] == 0 {
			t.set(ax, 1, float64(dims[i]))
			continue
		}
		s := float64(dims[i]) / float64(t.from[ax])
		t.set(ax, s, float64(dims[i]))
		if math.IsNaN(common) || policy == "not_larger" && s < common || policy == "not_smaller" && s > common {
			common = s
		}
	}
	if policy == "stretch" {
		return nil
	}
	for _, ax := range t.axes {
		length := math.Floor(common*float64(t.from[ax]) + 0.5)
		if length > maxOutput {
			return errTooLarge
		}
		if t.from[ax] > 0 {
			t.set(ax, common, length)
		}
	}
	return nil
}

// crop reads roi: the starts of the axes that are resized, then their ends, as
// parts of the distance between the first element and the last.
func (t *resizeTarget) crop(roi *tensor.Tensor) error {
	if roi == nil || roi.Len() != 2*len(t.axes) {
		return fmt.Errorf("roi %v does not suit %d axes", roi, len(t.axes))
	}
	wide, err := wideFloats(roi)
	if err != nil {
		return err
	}
	v := tensor.Values[float64](wide)
	t.roi = slices.Repeat([][2]float64{{0, 1}}, len(t.from))
	for i, ax := range t.axes {
		t.roi[ax] = [2]float64{v[i], v[len(t.axes)+i]}
	}
	return nil
}

// order lists the axes that change, each from the last on: those that shrink,
// then those that grow.
func (t *resizeTarget) order() []int {
	var shrink, grow []int
	for i := len(t.sizes) - 1; i >= 0; i-- {
		same := t.sizes[i] == t.from[i] && t.scales[i] == 1 && (t.roi == nil || t.roi[i] == [2]float64{0, 1})
		switch {
		case same:
		case t.sizes[i] < t.from[i]:
			shrink = append(shrink, i)
		default:
			grow = append(grow, i)
		}
	}
	return append(shrink, grow...)
}

// source returns the source coordinate of each output position of an axis.
// align_corners and tf_crop_and_resize count with the length before it is cut to
// a whole number, as the standard's cases do. Half pixels are computed in float32, as
// onnxruntime does, unless wide.
func (a resizeAttrs) source(t *resizeTarget, axis int, wide bool) func(i int) float64 {
	m, scale, length := t.sizes[axis], t.scales[axis], t.lengths[axis]
	centre := halfPixel[float32](scale)
	if wide {
		centre = halfPixel[float64](scale)
	}
	last := float64(t.from[axis] - 1)
	switch a.coordinates {
	case "align_corners":
		if m == 1 {
			return func(int) float64 { return 0 }
		}
		return func(i int) float64 { return float64(i) * last / (length - 1) }
	case "asymmetric":
		return func(i int) float64 { return float64(i) / scale }
	case "pytorch_half_pixel":
		if m == 1 {
			return func(int) float64 { return 0 }
		}
	case "tf_half_pixel_for_nn":
		return func(i int) float64 { return (float64(i) + 0.5) / scale }
	case "half_pixel_symmetric":
		shift := float64(t.from[axis]) / 2 * (1 - float64(m)/(scale*float64(t.from[axis])))
		return func(i int) float64 { return shift + centre(i) }
	case "tf_crop_and_resize":
		from, to := t.roi[axis][0], t.roi[axis][1]
		if m == 1 {
			return func(int) float64 { return (from + to) / 2 * last }
		}
		return func(i int) float64 { return from*last + float64(i)*(to-from)*last/(length-1) }
	}
	return centre
}

// within lists at for each of m positions, and which of them lie outside n
// elements; those are given 0.
func within(n, m int, at func(int) float64) (func(int) float64, []bool) {
	v, outside := make([]float64, m), make([]bool, m)
	for i := range v {
		if v[i] = at(i); !(v[i] >= 0 && v[i] <= float64(n-1)) {
			v[i], outside[i] = 0, true
		}
	}
	return func(i int) float64 { return v[i] }, outside
}
