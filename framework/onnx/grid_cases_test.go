package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = addCases(func() (out []opCase) {
	for _, mode := range []string{"linear", "nearest", "cubic"} {
		for _, padding := range []string{"zeros", "border", "reflection"} {
			for align := range 2 {
				a := Attrs{"mode": mode, "padding_mode": padding, "align_corners": align}
				out = append(out, opCase{op: "GridSample", attrs: a, ins: ts{normal(2, 3, 4, 5), uniform(-1.8, 1.8, 2, 6, 3, 2)}})
				if mode != "cubic" {
					out = append(out, opCase{op: "GridSample", attrs: a, ins: ts{normal(1, 2, 3, 4, 5), uniform(-1.8, 1.8, 1, 4, 3, 2, 3)}})
				}
			}
		}
	}
	rois := tensor.Of([]float32{0, 0, 9, 9, 1.5, 2.2, 7.1, 4, -3, 2, 4, 14, 5, 5, 5.2, 5.1}, 4, 4)
	for _, mode := range []string{"avg", "max"} {
		for ratio := range 3 {
			for _, coordinates := range []string{"half_pixel", "output_half_pixel"} {
				out = append(out, opCase{op: "RoiAlign", attrs: Attrs{"mode": mode, "sampling_ratio": ratio, "coordinate_transformation_mode": coordinates, "output_height": 3, "output_width": 2, "spatial_scale": 0.9},
					kink: true, ins: ts{normal(2, 2, 9, 10), rois, ints(0, 1, 1, 0)}}) // see TestRoiAlignKinks
			}
		}
	}
	pooled := tensor.Of([]float32{0, 0, 0, 9, 9, 1, 1.5, 2.2, 7.1, 4, 1, 3, 2, 4, 14, 0, 5, 5, 5, 5, 0, 8, 2, 3, 4}, 5, 5)
	return append(out,
		opCase{op: "MaxRoiPool", attrs: Attrs{"pooled_shape": []int{3, 2}}, ins: ts{normal(2, 2, 9, 10), pooled}},
		opCase{op: "MaxRoiPool", attrs: Attrs{"pooled_shape": []int{2, 4}, "spatial_scale": 0.5}, ins: ts{normal(2, 2, 5, 5), pooled}},
		opCase{op: "MaxUnpool", attrs: Attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}}, ins: ts{normal(1, 1, 2, 2), tensor.Of([]int64{5, 7, 8, 15}, 1, 1, 2, 2)}},
		opCase{op: "MaxUnpool", attrs: Attrs{"kernel_shape": []int{3}, "strides": []int{2}, "pads": []int{1, 0}}, ins: ts{normal(1, 2, 3), tensor.Of([]int64{0, 2, 5, 7, 8, 11}, 1, 2, 3)}},
		opCase{op: "AffineGrid", ins: ts{normal(2, 2, 3), ints(2, 1, 4, 3)}, fixed: 1}, opCase{op: "AffineGrid", attrs: Attrs{"align_corners": 1}, ins: ts{normal(2, 2, 3), ints(2, 1, 4, 3)}, fixed: 1},
		opCase{op: "AffineGrid", ins: ts{normal(1, 3, 4), ints(1, 1, 2, 4, 3)}, fixed: 1}, opCase{op: "AffineGrid", attrs: Attrs{"align_corners": 1}, ins: ts{normal(1, 3, 4), ints(1, 1, 2, 4, 3)}, fixed: 1},
		opCase{op: "CenterCropPad", ins: ts{normal(5, 4, 6), ints(8, 7, 3)}}, opCase{op: "CenterCropPad", attrs: Attrs{"axes": []int{-1, 0}}, ins: ts{normal(5, 4, 6), ints(9, 2)}},
	)
}())

// TestGridByHand has types, ranks and limits that the reference runtime lacks or
// has otherwise.
func TestGridByHand(t *testing.T) {
	line := floats(1, 2, 4).Reshape(1, 1, 3)
	at := func(v ...float32) *tensor.Tensor { return tensor.Of(v, 1, len(v), 1) }
	box := func(v ...float32) *tensor.Tensor { return tensor.Of(v, 1, len(v)) }
	image := floats(1, 2, 3, 4).Reshape(1, 1, 2, 2)
	for _, c := range []oldCase{
		{"one dimension", "GridSample", 20, Attrs{"align_corners": 1}, ts{line, at(-1, -0.5, 1, 1.5)}, floats(1, 1.5, 4, 2).Reshape(1, 1, 4)},
		{"old name", "GridSample", 16, Attrs{"align_corners": 1, "mode": "bilinear", "padding_mode": "border"}, ts{line, at(0, 9)}, floats(2, 4).Reshape(1, 1, 2)},
		{"reflection", "GridSample", 20, Attrs{"align_corners": 1, "mode": "nearest", "padding_mode": "reflection"}, ts{line, at(2, 3, -3)}, floats(2, 1, 4).Reshape(1, 1, 3)},
		{"cubic at elements", "GridSample", 20, Attrs{"align_corners": 1, "mode": "cubic"}, ts{line, at(-1, 0, 1)}, line},
		{"cubic between", "GridSample", 20, Attrs{"align_corners": 1, "mode": "cubic"}, ts{line, at(0.5)}, floats(-0.09375*1+0.59375*2+0.59375*4).Reshape(1, 1, 1)},
		{"strings", "GridSample", 20, Attrs{"mode": "nearest"}, ts{words("a", "b").Reshape(1, 1, 2), at(-0.5, 0.5, 9)}, words("a", "b", "").Reshape(1, 1, 3)},
		{"float16", "GridSample", 20, Attrs{"align_corners": 1}, ts{as(line, tensor.Half), at(-0.5)}, halves(1.5).Reshape(1, 1, 1)},
		{"NaN reads as zero", "GridSample", 20, Attrs{"padding_mode": "reflection"}, ts{line, at(nan, inf)}, floats(0, 0).Reshape(1, 1, 2)},
		{"one element", "GridSample", 20, Attrs{"align_corners": 1, "padding_mode": "reflection"}, ts{floats(5).Reshape(1, 1, 1), at(3)}, floats(5).Reshape(1, 1, 1)},
		{"coordinates", "GridSample", 20, nil, ts{line, tensor.New(tensor.Float32, 1, 2, 2)}, nil},
		{"float16", "RoiAlign", 16, Attrs{"coordinate_transformation_mode": "output_half_pixel"}, ts{as(image, tensor.Half), as(box(0, 0, 1, 1), tensor.Half), ints(0)}, halves(2.5).Reshape(1, 1, 1, 1)},
		{"first set", "RoiAlign", 10, nil, ts{image, box(0, 0, 1, 1), ints(0)}, floats(2.5).Reshape(1, 1, 1, 1)},
		{"float64 maximum", "RoiAlign", 16, Attrs{"mode": "max", "sampling_ratio": 2}, ts{as(image, tensor.Float64), as(box(0, 0, 2, 2), tensor.Float64), ints(0)}, as(floats(4), tensor.Float64).Reshape(1, 1, 1, 1)},
		{"vast region", "RoiAlign", 16, nil, ts{image, box(-1e9, -1e9, 1e9, 1e9), ints(0)}, floats(0).Reshape(1, 1, 1, 1)},
		{"NaN region", "RoiAlign", 16, nil, ts{image, box(nan, 0, 1, 1), ints(0)}, nil},
		{"no such image", "RoiAlign", 16, nil, ts{image, box(0, 0, 1, 1), ints(1)}, nil},
		{"huge result", "RoiAlign", 16, Attrs{"output_height": 1 << 20, "output_width": 1 << 20}, ts{image, box(0, 0, 1, 1), ints(0)}, nil},
		{"huge sampling", "RoiAlign", 16, Attrs{"sampling_ratio": 1 << 30}, ts{image, box(0, 0, 1, 1), ints(0)}, nil},
		{"float16", "MaxRoiPool", 1, Attrs{"pooled_shape": []int{1, 2}}, ts{as(image, tensor.Half), as(box(0, 0, 0, 1, 1), tensor.Half)}, halves(3, 4).Reshape(1, 1, 1, 2)},
		{"outside", "MaxRoiPool", 1, Attrs{"pooled_shape": []int{1, 1}}, ts{image, box(0, 5, 5, 9, 9)}, floats(0).Reshape(1, 1, 1, 1)},
		{"no such image", "MaxRoiPool", 1, Attrs{"pooled_shape": []int{1, 1}}, ts{image, box(1, 0, 0, 1, 1)}, nil},
		{"huge result", "MaxRoiPool", 1, Attrs{"pooled_shape": []int{1 << 20, 1 << 20}}, ts{image, box(0, 0, 0, 1, 1)}, nil},
		{"float16", "MaxUnpool", 11, Attrs{"kernel_shape": []int{2}}, ts{halves(3, 4).Reshape(1, 1, 2), ints(2, 0).Reshape(1, 1, 2)}, halves(4, 0, 3).Reshape(1, 1, 3)},
		{"output_shape", "MaxUnpool", 11, Attrs{"kernel_shape": []int{1, 1}}, ts{image, ints(0, 1, 2, 3).Reshape(1, 1, 2, 2), ints(1, 1, 2, 3)}, floats(1, 2, 0, 3, 4, 0).Reshape(1, 1, 2, 3)},
		{"index outside", "MaxUnpool", 11, Attrs{"kernel_shape": []int{1}}, ts{line, ints(0, 1, 3).Reshape(1, 1, 3)}, nil},
		{"huge output_shape", "MaxUnpool", 11, Attrs{"kernel_shape": []int{1}}, ts{line, ints(0, 1, 2).Reshape(1, 1, 3), ints(1<<20, 1<<20, 3)}, nil},
		{"float16", "AffineGrid", 20, nil, ts{halves(1, 0, 0, 0, 1, 0).Reshape(1, 2, 3), ints(1, 1, 1, 2)}, halves(-0.5, 0, 0.5, 0).Reshape(1, 1, 2, 2)},
		{"huge size", "AffineGrid", 20, nil, ts{floats(1, 0, 0, 0, 1, 0).Reshape(1, 2, 3), ints(1, 1, 1<<20, 1<<20)}, nil},
		{"strings", "CenterCropPad", 18, nil, ts{words("a", "b", "c"), ints(2)}, words("a", "b")},
		{"float16", "CenterCropPad", 18, nil, ts{halves(1, 2), ints(5)}, halves(0, 1, 2, 0, 0)},
		{"huge shape", "CenterCropPad", 18, nil, ts{square2, ints(1<<20, 1<<20)}, nil},
	} {
		t.Run(c.op+"/"+c.name, c.check)
	}
}
