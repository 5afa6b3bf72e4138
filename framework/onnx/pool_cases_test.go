package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

func pool(op string, attrs Attrs, ins ...*tensor.Tensor) []opCase { return unary(op, attrs, ins...) }

var _ = addCases(concatCases(
	pool("MaxPool", Attrs{"kernel_shape": []int{2, 3, 2}, "strides": []int{2, 1, 1}, "pads": []int{1, 0, 1, 0, 1, 0}}, normal(2, 2, 5, 6, 4)),
	pool("MaxPool", Attrs{"kernel_shape": []int{2, 2, 2}, "dilations": []int{1, 2, 1}, "ceil_mode": 1, "strides": []int{2, 2, 2}}, normal(1, 2, 5, 6, 5)),
	pool("MaxPool", Attrs{"kernel_shape": []int{3, 3}, "strides": []int{2, 2}, "pads": []int{1, 1, 0, 1}}, as(pickInts(0, 256, 1, 2, 6, 7), tensor.Uint8), as(pickInts(-128, 128, 1, 2, 6, 7), tensor.Int8), as(normal(1, 2, 6, 7), tensor.Float64)),
	[]opCase{
		{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{3, 2}, "strides": []int{2, 1}, "pads": []int{1, 0, 1, 1}}, ins: ts{normal(2, 3, 6, 7)}, outs: 2},
		{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{3, 2}, "storage_order": 1}, ins: ts{normal(2, 3, 6, 7)}, outs: 2},
		{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{2, 2, 2}, "storage_order": 1}, ins: ts{normal(2, 2, 3, 4, 5)}, outs: 2},
		{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{2}, "auto_pad": "SAME_UPPER"}, ins: ts{normal(2, 2, 5)}, outs: 2},
	},
	pool("AveragePool", Attrs{"kernel_shape": []int{2, 3, 2}, "pads": []int{1, 1, 0, 1, 1, 1}}, normal(2, 2, 5, 6, 4)),
	pool("AveragePool", Attrs{"kernel_shape": []int{3, 2, 2}, "pads": []int{1, 1, 0, 1, 1, 1}, "count_include_pad": 1, "ceil_mode": 1, "strides": []int{2, 2, 2}}, normal(2, 2, 6, 7, 5)),
	pool("AveragePool", Attrs{"kernel_shape": []int{3, 3}, "dilations": []int{2, 1}, "pads": []int{1, 1, 2, 0}}, normal(1, 2, 7, 6)),
	pool("LpPool", Attrs{"kernel_shape": []int{3}, "strides": []int{2}}, normal(2, 2, 9)),
	pool("LpPool", Attrs{"kernel_shape": []int{3, 2}, "pads": []int{1, 0, 1, 1}, "p": 3}, normal(1, 2, 7, 6)),
	pool("LpPool", Attrs{"kernel_shape": []int{2, 2, 2}, "strides": []int{2, 2, 2}, "ceil_mode": 1, "p": 1}, normal(1, 2, 5, 6, 5)),
	pool("GlobalLpPool", nil, normal(2, 3, 4, 5)), pool("GlobalLpPool", Attrs{"p": 3}, normal(2, 3, 4)),
	pool("GlobalAveragePool", nil, normal(2, 3, 4, 5, 2), normal(2, 3, 4)), pool("GlobalMaxPool", nil, normal(2, 3, 4, 5, 2)),
	[]opCase{
		{op: "Conv", attrs: Attrs{"strides": []int{2, 1, 2}, "pads": []int{1, 0, 2, 1, 1, 0}, "group": 2}, ins: ts{normal(2, 4, 5, 6, 7), normal(6, 2, 3, 2, 3), normal(6)}, fixed: 2},
		{op: "Conv", attrs: Attrs{"auto_pad": "SAME_UPPER"}, ins: ts{normal(1, 2, 4, 6, 5), normal(3, 2, 2, 2, 3)}},
	},
))
