package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// cropTo is a Resize of the part of x that roi names. The reference runtime skips
// axes that keep their size, whatever their roi, so none here does.
func cropTo(attrs Attrs, x, roi, sizes *tensor.Tensor) opCase {
	attrs["coordinate_transformation_mode"] = "tf_crop_and_resize"
	return opCase{op: "Resize", attrs: attrs, ins: ts{x, roi, nil, sizes}, fixed: 1}
}

var _ = addCases(func() (out []opCase) {
	for _, mode := range []string{"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"} {
		for _, interpolation := range []string{"nearest", "linear", "cubic"} {
			a := Attrs{"mode": interpolation, "coordinate_transformation_mode": mode}
			out = append(out, resize(a, normal(1, 2, 5, 7), nil, ints(1, 2, 8, 4)), resize(a, normal(1, 1, 6, 4), floats(1, 1, 0.5, 2.5), nil))
		}
	}
	out = append(out,
		resize(Attrs{"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}, normal(1, 2, 5, 7), nil, ints(1, 2, 8, 4)),
		resize(Attrs{"mode": "cubic", "coordinate_transformation_mode": "asymmetric", "exclude_outside": 1}, normal(1, 2, 5, 7), nil, ints(1, 2, 9, 3)),
		resize(Attrs{"mode": "cubic", "antialias": 1}, normal(1, 2, 15, 7), nil, ints(1, 2, 4, 12)),
		resize(Attrs{"mode": "cubic", "antialias": 1, "cubic_coeff_a": -0.5, "exclude_outside": 1}, normal(1, 2, 15, 17), nil, ints(1, 2, 4, 5)),
		resize(Attrs{"mode": "linear", "antialias": 1, "exclude_outside": 1}, normal(1, 2, 15, 17), nil, ints(1, 2, 4, 5)),
		resize(Attrs{"mode": "cubic"}, normal(4, 6), nil, ints(7, 3)), resize(Attrs{"mode": "linear"}, normal(1, 2, 3, 4, 5), nil, ints(1, 2, 5, 3, 6)),
		resize(Attrs{"mode": "linear", "axes": []int{3, 2}}, normal(1, 2, 3, 4), floats(2, 1.5), nil),
		resize(Attrs{"mode": "linear", "keep_aspect_ratio_policy": "not_larger", "axes": []int{2, 3}}, normal(1, 2, 4, 6), nil, ints(7, 8)),
		resize(Attrs{"mode": "linear", "keep_aspect_ratio_policy": "not_smaller", "axes": []int{2, 3}}, normal(1, 2, 4, 6), nil, ints(7, 8)),
		resize(Attrs{"mode": "nearest", "keep_aspect_ratio_policy": "not_larger"}, normal(4, 6), nil, ints(3, 3)),
		resize(Attrs{"mode": "linear"}, as(pickInts(0, 255, 1, 1, 4, 5), tensor.Uint8), nil, ints(1, 1, 8, 10)), resize(Attrs{"mode": "linear"}, as(pickInts(-99, 99, 1, 1, 4, 5), tensor.Int32), nil, ints(1, 1, 8, 10)), // of quarters, so that float32 is exact
		cropTo(Attrs{"mode": "linear", "extrapolation_value": 9.0}, normal(1, 2, 5, 6), floats(0, 0, 0.2, 0.1, 1, 1, 0.7, 1.4), ints(1, 2, 4, 7)),
		cropTo(Attrs{"mode": "linear", "extrapolation_value": 9.0}, normal(5, 6), floats(0.2, 0.1, 0.7, 1.4), ints(4, 7)),
		cropTo(Attrs{"mode": "linear", "extrapolation_value": 9.0}, normal(1, 1, 5, 6), floats(0, 0, 0.2, 0.1, 1, 1, 0.7, 0.8), ints(1, 1, 4, 8)),
		cropTo(Attrs{"mode": "nearest", "extrapolation_value": 9.0}, normal(1, 2, 5, 6), floats(0, 0, -0.2, 0.1, 1, 1, 0.7, 0.4), ints(1, 2, 4, 1)),
		cropTo(Attrs{"mode": "cubic"}, normal(5, 6), floats(0.1, 0.2, 0.9, 0.6), ints(4, 7)),
	)
	for i, c := range out { // the graph has half-pixel centres, nearest and linear
		at := c.attrs["coordinate_transformation_mode"]
		out[i].host = c.attrs["mode"] == "cubic" || at != nil && at != "half_pixel"
	}
	return out
}())

// TestResizeByHand has what the reference runtime has otherwise or not at all.
func TestResizeByHand(t *testing.T) {
	row := floats(0, 1, 2, 3)
	for _, c := range []oldCase{
		{"unrounded length", "Resize", 13, Attrs{"mode": "linear", "coordinate_transformation_mode": "align_corners"}, ts{floats(0, 3, 6, 9), nil, floats(0.6)}, floats(0, 9/1.4)},
		{"float64", "Resize", 13, Attrs{"mode": "linear"}, ts{as(floats(0, 2), tensor.Float64), nil, floats(2)}, as(floats(0, 0.5, 1.5, 2), tensor.Float64)},
		{"float16", "Resize", 13, Attrs{"mode": "linear"}, ts{halves(0, 2), nil, floats(2)}, halves(0, 0.5, 1.5, 2)},
		{"bfloat16", "Resize", 13, Attrs{"mode": "nearest"}, ts{as(floats(0, 2), tensor.BFloat), nil, floats(2)}, as(floats(0, 0, 2, 2), tensor.BFloat)},
		{"strings", "Resize", 13, nil, ts{words("a", "b"), nil, floats(2)}, words("a", "a", "b", "b")},
		{"strings do not blend", "Resize", 13, Attrs{"mode": "linear"}, ts{words("a", "b"), nil, floats(2)}, nil},
		{"cubic ends at the bounds of uint8", "Resize", 13, Attrs{"mode": "cubic"}, ts{as(floats(0, 0, 255, 255), tensor.Uint8), nil, nil, ints(8)}, as(floats(0, 0, 0, 57, 197, 255, 255, 255), tensor.Uint8)},
		{"integers are cut off", "Resize", 13, Attrs{"mode": "linear"}, ts{as(ints(-1, -2), tensor.Int8), nil, nil, ints(4)}, as(ints(-1, -1, -1, -2), tensor.Int8)},
		{"integers are rounded with antialias", "Resize", 18, Attrs{"mode": "linear", "antialias": 1}, ts{as(ints(-10, -20, -30, -40), tensor.Int8), nil, nil, ints(2)}, as(ints(-16, -34), tensor.Int8)}, // −16.25, −33.75
		{"cubic in one dimension", "Resize", 13, Attrs{"mode": "cubic"}, ts{row, nil, nil, ints(2)}, floats(0.40625, 2.59375)},
		{"tf_half_pixel_for_nn", "Resize", 11, Attrs{"coordinate_transformation_mode": "tf_half_pixel_for_nn", "nearest_mode": "floor"}, ts{row, nil, floats(0.5)}, floats(1, 3)},
		{"policy", "Resize", 18, Attrs{"keep_aspect_ratio_policy": "not_smaller"}, ts{row.Reshape(2, 2), nil, nil, ints(1, 2)}, row.Reshape(2, 2)},
		{"roi of float64", "Resize", 13, Attrs{"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 7.0}, ts{row, tensor.Of([]float64{0, 2}, 2), nil, ints(3)}, floats(0, 3, 7)},
		{"NaN roi", "Resize", 13, Attrs{"mode": "cubic", "coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 7.0}, ts{row, floats(nan, inf), nil, ints(2)}, floats(7, 7)},
		{"no roi", "Resize", 13, Attrs{"coordinate_transformation_mode": "tf_crop_and_resize"}, ts{row, nil, floats(2)}, nil},
		{"empty batch", "Resize", 13, nil, ts{normal(0, 2), nil, floats(1, 2)}, normal(0, 4)},
		{"huge scales", "Resize", 13, nil, ts{normal(1, 2), nil, floats(1e6, 1e6)}, nil},
		{"huge sizes", "Resize", 13, Attrs{"mode": "cubic"}, ts{normal(2, 2), nil, nil, ints(1<<20, 1<<20)}, nil},
		{"long axis", "Resize", 13, Attrs{"mode": "linear"}, ts{normal(2), nil, nil, ints(1 << 27)}, nil},
		{"huge on the way", "Resize", 13, Attrs{"mode": "linear"}, ts{normal(1<<20, 1), nil, nil, ints(1, 1<<10)}, tensor.New(tensor.Float32, 1<<20)},
		{"set 10 shrinks", "Resize", 10, nil, ts{floats(0, 1, 2, 3, 4), floats(0.6)}, floats(0, 2, 4)},
		{"set 10 grows", "Resize", 10, Attrs{"mode": "linear"}, ts{floats(0, 1), floats(2)}, floats(0, 0.5, 1, 1)},
		{"integers", "Upsample", 9, nil, ts{ints(3, 4), floats(2)}, ints(3, 3, 4, 4)},
		{"float16", "Upsample", 9, Attrs{"mode": "linear"}, ts{halves(1, 2), floats(2)}, halves(1, 1.5, 2, 2)},
	} {
		t.Run(c.op+"/"+c.name, func(t *testing.T) {
			if c.name == "huge on the way" { // its size is the point, not its values
				m, feeds := opCase{op: c.op, attrs: c.attrs, ins: c.ins}.model()
				got, err := runOld(t, m, feeds)
				if err != nil || got.Len() != 1<<10 {
					t.Error(got, err)
				}
				return
			}
			c.check(t)
		})
	}
}
