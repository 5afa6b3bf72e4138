package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ConvInteger": {2, 4, compileConvInteger},
	"QLinearConv": {8, 9, compileQLinearConv},
})

func init() {
	resultTypes["ConvInteger"] = fixedTypes(tensor.Int32)
	resultTypes["QLinearConv"] = func(_ *call, in []tensor.DType) []tensor.DType { return in[7:8] }
}

// compileConvInteger convolves x - x_zero by w - w_zero in int32; padding is
// x_zero. Shapes are Conv's, w_zero has one element or K.
func compileConvInteger(n *call) kernel {
	c := readConv(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		return integerConv(c, in[0], in[2], in[1], in[3], nil)
	})
}

func integerConv(c convAttrs, x, xZero, w, wZero, bias *tensor.Tensor) (*tensor.Tensor, error) {
	if xZero != nil && xZero.Len() != 1 {
		return nil, fmt.Errorf("the input's zero point is %v, want one element", xZero)
	}
	cx, err := centre(x, xZero)
	if err != nil {
		return nil, err
	}
	if wZero != nil && wZero.Len() != 1 {
		if wZero, err = alongChannels(wZero, w.Rank(), 0); err != nil {
			return nil, err
		}
	}
	cw, err := centre(w, wZero)
	if err != nil {
		return nil, err
	}
	return runConv[int32](c, []*tensor.Tensor{cx, cw, bias})
}

// alongChannels makes of t [K] the shape that broadcasts along an axis of a
// tensor of the rank.
func alongChannels(t *tensor.Tensor, rank, axis int) (*tensor.Tensor, error) {
	if t.Rank() != 1 || axis >= rank {
		return nil, fmt.Errorf("%v is not one value for each output channel", t)
	}
	shape := make([]int, rank-axis)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = t.Len()
	return t.Reshape(shape...), nil
}

// compileQLinearConv requantises the integer convolution with its int32 bias.
// Scale and zero point of w have one element or one for each output channel.
func compileQLinearConv(n *call) kernel {
	c := readConv(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		for _, i := range []int{1, 6, 7} {
			if in[i].Len() != 1 {
				return nil, fmt.Errorf("input %d is %v, want one element", i, in[i])
			}
		}
		acc, err := integerConv(c, in[0], in[2], in[3], in[5], in[8])
		if err != nil {
			return nil, err
		}
		scale := in[4]
		if scale.Len() != 1 {
			if scale, err = alongChannels(scale, acc.Rank(), 1); err != nil {
				return nil, err
			}
		}
		return requantize(acc, in[1], scale, in[6], in[7])
	})
}
