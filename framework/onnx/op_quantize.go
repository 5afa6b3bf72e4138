package onnx

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"QuantizeLinear":        {2, 3, compileQuantize},
	"DequantizeLinear":      {2, 3, compileDequantize},
	"DynamicQuantizeLinear": {1, 1, func(*call) kernel { return dynamicQuantize }},
})

func init() {
	resultTypes["QuantizeLinear"] = func(n *call, in []tensor.DType) []tensor.DType {
		to, _ := quantizedType(n, in[2])
		return []tensor.DType{to}
	}
	resultTypes["DequantizeLinear"] = func(n *call, in []tensor.DType) []tensor.DType {
		return []tensor.DType{dequantizedType(n, in[1])}
	}
	resultTypes["DynamicQuantizeLinear"] = fixedTypes(tensor.Uint8, tensor.Float32, tensor.Uint8)
}

// quantizedType is the type of QuantizeLinear's result: the zero point's, else
// output_dtype, else uint8.
func quantizedType(n *call, zero tensor.DType) (tensor.DType, error) {
	to := tensor.Uint8
	if number := DataType(n.int("output_dtype", 0)); number != 0 {
		var ok bool
		if to, ok = dtypes[number]; !ok {
			return 0, fmt.Errorf("attribute output_dtype = %d is not supported", number)
		}
	} else if zero != 0 {
		to = zero
	}
	if zero != 0 && zero != to {
		return 0, fmt.Errorf("output_dtype is %v, the zero point is %v", to, zero)
	}
	switch to {
	case tensor.Uint8, tensor.Int8, tensor.Uint16, tensor.Int16:
		return to, nil
	}
	return 0, fmt.Errorf("quantising to %v is not supported", to)
}

// dequantizedType is the type of DequantizeLinear's result: output_dtype, else
// the scale's.
func dequantizedType(n *call, scale tensor.DType) tensor.DType {
	if number := n.int("output_dtype", 0); number != 0 {
		return dtypes[DataType(number)]
	}
	return scale
}

// compileQuantize is y = saturate(round(x / scale) + zero), ties to even, for x
// float32, float16, bfloat16 or int32; the division is in float32.
func compileQuantize(n *call) kernel {
	g := readGrid(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		var zero tensor.DType
		if in[2] != nil {
			zero = in[2].DType()
		}
		to, err := quantizedType(n, zero)
		if err != nil {
			return nil, err
		}
		switch in[0].DType() {
		case tensor.Float32, tensor.Half, tensor.BFloat, tensor.Int32:
		default:
			return nil, errType(in[0])
		}
		l, err := g.layout(in[0], in[1], in[2])
		if err != nil {
			return nil, err
		}
		x, err := cast(in[0], tensor.Float32)
		if err != nil {
			return nil, err
		}
		switch to {
		case tensor.Int8:
			return quantize[int8](x, l, in[2], math.MinInt8, math.MaxInt8), nil
		case tensor.Uint16:
			return quantize[uint16](x, l, in[2], 0, math.MaxUint16), nil
		case tensor.Int16:
			return quantize[int16](x, l, in[2], math.MinInt16, math.MaxInt16), nil
		}
		return quantize[uint8](x, l, in[2], 0, math.MaxUint8), nil
	})
}

type quantized interface {
	uint8 | int8 | uint16 | int16
}

// quantize saturates to lo and hi, the bounds of Q.
func quantize[Q quantized](x *tensor.Tensor, l gridLayout, zero *tensor.Tensor, lo, hi float32) *tensor.Tensor {
	var zeros []Q
	if zero != nil {
		zeros = tensor.Values[Q](zero)
	}
	out, v := make([]Q, x.Len()), x.Float32s()
	l.each(func(i, k int) {
		z := Q(0)
		if zeros != nil {
			z = zeros[k]
		}
		out[i] = saturate(v[i]/l.scales[k], z, lo, hi)
	})
	return tensor.Of(out, x.Shape()...)
}

// saturate rounds v, ties to even, adds zero and keeps within lo and hi; NaN
// becomes lo, as onnxruntime has it.
func saturate[Q quantized](v float32, zero Q, lo, hi float32) Q {
	v = float32(math.RoundToEven(float64(v))) + float32(zero)
	if v != v {
		return Q(lo)
	}
	return Q(min(max(v, lo), hi))
}

// compileDequantize is y = (x - zero) · scale in float32, rounded to the
// result's type.
func compileDequantize(n *call) kernel {
	g := readGrid(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		to := dequantizedType(n, in[1].DType())
		if to != tensor.Float32 && !isHalf(to) {
			return nil, fmt.Errorf("dequantising to %v is not supported", to)
		}
		l, err := g.layout(in[0], in[1], in[2])
		if err != nil {
			return nil, err
		}
		if in[2] != nil && in[2].DType() != in[0].DType() {
			return nil, fmt.Errorf("operands differ in type: %v and %v", in[0], in[2])
		}
		var out *tensor.Tensor
		switch in[0].DType() {
		case tensor.Uint8:
			out = dequantize[uint8](in[0], l, in[2])
		case tensor.Int8:
			out = dequantize[int8](in[0], l, in[2])
		case tensor.Uint16:
			out = dequantize[uint16](in[0], l, in[2])
		case tensor.Int16:
			out = dequantize[int16](in[0], l, in[2])
		case tensor.Int32:
			out = dequantize[int32](in[0], l, in[2])
		default:
			return nil, errType(in[0])
		}
		return cast(out, to)
	})
}

func dequantize[Q quantized | int32](x *tensor.Tensor, l gridLayout, zero *tensor.Tensor) *tensor.Tensor {
	var zeros []Q
	if zero != nil {
		zeros = tensor.Values[Q](zero)
	}
	out, v := make([]float32, x.Len()), tensor.Values[Q](x)
	l.each(func(i, k int) {
		z := int64(0)
		if zeros != nil {
			z = int64(zeros[k])
		}
		out[i] = float32(int64(v[i])-z) * l.scales[k]
	})
	return tensor.Of(out, x.Shape()...)
}

// dynamicQuantize finds scale and zero point by the range of x and 0 and
// quantises to uint8. Where all of x is 0 the scale is 1, as in onnxruntime.
func dynamicQuantize(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if err := floatsOnly(in[0]); err != nil {
		return nil, err
	}
	x := in[0].Float32s()
	lo, hi := float32(0), float32(0)
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	scale := float32(1)
	if lo != hi {
		scale = (hi - lo) / 255
	}
	zero := saturate(-lo/scale, uint8(0), 0, 255)
	y := mapped(in[0], func(v float32) uint8 { return saturate(v/scale, zero, 0, 255) })
	return []*tensor.Tensor{y, tensor.Scalar(scale), tensor.Scalar(zero)}, nil
}
