package onnx

import (
	"context"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// oldCase is a node of an operator set that the reference runtime no longer
// reads, with the result that ONNX's Changelog.md gives it; a nil want is an error.
type oldCase struct {
	name, op string
	version  int64
	attrs    Attrs
	ins      ts
	want     *tensor.Tensor
}

var (
	square2 = tensor.Of([]float32{1, 2, 3, 4}, 2, 2)
	tall    = tensor.Of([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2)
)

var oldCases = []oldCase{
	{"suffix", "Add", 6, Attrs{"broadcast": 1}, ts{square2, floats(10, 20)}, tensor.Of([]float32{11, 22, 13, 24}, 2, 2)},
	{"axis 0", "Add", 6, Attrs{"broadcast": 1, "axis": 0}, ts{square2, floats(10, 20)}, tensor.Of([]float32{11, 12, 23, 24}, 2, 2)},
	{"scalar", "Mul", 1, Attrs{"broadcast": 1}, ts{square2, tensor.Scalar(float32(2))}, tensor.Of([]float32{2, 4, 6, 8}, 2, 2)},
	{"axis 1 of 3", "Sub", 6, Attrs{"broadcast": 1, "axis": 1}, ts{tall, floats(1, 3)}, tensor.Of([]float32{0, 1, 0, 1, 4, 5, 4, 5}, 2, 2, 2)},
	{"no broadcast", "Add", 6, nil, ts{square2, floats(10, 20)}, nil},
	{"first operand grows", "Add", 6, Attrs{"broadcast": 1}, ts{floats(10, 20), square2}, nil},
	{"axis outside", "Add", 6, Attrs{"broadcast": 1, "axis": 2}, ts{square2, floats(1, 2)}, nil},
	{"axis", "Greater", 1, Attrs{"broadcast": 1, "axis": 0}, ts{square2, floats(1, 3)}, tensor.Of([]bool{false, true, false, true}, 2, 2)},
	{"axis", "And", 1, Attrs{"broadcast": 1, "axis": 0}, ts{tensor.Of([]bool{true, true, true, true}, 2, 2), bools(true, false)}, tensor.Of([]bool{true, true, false, false}, 2, 2)},
	{"axis", "Pow", 1, Attrs{"broadcast": 1, "axis": 0}, ts{square2, floats(1, 2)}, tensor.Of([]float32{1, 2, 9, 16}, 2, 2)},
	{"slope by channel", "PRelu", 6, nil, ts{tensor.Of([]float32{-1, -2, -3, -4}, 1, 2, 2), floats(1, 10)}, tensor.Of([]float32{-1, -2, -30, -40}, 1, 2, 2)},
	{"shared slope", "PRelu", 1, nil, ts{tensor.Of([]float32{-1, 2}, 1, 2), floats(5)}, tensor.Of([]float32{-5, 2}, 1, 2)},
	{"name", "Cast", 1, Attrs{"to": "INT32"}, ts{floats(1.5, -2)}, tensor.Of([]int32{1, -2}, 2)},
	{"name", "Cast", 1, Attrs{"to": "DOUBLE"}, ts{floats(1.5)}, tensor.Of([]float64{1.5}, 1)},
	{"unknown name", "Cast", 1, Attrs{"to": "HALF"}, ts{floats(1.5)}, nil},
	{"paddings", "Pad", 1, Attrs{"paddings": []int{1, 0}, "value": 9.0}, ts{floats(1)}, floats(9, 1)},
	{"pads", "Pad", 2, Attrs{"pads": []int{0, 1}}, ts{floats(1)}, floats(1, 0)},
	{"shape", "Reshape", 1, Attrs{"shape": []int{-1, 1}}, ts{floats(1, 2)}, tensor.Of([]float32{1, 2}, 2, 1)},
	{"tiles and axis", "Tile", 1, nil, ts{square2, tensor.Scalar(int64(2)), tensor.Scalar(int64(1))}, tensor.Of([]float32{1, 2, 1, 2, 3, 4, 3, 4}, 2, 4)},
	{"axis outside", "Tile", 1, nil, ts{square2, tensor.Scalar(int64(2)), tensor.Scalar(int64(2))}, nil},
	{"repeats", "Tile", 6, nil, ts{square2, ints(1, 2)}, tensor.Of([]float32{1, 2, 1, 2, 3, 4, 3, 4}, 2, 4)},
	{"attributes", "Slice", 1, Attrs{"starts": []int{1}, "ends": []int{2}, "axes": []int{1}}, ts{square2}, tensor.Of([]float32{2, 4}, 2, 1)},
	{"attribute", "Split", 2, Attrs{"split": []int{1}, "axis": 0}, ts{floats(4)}, floats(4)},
	{"attributes", "Clip", 6, Attrs{"min": 0.0, "max": 1.0}, ts{floats(-1, 0.5, 2)}, floats(0, 0.5, 1)},
	{"attribute", "TopK", 1, Attrs{"k": 1}, ts{floats(1, 3, 2)}, floats(3)},
	{"attribute", "ReduceSum", 1, Attrs{"axes": []int{0}, "keepdims": 0}, ts{square2}, floats(4, 6)},
	{"attribute", "Squeeze", 1, Attrs{"axes": []int{0}}, ts{tensor.Of([]float32{1, 2}, 1, 2)}, floats(1, 2)},
	{"attribute", "Unsqueeze", 1, Attrs{"axes": []int{0}}, ts{floats(1, 2)}, tensor.Of([]float32{1, 2}, 1, 2)},
	{"axis 1", "Concat", 1, nil, ts{square2, square2}, tensor.Of([]float32{1, 2, 1, 2, 3, 4, 3, 4}, 2, 4)},
	{"all axes from 1 on", "Softmax", 1, nil, ts{tensor.New(tensor.Float32, 1, 2, 2)}, tensor.Of([]float32{.25, .25, .25, .25}, 1, 2, 2)},
	{"broadcast", "Gemm", 6, Attrs{"broadcast": 1}, ts{square2, tensor.Of([]float32{1, 0, 0, 1}, 2, 2), floats(1, 2)}, tensor.Of([]float32{2, 4, 4, 6}, 2, 2)},
	{"spatial", "BatchNormalization", 6, Attrs{"is_test": 1, "epsilon": 0.0}, ts{tensor.Of([]float32{1, 2, 3, 4}, 1, 2, 2), floats(1, 2), floats(0, 1), floats(1, 3), floats(1, 1)}, tensor.Of([]float32{0, 1, 1, 3}, 1, 2, 2)},
	{"by position", "BatchNormalization", 6, Attrs{"is_test": 1, "spatial": 0, "epsilon": 0.0}, ts{tensor.Of([]float32{1, 2, 3, 4}, 1, 2, 2), tensor.Of([]float32{1, 2, 3, 4}, 2, 2), tensor.Of([]float32{0, 0, 0, 1}, 2, 2), tensor.Of([]float32{0, 0, 0, 0}, 2, 2), tensor.Of([]float32{1, 1, 1, 1}, 2, 2)}, tensor.Of([]float32{1, 4, 9, 17}, 1, 2, 2)},
	{"training", "BatchNormalization", 6, Attrs{"epsilon": 0.0}, ts{tensor.Of([]float32{1, 3}, 2, 1), floats(2), floats(1), floats(9), floats(9)}, tensor.Of([]float32{-1, 3}, 2, 1)},
	{"test", "Dropout", 6, Attrs{"is_test": 1}, ts{floats(1, 2)}, floats(1, 2)},
	{"training that drops nothing", "Dropout", 6, Attrs{"ratio": 0.0}, ts{floats(1, 2)}, floats(1, 2)},
	{"ratio outside", "Dropout", 6, Attrs{"ratio": 1.5}, ts{floats(1, 2)}, nil},
	{"border", "AveragePool", 1, Attrs{"kernel_shape": []int{2}, "pads": []int{1, 0}}, ts{tensor.Of([]float32{2, 4}, 1, 1, 2)}, tensor.Of([]float32{2, 3}, 1, 1, 2)},
	{"named scales", "Upsample", 1, Attrs{"height_scale": 1.0, "width_scale": 2.0}, ts{tensor.Of([]float32{1, 2}, 1, 1, 1, 2)}, tensor.Of([]float32{1, 1, 2, 2}, 1, 1, 1, 4)},
	{"scales", "Upsample", 7, Attrs{"scales": []float32{1, 2}}, ts{tensor.Of([]float32{1, 2}, 1, 2)}, tensor.Of([]float32{1, 1, 2, 2}, 1, 4)},
	{"linear", "Upsample", 9, Attrs{"mode": "linear"}, ts{tensor.Of([]float32{1, 2}, 1, 2), floats(1, 2)}, tensor.Of([]float32{1, 1.5, 2, 2}, 1, 4)},
	{"no scales", "Upsample", 9, nil, ts{tensor.Of([]float32{1, 2}, 1, 2)}, nil},
}

func TestOldOperatorSets(t *testing.T) {
	for _, c := range oldCases {
		t.Run(c.op+"/"+c.name, c.check)
	}
}

func (c oldCase) check(t *testing.T) {
	m, feeds := opCase{op: c.op, attrs: c.attrs, ins: c.ins}.model()
	m.Opsets[0].Version = c.version
	got, err := runOld(t, m, feeds)
	if c.want == nil {
		if err == nil {
			t.Fatalf("no error but %v", got)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := compare(got, c.want, 1e-6); diff != "" {
		t.Error(diff)
	}
}

func runOld(t *testing.T, m *Model, feeds map[string]*tensor.Tensor) (*tensor.Tensor, error) {
	s, err := NewSession(m, testDevice(t))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	out, err := s.Run(context.Background(), feeds)
	return out["out0"], err
}

// TestOldOperatorSetsOnTheDevice has a product make a segment around the sum.
func TestOldOperatorSetsOnTheDevice(t *testing.T) {
	b := NewBuilder("case")
	x := b.Input("x", tensor.Float32, "N", 2)
	y := b.Op("MatMul", nil, x, b.Const(tensor.Of([]float32{1, 0, 0, 1}, 2, 2)))
	for _, bias := range []string{b.Const(floats(10, 20)), b.Input("bias", tensor.Float32, 2)} {
		y = b.Op("Add", Attrs{"broadcast": 1, "axis": 0}, y, bias)
	}
	b.Output("out0", y, tensor.Float32, "N", 2)
	m := b.Model()
	m.Opsets = []*Opset{{Version: 6}}
	got, err := runOld(t, m, map[string]*tensor.Tensor{"x": square2, "bias": floats(100, 200)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := compare(got, tensor.Of([]float32{111, 112, 223, 224}, 2, 2), 0); diff != "" {
		t.Error(diff)
	}
}

func TestUnsupportedOperators(t *testing.T) {
	data := as(ints(1, 2), tensor.Uint8)
	wantError(t, opCase{op: "ImageDecoder", ins: ts{data}}, `(ImageDecoder): this operator is not supported; make its output, uint8 [height,width,channels], an input`)
	wantError(t, opCase{op: "NoSuch", ins: ts{data}}, "(NoSuch): this operator is not supported")
}
