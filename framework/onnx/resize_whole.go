package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// sampled converts x to the type that interpolation computes in: float64 for
// float64 and integers, float32 for narrower floats.
func sampled(x *tensor.Tensor) (*tensor.Tensor, error) {
	switch x.DType() {
	case tensor.Bool, tensor.String:
		return nil, errType(x)
	case tensor.Float32, tensor.Half, tensor.BFloat:
		return cast(x, tensor.Float32)
	}
	return cast(x, tensor.Float64)
}

// integerRange gives the least and the largest value of an integer type.
var integerRange = map[tensor.DType][2]float64{
	tensor.Int8: {math.MinInt8, math.MaxInt8}, tensor.Uint8: {0, math.MaxUint8}, tensor.Int16: {math.MinInt16, math.MaxInt16},
	tensor.Uint16: {0, math.MaxUint16}, tensor.Int32: {math.MinInt32, math.MaxInt32}, tensor.Uint32: {0, math.MaxUint32},
	tensor.Int64: {math.MinInt64, 1<<63 - 1<<10}, tensor.Uint64: {0, 1<<64 - 1<<11},
}

// unsampled converts back to dt: integers become whole numbers and end at their bounds.
func unsampled(x *tensor.Tensor, dt tensor.DType, whole func(float64) float64) (*tensor.Tensor, error) {
	if r, ok := integerRange[dt]; ok {
		x = mapped(x, func(v float64) float64 { return clampF(whole(v), r[0], r[1]) })
	}
	return cast(x, dt)
}

// sumError is more than rounding errors of float64 add up to in a weighted sum of
// 16-bit integers, and less than what such a sum lies off a whole number, or half of
// one, where it does: images of up to 1000 by 1000 have 2.5e-7.
const sumError = 1e-7

// cutOff drops what follows the point, but takes a sum that a rounding error left
// below a whole number for that number.
func cutOff(v float64) float64 {
	if near := math.Round(v); math.Abs(v-near) < sumError {
		return near
	}
	return math.Trunc(v)
}

// roundOff rounds to nearest, halves away from zero whichever way the sum errs.
func roundOff(v float64) float64 { return math.Round(v + math.Copysign(sumError, v)) }
