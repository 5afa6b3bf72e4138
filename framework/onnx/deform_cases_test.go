package onnx

import (
	"context"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = addCases([]opCase{
	{op: "DeformConv", host: true, ins: ts{normal(2, 3, 5, 6), normal(4, 3, 3, 2), uniform(-2, 2, 2, 12, 3, 5)}},
	{op: "DeformConv", host: true, attrs: Attrs{"pads": []int{1, 0, 2, 1}, "strides": []int{2, 1}, "dilations": []int{1, 2}},
		ins: ts{normal(1, 2, 5, 6), normal(3, 2, 2, 2), uniform(-3, 3, 1, 8, 4, 5), normal(3), uniform(0, 1, 1, 4, 4, 5)}},
	{op: "DeformConv", host: true, attrs: Attrs{"group": 2, "offset_group": 2, "pads": []int{1, 1, 1, 1}},
		ins: ts{normal(2, 4, 4, 4), normal(6, 2, 3, 3), uniform(-2, 2, 2, 36, 4, 4), nil, uniform(0, 1, 2, 18, 4, 4)}},
})

// TestDeformConvByHand has other types and ranks than onnxruntime has, and mistakes.
func TestDeformConvByHand(t *testing.T) {
	image := floats(0, 1, 2, 3, 4, 5, 6, 7, 8).Reshape(1, 1, 3, 3)
	ones := floats(1, 1, 1, 1).Reshape(1, 1, 2, 2)
	offset := tensor.New(tensor.Float32, 1, 8, 2, 2)
	offset.Float32s()[0] = 0.5      // tap (0,0) of output (0,0) is 1.5 and no longer 0
	offset.Float32s()[5*4+1] = -0.1 // tap (1,0) of output (0,1) is 3.9 and no longer 4
	mask := floats(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.2, 1, 1, 1, 1).Reshape(1, 4, 2, 2)
	line, pair := floats(1, 2, 4).Reshape(1, 1, 3), floats(1, 10).Reshape(1, 1, 2)
	far := floats(-1, 1.75, nan, 0.5).Reshape(1, 2, 2) // first taps at −1 and 2.75, second taps at NaN and 2.5
	want := floats(9.5, 11.9, 20, 24).Reshape(1, 1, 2, 2)
	for _, c := range []oldCase{
		{"two dimensions", "DeformConv", 19, nil, ts{image, ones, offset}, want},
		{"set 22", "DeformConv", 22, nil, ts{image, ones, offset}, want},
		{"bias and mask", "DeformConv", 19, Attrs{"kernel_shape": []int{2, 2}}, ts{image, ones, offset, floats(1), mask}, floats(10.5, 12.9, 21, 19.4).Reshape(1, 1, 2, 2)},
		{"float64", "DeformConv", 19, nil, ts{as(image, tensor.Float64), as(ones, tensor.Float64), as(floats(0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), tensor.Float64).Reshape(1, 8, 2, 2)}, as(floats(9.5, 11.75, 20, 24), tensor.Float64).Reshape(1, 1, 2, 2)},
		{"float16", "DeformConv", 19, nil, ts{as(image, tensor.Half), as(ones, tensor.Half), as(tensor.New(tensor.Float32, 1, 8, 2, 2), tensor.Half)}, halves(8, 12, 20, 24).Reshape(1, 1, 2, 2)},
		{"bfloat16", "DeformConv", 22, nil, ts{as(image, tensor.BFloat), as(ones, tensor.BFloat), as(tensor.New(tensor.Float32, 1, 8, 2, 2), tensor.BFloat)}, as(floats(8, 12, 20, 24), tensor.BFloat).Reshape(1, 1, 2, 2)},
		{"one dimension, outside and NaN", "DeformConv", 19, nil, ts{line, pair, far}, floats(0, 21).Reshape(1, 1, 2)},
		{"three dimensions", "DeformConv", 19, nil, ts{tall.Reshape(1, 1, 2, 2, 2), floats(1).Reshape(1, 1, 1, 1, 1), as(floats(0.5, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, -0.5), tensor.Float32).Reshape(1, 3, 2, 2, 2)},
			floats(4.5, 2, 3, 4, 5, 6, 7, 7.5).Reshape(1, 1, 2, 2, 2)},
		{"no image", "DeformConv", 19, nil, ts{tensor.New(tensor.Float32, 0, 1, 3, 3), ones, tensor.New(tensor.Float32, 0, 8, 2, 2)}, tensor.New(tensor.Float32, 0, 1, 2, 2)},
		{"offsets of another size", "DeformConv", 19, nil, ts{image, ones, tensor.New(tensor.Float32, 1, 8, 2, 3)}, nil},
		{"mask of another size", "DeformConv", 19, nil, ts{image, ones, offset, nil, tensor.New(tensor.Float32, 1, 8, 2, 2)}, nil},
		{"offset_group 0", "DeformConv", 19, Attrs{"offset_group": 0}, ts{image, ones, offset}, nil},
		{"offset_group 2", "DeformConv", 19, Attrs{"offset_group": 2}, ts{image, ones, tensor.New(tensor.Float32, 1, 16, 2, 2)}, nil},
		{"integers", "DeformConv", 19, nil, ts{ints(1).Reshape(1, 1, 1), ints(1).Reshape(1, 1, 1), ints(0).Reshape(1, 1, 1)}, nil},
		{"two types", "DeformConv", 19, nil, ts{image, ones, as(offset, tensor.Float64)}, nil},
	} {
		t.Run(c.name, c.check)
	}
}

// TestDeformConvAsConv: with offsets of 0 it is Conv.
func TestDeformConvAsConv(t *testing.T) {
	x, w, bias := normal(2, 4, 7, 6), normal(6, 2, 3, 2), normal(6)
	attrs := Attrs{"group": 2, "pads": []int{1, 0, 2, 1}, "strides": []int{2, 1}, "dilations": []int{1, 2}}
	outs := map[string]*tensor.Tensor{}
	for op, ins := range map[string]ts{"Conv": {x, w, bias}, "DeformConv": {x, w, tensor.New(tensor.Float32, 2, 12, 4, 5), bias}} {
		m, feeds := opCase{op: op, attrs: attrs, ins: ins}.model()
		s, err := NewSession(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Run(context.Background(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		outs[op] = got["out0"]
	}
	if diff := compare(outs["DeformConv"], outs["Conv"], 1e-5); diff != "" {
		t.Error(diff)
	}
}
