package onnx

import (
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = addCases([]opCase{
	{op: "ScatterElements", attrs: Attrs{"reduction": "mul", "axis": 1}, ins: ts{normal(2, 4), tensor.Of([]int64{1, 1, 2, 0, 3, 0}, 2, 3), normal(2, 3)}},
	{op: "ScatterND", attrs: Attrs{"reduction": "mul"}, ins: ts{normal(4, 2), tensor.Of([]int64{1, 1, 3}, 3, 1), normal(3, 2)}},
	{op: "ScatterND", attrs: Attrs{"reduction": "max"}, ins: ts{normal(4, 2), tensor.Of([]int64{1, 0, 2, 1}, 2, 2), normal(2)}},
	{op: "Resize", attrs: Attrs{"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 7.0},
		ins: ts{normal(1, 2, 5, 4), floats(0, 0, 0.3, -0.2, 1, 1, 1.4, 0.8), nil, ints(1, 2, 6, 3)}, fixed: 3},
	{op: "Col2Im", attrs: Attrs{"strides": []int{2, 1}, "pads": []int{1, 0, 0, 1}}, ins: ts{normal(1, 8, 8), ints(3, 4), ints(2, 2)}, fixed: 2},
	{op: "MaxRoiPool", attrs: Attrs{"pooled_shape": []int{2, 3}}, ins: ts{normal(2, 2, 4, 5), tensor.Of([]float32{0, 0, 0, 4, 3, 1, 1.5, 2.2, 7.1, 4, 1, 3, 2, 4, 14}, 3, 5)}, fixed: 1},
	{op: "CenterCropPad", ins: ts{normal(3, 4), ints(6, 1)}, fixed: 1}, {op: "STFT", ins: ts{normal(2, 12, 1), tensor.Scalar(int64(3)), normal(6)}, fixed: 2},
	{op: "DFT", attrs: Attrs{"inverse": 1}, ins: ts{normal(2, 5, 2), tensor.Scalar(int64(7))}, fixed: 1},
	{op: "STFT", ins: ts{normal(2, 12, 1), tensor.Scalar(int64(3)), normal(6), tensor.Scalar(int64(6))}},
	{op: "BatchNormalization", attrs: Attrs{"training_mode": 1, "momentum": 0.8}, ins: ts{normal(3, 2, 4), normal(2), normal(2), normal(2), uniform(0.3, 2, 2)}, outs: 3},
	{op: "Cast", attrs: Attrs{"to": tensor.Float32}, ins: ts{normal(3)}}, {op: "ReduceL2", ins: ts{floats(3, 4), ints(0)}, fixed: 1},
	{op: "AveragePool", attrs: Attrs{"kernel_shape": []int{2, 3}, "dilations": []int{2, 1}, "pads": []int{1, 1, 0, 1}}, ins: ts{normal(1, 2, 5, 4)}},
	{op: "Round", ins: ts{floats(0.3, 1.7, -2.4)}}, {op: "Sign", ins: ts{floats(-2, 0.5)}},
	{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{2, 3}, "dilations": []int{3, 2}, "pads": []int{1, 1, 1, 2}, "strides": []int{1, 2}}, ins: ts{normal(1, 2, 6, 5)}},
	{op: "Shrink", attrs: Attrs{"lambd": 0.4, "bias": 0.3}, ins: ts{normal(9)}}, {op: "Selu", attrs: Attrs{"alpha": 0.5, "gamma": 2.0}, ins: ts{normal(9)}},
})

// Regions of which no sample falls on an element or the edge of the image, where
// the gradient jumps.
var _ = addCases(func() (out []opCase) {
	rois := tensor.Of([]float32{0.71, 0.33, 3.1, 2.9, -1.2, 1.13, 2.37, 5.4, 4.03, 0.6, 1.2, 0.77}, 3, 4)
	for _, mode := range []string{"avg", "max"} {
		for ratio := range 3 {
			for _, coordinates := range []string{"half_pixel", "output_half_pixel"} {
				c := opCase{op: "RoiAlign", attrs: Attrs{"mode": mode, "sampling_ratio": ratio, "coordinate_transformation_mode": coordinates, "output_height": 2, "output_width": 3, "spatial_scale": 0.9},
					ins: ts{normal(2, 2, 5, 6), rois, ints(1, 0, 1)}}
				if ratio == 0 { // the number of samples follows from known regions
					c.ins[2], c.fixed = tensor.Of([]int64{1, 0, 1}, 3), 2
				}
				out = append(out, c)
			}
		}
	}
	return out
}())

// valueAndGradient runs m as a network on x and gives its first output y with the
// gradient of Σ y by x.
func valueAndGradient(t *testing.T, m *Model, x *tensor.Tensor) (y, dx []float32) {
	t.Helper()
	net, err := Import(m, nn.NewParams(1), ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Train)
	var in, out []*graph.Node
	if err := graph.Trace(func() {
		in = net.NewInputs(g)
		out = net.Forward(in...)
		out = append(out[:1:1], graph.Grad(graph.Sum(out[0]), in[0])...)
	}); err != nil {
		t.Fatal(err)
	}
	exec, err := graph.Compile(device, graph.Program{Inputs: in, Outputs: out})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	got, err := exec.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(got[0].Float32s()), slices.Clone(got[1].Float32s())
}

// TestQuantisedGradient: the gradient goes straight through a pair of QuantizeLinear
// and DequantizeLinear, but for what the integers cannot hold.
func TestQuantisedGradient(t *testing.T) {
	x := floats(-100, -63.9, 0.3, 0.8, 63.4, 70)
	for _, c := range []struct {
		zero *tensor.Tensor
		want []float32
		grad []float32
	}{
		{tensor.Scalar(uint8(128)), []float32{-64, -64, 0.5, 1, 63.5, 63.5}, []float32{0, 1, 1, 1, 1, 0}},
		{tensor.Scalar(int8(0)), []float32{-64, -64, 0.5, 1, 63.5, 63.5}, []float32{0, 1, 1, 1, 1, 0}},
		{tensor.Scalar(uint8(0)), []float32{0, 0, 0.5, 1, 63.5, 70}, []float32{0, 0, 1, 1, 1, 1}},
	} {
		b := NewBuilder("grid")
		scale, zero := b.Float(0.5), b.Const(c.zero)
		q := b.Op("QuantizeLinear", nil, b.Input("x", tensor.Float32, 6), scale, zero)
		b.Output("y", b.Op("DequantizeLinear", nil, q, scale, zero), tensor.Float32, 6)
		y, dx := valueAndGradient(t, b.Model(), x)
		if !slices.Equal(y, c.want) || !slices.Equal(dx, c.grad) {
			t.Errorf("zero point %v: got %v and the gradient %v, want %v and %v", c.zero, y, dx, c.want, c.grad)
		}
	}
}

// TestDynamicGradient: all of x lies within its own range, so that the gradient is 1.
func TestDynamicGradient(t *testing.T) {
	b := NewBuilder("dynamic")
	q := b.OpN(3, "DynamicQuantizeLinear", nil, b.Input("x", tensor.Float32, 4))
	b.Output("y", b.Op("DequantizeLinear", nil, q...), tensor.Float32, 4)
	y, dx := valueAndGradient(t, b.Model(), floats(-1, 0, 0.303, 1.55))
	if diff := compare(floats(y...), floats(-1, 0, 0.3, 1.55), 1e-6); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(dx, []float32{1, 1, 1, 1}) {
		t.Errorf("the gradient is %v", dx)
	}
}

// TestUnpooledGradient: what overlapping windows take twice comes back once, and its
// gradient with it.
func TestUnpooledGradient(t *testing.T) {
	b := NewBuilder("unpool")
	attrs := Attrs{"kernel_shape": []int{2}, "strides": []int{1}}
	p := b.OpN(2, "MaxPool", attrs, b.Input("x", tensor.Float32, 1, 1, 4))
	b.Output("y", b.Op("MaxUnpool", attrs, p...), tensor.Float32, 1, 1, 4)
	y, dx := valueAndGradient(t, b.Model(), floats(1, 5, 2, 3).Reshape(1, 1, 4))
	if !slices.Equal(y, []float32{0, 5, 0, 3}) || !slices.Equal(dx, []float32{0, 1, 0, 1}) {
		t.Errorf("got %v with the gradient %v", y, dx)
	}
}

// TestDequantisedWeights: weights stored as integers are constants unless the options
// make them variables of their values.
func TestDequantisedWeights(t *testing.T) {
	b := NewBuilder("stored")
	w := b.Op("DequantizeLinear", nil, b.Const(tensor.Of([]int8{2, -4}, 2, 1)), b.Float(0.5), b.Const(tensor.Scalar(int8(0))))
	b.Output("y", b.Op("MatMul", nil, b.Input("x", tensor.Float32, 1, 2), w), tensor.Float32, 1, 1)
	for _, yes := range []bool{false, true} {
		p := nn.NewParams(1)
		if _, err := Import(b.Model(), p, ImportOptions{Dequantised: yes}); err != nil {
			t.Fatal(err)
		}
		vars := p.Variables()
		if !yes && len(vars) != 0 {
			t.Errorf("%d variables without the option", len(vars))
		}
		if yes && (len(vars) != 1 || !slices.Equal(vars[0].Value().Float32s(), []float32{1, -2})) {
			t.Errorf("%v with the option, want one variable of 1 and -2", vars)
		}
	}
}

// A deformable convolution small enough for differences; its samples lie away
// from whole positions, where the derivative jumps.
var _ = addCases([]opCase{{op: "DeformConv", attrs: Attrs{"group": 2, "offset_group": 2}, ins: ts{
	normal(1, 2, 3, 3), normal(2, 1, 2, 2), uniform(0.15, 0.4, 1, 16, 2, 2), normal(2), uniform(0.5, 1, 1, 8, 2, 2)}}})
