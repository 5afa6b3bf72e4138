package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"MatMulInteger": {2, 4, compileMatMulInteger},
	"QLinearMatMul": {8, 8, compileQLinearMatMul},
})

func init() {
	resultTypes["MatMulInteger"] = fixedTypes(tensor.Int32)
	resultTypes["QLinearMatMul"] = func(_ *call, in []tensor.DType) []tensor.DType { return in[7:8] }
}

// compileMatMulInteger is (a - a_zero)·(b - b_zero) in int32, for 8-bit a and b.
func compileMatMulInteger(n *call) kernel {
	threads := n.threads
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		return integerProduct(in[0], in[2], in[1], in[3], threads)
	})
}

// integerProduct multiplies what centre makes of a and b. A zero point of rank 1
// is for the rows of a and for the columns of b.
func integerProduct(a, aZero, b, bZero *tensor.Tensor, threads int) (*tensor.Tensor, error) {
	x, err := centre(a, asRows(aZero))
	if err != nil {
		return nil, err
	}
	y, err := centre(b, bZero)
	if err != nil {
		return nil, err
	}
	return matMul[int32](x, y, threads)
}

// asRows makes a column [M,1] of [M], so that it broadcasts over rows.
func asRows(t *tensor.Tensor) *tensor.Tensor {
	if t == nil || t.Rank() != 1 {
		return t
	}
	return t.Reshape(t.Len(), 1)
}

// centre is t - zero in int32, for t of 8 bits and a zero point of its type that
// broadcasts to it; nil means 0.
func centre(t, zero *tensor.Tensor) (*tensor.Tensor, error) {
	if t.DType() != tensor.Uint8 && t.DType() != tensor.Int8 {
		return nil, errType(t)
	}
	x, err := cast(t, tensor.Int32)
	if err != nil || zero == nil {
		return x, err
	}
	if zero.DType() != t.DType() {
		return nil, fmt.Errorf("operands differ in type: %v and %v", t, zero)
	}
	if zero.Len() == 1 {
		zero = zero.Reshape()
	}
	z, err := cast(zero, tensor.Int32)
	if err != nil {
		return nil, err
	}
	out, err := subOp.apply(x, z)
	if err == nil && !slices.Equal(out.Shape(), t.Shape()) {
		err = fmt.Errorf("the zero point %v does not suit %v", zero, t)
	}
	return out, err
}

// compileQLinearMatMul requantises the integer product. Scale and zero point are
// of the whole of a tensor, of the rows of a and y or of the columns of b.
func compileQLinearMatMul(n *call) kernel {
	threads := n.threads
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		acc, err := integerProduct(in[0], in[2], in[3], in[5], threads)
		if err != nil {
			return nil, err
		}
		return requantize(acc, asRows(in[1]), in[4], asRows(in[6]), asRows(in[7]))
	})
}

// requantize is saturate(round(acc · a·b/y) + zero) in the type of zero, 8 bits,
// for int32 acc and scales a, b and y that broadcast to it. The factor is in
// float32, as in onnxruntime.
func requantize(acc, a, b, y, zero *tensor.Tensor) (*tensor.Tensor, error) {
	factor, err := cast(whole(a), tensor.Float32)
	if err != nil {
		return nil, err
	}
	for i, s := range []*tensor.Tensor{b, y} {
		by, err := cast(whole(s), tensor.Float32)
		if err != nil {
			return nil, err
		}
		f := mulOp
		if i == 1 {
			f = divOp
		}
		if factor, err = f.apply(factor, by); err != nil {
			return nil, err
		}
	}
	x, err := mulOp.apply(mapped(acc, func(v int32) float32 { return float32(v) }), factor)
	if err == nil && !slices.Equal(x.Shape(), acc.Shape()) {
		err = fmt.Errorf("scales %v, %v and %v do not suit a result of shape %v", a, b, y, acc.Shape())
	}
	if err != nil {
		return nil, err
	}
	var out *tensor.Tensor
	switch zero = whole(zero); zero.DType() {
	case tensor.Uint8:
		out, err = broadcast(x, zeroPoint[uint8](zero), func(v, z float32) uint8 { return saturate(v, uint8(z), 0, 255) })
	case tensor.Int8:
		out, err = broadcast(x, zeroPoint[int8](zero), func(v, z float32) int8 { return saturate(v, int8(z), -128, 127) })
	default:
		return nil, errType(zero)
	}
	if err == nil && !slices.Equal(out.Shape(), acc.Shape()) {
		err = fmt.Errorf("the zero point %v does not suit a result of shape %v", zero, acc.Shape())
	}
	return out, err
}

func zeroPoint[Q quantized](t *tensor.Tensor) *tensor.Tensor {
	return mapped(t, func(v Q) float32 { return float32(v) })
}

// whole makes a scalar of what has one element, so that it has no axes to match.
func whole(t *tensor.Tensor) *tensor.Tensor {
	if t.Len() == 1 {
		return t.Reshape()
	}
	return t
}
