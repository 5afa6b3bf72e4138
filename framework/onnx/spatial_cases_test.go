package onnx

import (
	"context"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// upConv is a ConvTranspose of x by w, with a bias when bias is not nil.
func upConv(attrs Attrs, x, w, bias *tensor.Tensor) opCase {
	c := opCase{op: "ConvTranspose", attrs: attrs, ins: ts{x, w}}
	if bias != nil {
		c.ins, c.fixed = append(c.ins, bias), 2
	}
	return c
}

var _ = addCases([]opCase{
	upConv(nil, normal(2, 3, 5, 4), normal(3, 4, 3, 2), normal(4)), upConv(nil, normal(2, 3, 7), normal(3, 2, 4), nil),
	upConv(Attrs{"strides": []int{2, 3}, "pads": []int{1, 0, 2, 1}, "output_padding": []int{1, 2}}, normal(2, 4, 5, 4), normal(4, 2, 3, 4), normal(2)),
	upConv(Attrs{"group": 2, "strides": []int{2, 1}, "dilations": []int{1, 3}}, normal(2, 4, 5, 4), normal(4, 3, 3, 2), normal(6)),
	upConv(Attrs{"group": 4, "strides": []int{2, 2}, "kernel_shape": []int{2, 2}}, normal(1, 4, 3, 3), normal(4, 1, 2, 2), nil),
	upConv(Attrs{"group": 2, "strides": []int{2, 1, 2}, "dilations": []int{1, 2, 1}, "pads": []int{0, 1, 1, 1, 0, 0}, "output_padding": []int{1, 0, 1}}, normal(2, 4, 3, 4, 2), normal(4, 2, 2, 3, 2), normal(4)),
	upConv(Attrs{"auto_pad": "SAME_UPPER", "strides": []int{2, 2}}, normal(1, 2, 3, 4), normal(2, 3, 3, 5), normal(3)),
	upConv(Attrs{"auto_pad": "SAME_LOWER", "strides": []int{2, 2}}, normal(1, 2, 3, 4), normal(2, 3, 3, 5), nil),
	upConv(Attrs{"auto_pad": "VALID", "strides": []int{2, 2}}, normal(1, 2, 3, 4), normal(2, 3, 3, 5), nil),
	upConv(Attrs{"output_shape": []int{6, 9}, "strides": []int{2, 2}}, normal(1, 2, 3, 4), normal(2, 3, 3, 4), nil),
	upConv(Attrs{"output_shape": []int{6, 9}, "strides": []int{2, 2}, "auto_pad": "SAME_UPPER"}, normal(1, 2, 3, 4), normal(2, 3, 3, 4), nil),
	upConv(Attrs{"output_shape": []int{6, 9}, "strides": []int{2, 2}, "auto_pad": "SAME_LOWER"}, normal(1, 2, 3, 4), normal(2, 3, 3, 4), normal(3)),
	upConv(Attrs{"output_shape": []int{10, 9}, "output_padding": []int{1, 1}, "strides": []int{3, 2}}, normal(1, 2, 3, 4), normal(2, 3, 3, 3), nil),
	{op: "Col2Im", ins: ts{normal(2, 12, 12), ints(4, 5), ints(2, 2)}, fixed: 2},
	{op: "Col2Im", attrs: Attrs{"strides": []int{2, 1}, "pads": []int{1, 0, 2, 1}, "dilations": []int{1, 2}}, ins: ts{normal(1, 18, 16), ints(6, 5), ints(3, 2)}, fixed: 2},
	{op: "Col2Im", attrs: Attrs{"strides": []int{1, 2, 1}}, ins: ts{normal(1, 16, 48), ints(5, 6, 5), ints(2, 2, 2)}, fixed: 2},
	{op: "DepthToSpace", attrs: Attrs{"blocksize": 2}, ins: ts{normal(2, 12, 3, 2)}}, {op: "DepthToSpace", attrs: Attrs{"blocksize": 2, "mode": "CRD"}, ins: ts{normal(2, 12, 3, 2)}},
	{op: "DepthToSpace", attrs: Attrs{"blocksize": 3, "mode": "DCR"}, ins: ts{as(pickInts(0, 200, 1, 9, 2, 1), tensor.Uint8)}},
	{op: "SpaceToDepth", attrs: Attrs{"blocksize": 2}, ins: ts{normal(2, 3, 4, 6)}}, {op: "SpaceToDepth", attrs: Attrs{"blocksize": 3}, ins: ts{as(normal(1, 2, 3, 6), tensor.Float64)}},
	{op: "InstanceNormalization", attrs: Attrs{"epsilon": 0.01}, ins: ts{normal(2, 3, 4, 5), normal(3), normal(3)}}, {op: "InstanceNormalization", ins: ts{normal(2, 3, 7), normal(3), normal(3)}},
	{op: "InstanceNormalization", ins: ts{normal(2, 2, 3, 4, 2), normal(2), normal(2)}},
	{op: "GroupNormalization", attrs: Attrs{"num_groups": 2, "epsilon": 0.01}, ins: ts{normal(2, 6, 3, 4), normal(6), normal(6)}}, {op: "GroupNormalization", attrs: Attrs{"num_groups": 3, "stash_type": 1}, ins: ts{normal(2, 3, 5), normal(3), normal(3)}},
	{op: "MeanVarianceNormalization", ins: ts{normal(2, 3, 4, 5)}}, {op: "MeanVarianceNormalization", attrs: Attrs{"axes": []int{1, -1}}, ins: ts{normal(2, 3, 4)}},
	{op: "LRN", attrs: Attrs{"size": 3}, ins: ts{normal(2, 5, 3, 4)}}, {op: "LRN", attrs: Attrs{"size": 5, "alpha": 0.5, "beta": 0.6, "bias": 1.5}, ins: ts{normal(2, 4, 3, 4)}},
	{op: "Det", ins: ts{normal(4, 4)}}, {op: "Det", ins: ts{normal(2, 3, 3, 3)}}, {op: "Det", ins: ts{tensor.Of([]float32{0, 1, 1, 0}, 2, 2)}}, {op: "Det", ins: ts{tensor.Of([]float32{1, 2, 2, 4}, 1, 2, 2)}},
})

// TestSpatialByHand has what the reference runtime lacks: types, old sets, limits.
func TestSpatialByHand(t *testing.T) {
	ones := func(dims ...int) *tensor.Tensor { return uniform(1, 1, dims...) }
	for _, c := range []oldCase{
		{"float16", "ConvTranspose", 21, nil, ts{as(ones(1, 1, 2), tensor.Half), as(ones(1, 1, 2), tensor.Half)}, as(tensor.Of([]float32{1, 2, 1}, 1, 1, 3), tensor.Half)},
		{"float64", "ConvTranspose", 11, Attrs{"strides": []int{2}, "output_padding": []int{1}}, ts{as(ones(1, 1, 2), tensor.Float64), as(ones(1, 1, 2), tensor.Float64), as(floats(1), tensor.Float64)},
			as(tensor.Of([]float32{2, 2, 2, 2, 1}, 1, 1, 5), tensor.Float64)},
		{"output_shape beyond the taps", "ConvTranspose", 11, Attrs{"output_shape": []int{5}}, ts{ones(1, 1, 2), ones(1, 1, 2)}, tensor.Of([]float32{1, 2, 1, 0, 0}, 1, 1, 5)},
		{"odd padding first", "ConvTranspose", 11, Attrs{"output_shape": []int{2}}, ts{ones(1, 1, 2), ones(1, 1, 2)}, tensor.Of([]float32{2, 1}, 1, 1, 2)},
		{"odd padding last", "ConvTranspose", 11, Attrs{"output_shape": []int{2}, "auto_pad": "SAME_UPPER"}, ts{ones(1, 1, 2), ones(1, 1, 2)}, tensor.Of([]float32{1, 2}, 1, 1, 2)},
		{"huge output_shape", "ConvTranspose", 11, Attrs{"output_shape": []int{1 << 27, 8}}, ts{ones(1, 1, 2, 2), ones(1, 1, 2, 2)}, nil},
		{"huge output_padding", "ConvTranspose", 11, Attrs{"output_padding": []int{1 << 19, 1 << 19}}, ts{ones(1, 1, 2, 2), ones(1, 1, 2, 2)}, nil},
		{"groups", "ConvTranspose", 11, Attrs{"group": 3}, ts{ones(1, 2, 2), ones(2, 1, 2)}, nil},
		{"pads too much", "ConvTranspose", 11, Attrs{"pads": []int{2, 2}}, ts{ones(1, 1, 2), ones(1, 1, 2)}, nil},
		{"integers", "Col2Im", 18, nil, ts{pickInts(1, 2, 1, 2, 2), ints(3), ints(2)}, tensor.Of([]int64{1, 2, 1}, 1, 1, 3)},
		{"float16", "Col2Im", 18, nil, ts{as(ones(1, 2, 2), tensor.Half), ints(3), ints(2)}, as(tensor.Of([]float32{1, 2, 1}, 1, 1, 3), tensor.Half)},
		{"huge image", "Col2Im", 18, nil, ts{ones(1, 1, 2), ints(1<<28, 1<<28), ints(1, 1)}, nil},
		{"wrong length", "Col2Im", 18, nil, ts{ones(1, 2, 3), ints(3), ints(2)}, nil},
		{"first set", "DepthToSpace", 1, Attrs{"blocksize": 2}, ts{tensor.Of([]int64{1, 2, 3, 4}, 1, 4, 1, 1)}, tensor.Of([]int64{1, 2, 3, 4}, 1, 1, 2, 2)},
		{"strings", "SpaceToDepth", 13, Attrs{"blocksize": 2}, ts{words("a", "b", "c", "d").Reshape(1, 1, 2, 2)}, words("a", "b", "c", "d").Reshape(1, 4, 1, 1)},
		{"not whole", "SpaceToDepth", 13, Attrs{"blocksize": 2}, ts{ones(1, 1, 3, 2)}, nil},
		{"no blocksize", "DepthToSpace", 13, nil, ts{ones(1, 4, 1, 1)}, nil},
		{"float16", "InstanceNormalization", 6, Attrs{"epsilon": 0.0}, ts{halves(1, 3).Reshape(1, 1, 2), halves(2), halves(1)}, halves(-1, 3).Reshape(1, 1, 2)},
		{"affine by group", "GroupNormalization", 18, Attrs{"num_groups": 1, "epsilon": 0.0}, ts{floats(1, 3).Reshape(1, 2, 1), floats(2), floats(1)}, floats(-1, 3).Reshape(1, 2, 1)},
		{"affine by channel", "GroupNormalization", 21, Attrs{"num_groups": 1, "epsilon": 0.0}, ts{floats(1, 3).Reshape(1, 2, 1), floats(2, 4), floats(1, 0)}, floats(-1, 4).Reshape(1, 2, 1)},
		{"bfloat16", "GroupNormalization", 21, Attrs{"num_groups": 1, "epsilon": 0.0}, ts{as(floats(1, 3), tensor.BFloat).Reshape(1, 2, 1), as(floats(2, 4), tensor.BFloat), as(floats(1, 0), tensor.BFloat)}, as(floats(-1, 4), tensor.BFloat).Reshape(1, 2, 1)},
		{"groups", "GroupNormalization", 21, Attrs{"num_groups": 2}, ts{ones(1, 3, 1), ones(3), ones(3)}, nil},
		{"float16", "MeanVarianceNormalization", 13, Attrs{"axes": []int{0}}, ts{halves(1, 3)}, halves(-1, 1)},
		{"even size", "LRN", 13, Attrs{"size": 2, "alpha": 2.0, "beta": 1.0, "bias": 0.0}, ts{floats(1, 2, 4).Reshape(1, 3, 1)}, floats(1./5, 2./20, 4./16).Reshape(1, 3, 1)},
		{"no size", "LRN", 13, nil, ts{ones(1, 3, 1)}, nil},
		{"float16", "Det", 22, nil, ts{as(square2, tensor.Half)}, as(tensor.Scalar(float32(-2)), tensor.Half)},
		{"no matrix", "Det", 11, nil, ts{ones(2, 3)}, nil},
	} {
		t.Run(c.op+"/"+c.name, c.check)
	}
}

// TestCol2ImTransposes: one channel of columns is a ConvTranspose whose filters
// each hold a single one. The reference runtime goes wrong on dilated volumes.
func TestCol2ImTransposes(t *testing.T) {
	x, filters := normal(1, 8, 36), tensor.New(tensor.Float32, 8, 1, 2, 2, 2)
	for k := range 8 {
		filters.Float32s()[k*8+k] = 1
	}
	attrs := Attrs{"strides": []int{1, 2, 1}, "dilations": []int{2, 1, 1}, "pads": []int{0, 1, 0, 0, 1, 0}}
	var outs []*tensor.Tensor
	for _, c := range []opCase{
		{op: "Col2Im", attrs: attrs, ins: ts{x, ints(5, 4, 5), ints(2, 2, 2)}},
		{op: "ConvTranspose", attrs: attrs, ins: ts{x.Reshape(1, 8, 3, 3, 4), filters}},
	} {
		m, feeds := c.model()
		s, err := NewSession(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Run(context.Background(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		outs = append(outs, got["out0"])
	}
	if diff := compare(outs[0], outs[1], 1e-6); diff != "" {
		t.Error(diff)
	}
}
