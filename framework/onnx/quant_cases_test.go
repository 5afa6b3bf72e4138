package onnx

import (
	"context"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func bytesOf(dims ...int) *tensor.Tensor { return as(pickInts(0, 256, dims...), tensor.Uint8) }

// sevenBits are bytes whose products with int8, two by two, fit into 16 bits: without
// VNNI onnxruntime saturates such pairs.
func sevenBits(dims ...int) *tensor.Tensor { return as(pickInts(0, 128, dims...), tensor.Uint8) }

func int8sOf(dims ...int) *tensor.Tensor { return as(pickInts(-128, 128, dims...), tensor.Int8) }
func zeroOf(dt tensor.DType, v ...int64) *tensor.Tensor {
	t := as(ints(v...), dt)
	if len(v) == 1 {
		t = t.Reshape()
	}
	return t
}

var scalar = tensor.Scalar[float32]

var _ = addCases(func() (out []opCase) {
	q, dq := "QuantizeLinear", "DequantizeLinear"
	for _, dt := range []tensor.DType{tensor.Uint8, tensor.Int8, tensor.Uint16, tensor.Int16} {
		out = append(out,
			opCase{op: q, ins: ts{normal(3, 4), scalar(0.013), zeroOf(dt, 7)}},
			opCase{op: q, attrs: Attrs{"axis": 0}, ins: ts{normal(3, 4), floats(0.01, 0.2, 1), zeroOf(dt, 0, 9, 100)}},
			opCase{op: q, attrs: Attrs{"axis": -1}, ins: ts{normal(2, 2, 3), uniform(0.01, 1, 3), zeroOf(dt, 1, 2, 3)}},
			opCase{op: q, attrs: Attrs{"axis": 1, "block_size": 2}, ins: ts{normal(2, 4, 3), uniform(0.01, 1, 2, 2, 3), as(pickInts(0, 100, 2, 2, 3), dt)}},
			opCase{op: q, attrs: Attrs{"output_dtype": dt}, ins: ts{normal(5), scalar(0.01)}},
			opCase{op: dq, ins: ts{as(pickInts(-99, 99, 3, 4), dt), scalar(0.013), zeroOf(dt, 7)}},
			opCase{op: dq, ins: ts{as(pickInts(0, 99, 3, 4, 2), dt), uniform(0.01, 1, 4), as(pickInts(0, 99, 4), dt)}},
			opCase{op: dq, attrs: Attrs{"axis": 0, "block_size": 2}, ins: ts{as(pickInts(0, 99, 4, 3), dt), uniform(0.01, 1, 2, 3), as(pickInts(0, 99, 2, 3), dt)}},
		)
	}
	ties := floats(nan, 0.5, 1.5, 2.5, -0.5, -1.5, 1e30, -1e30, inf, -inf)
	out = append(out,
		opCase{op: q, ins: ts{ties, scalar(1), zeroOf(tensor.Int8, 1)}}, opCase{op: q, ins: ts{ties, floats(1)}}, opCase{op: q, ins: ts{scalar(3), scalar(0.5)}},
		opCase{op: q, ins: ts{normal(0, 3), scalar(2)}},
		opCase{op: dq, ins: ts{as(ints(-1<<30, 5, 7, 900), tensor.Int32), scalar(2)}}, opCase{op: dq, ins: ts{bytesOf(3, 2), floats(0.1, 0.2)}},
		opCase{op: dq, attrs: Attrs{"axis": 0}, ins: ts{as(pickInts(-9999, 9999, 4), tensor.Int32), uniform(0.1, 1, 4), zeroOf(tensor.Int32, 0, 0, 0, 0)}},
	)
	for _, x := range []*tensor.Tensor{normal(40), uniform(1, 2, 3, 4), uniform(-2, -1, 3, 4), floats(0, 0), floats(-1, 0, 254)} {
		out = append(out, opCase{op: "DynamicQuantizeLinear", ins: ts{x}, outs: 3, kink: true})
	}
	return out
}())

var _ = addCases(func() (out []opCase) {
	mi, ml := "MatMulInteger", "QLinearMatMul"
	for _, c := range [][2]*tensor.Tensor{{bytesOf(3, 4), bytesOf(4, 2)}, {sevenBits(2, 3, 4), int8sOf(4, 2)}, {int8sOf(2, 3, 4), int8sOf(2, 4, 2)}} {
		a, b := c[0], c[1]
		out = append(out, opCase{op: mi, ins: ts{a, b}}, opCase{op: mi, ins: ts{a, b, zeroOf(a.DType(), 9), zeroOf(b.DType(), 3)}},
			opCase{op: ml, ins: ts{a, scalar(0.02), zeroOf(a.DType(), 90), b, scalar(0.03), zeroOf(b.DType(), 3), scalar(0.5), zeroOf(a.DType(), 17)}})
		if b.Rank() == 2 {
			out = append(out, opCase{op: mi, ins: ts{a, b, zeroOf(a.DType(), 9), zeroOf(b.DType(), 3, 100)}},
				opCase{op: ml, ins: ts{a, scalar(0.02), zeroOf(a.DType(), 90), b, floats(0.03, 0.001), zeroOf(b.DType(), 3, 3), floats(0.5), zeroOf(a.DType(), 17)}, fixed: 5})
		}
	}
	ci, qc := "ConvInteger", "QLinearConv"
	pads := Attrs{"pads": []int{1, 1, 1, 1}, "strides": []int{2, 1}}
	out = append(out,
		opCase{op: ci, ins: ts{bytesOf(2, 3, 5, 6), bytesOf(4, 3, 3, 3)}},
		opCase{op: ci, attrs: pads, ins: ts{bytesOf(2, 3, 5, 6), bytesOf(4, 3, 3, 3), zeroOf(tensor.Uint8, 100), zeroOf(tensor.Uint8, 7)}},
		opCase{op: ci, attrs: Attrs{"group": 2}, ins: ts{bytesOf(1, 4, 5), bytesOf(2, 2, 3), zeroOf(tensor.Uint8, 100)}},
		opCase{op: qc, attrs: pads, ins: ts{bytesOf(2, 3, 5, 6), scalar(0.02), zeroOf(tensor.Uint8, 100), bytesOf(4, 3, 3, 3), scalar(0.01), zeroOf(tensor.Uint8, 7), scalar(0.7), zeroOf(tensor.Uint8, 30)}},
		opCase{op: qc, attrs: Attrs{"group": 3}, ins: ts{sevenBits(2, 3, 5, 6), scalar(0.02), zeroOf(tensor.Uint8, 100), int8sOf(3, 1, 3, 3), floats(0.01, 0.1, 0.02), zeroOf(tensor.Int8, 0, 0, 0), scalar(0.7), zeroOf(tensor.Uint8, 30), as(pickInts(-999, 999, 3), tensor.Int32)}, fixed: 6},
		opCase{op: qc, ins: ts{int8sOf(1, 3, 5, 6), scalar(0.02), zeroOf(tensor.Int8, 10), int8sOf(2, 3, 2, 2), floats(0.01, 0.1), zeroOf(tensor.Int8, 0, 0), scalar(0.7), zeroOf(tensor.Int8, -30)}, fixed: 5},
	)
	return out
}())

// TestQuantisedRows has what onnxruntime lacks a kernel for.
func TestQuantisedRows(t *testing.T) {
	a, b := tensor.Of([]uint8{1, 2, 3, 4}, 2, 2), tensor.Of([]uint8{1, 0, 0, 1}, 2, 2)
	for _, c := range []struct {
		name string
		opCase
		want *tensor.Tensor
	}{
		{"zero points of rows", opCase{op: "MatMulInteger", ins: ts{a, b, tensor.Of([]uint8{1, 3}, 2)}}, tensor.Of([]int32{0, 1, 0, 1}, 2, 2)},
		{"pairs beyond 16 bits", opCase{op: "MatMulInteger", ins: ts{tensor.Of([]uint8{255, 255}, 1, 2), tensor.Of([]int8{127, -128, 127, -128}, 2, 2)}}, tensor.Of([]int32{64770, -65280}, 1, 2)},
		{"scales of rows", opCase{op: "QLinearMatMul", ins: ts{a, floats(1, 10), tensor.Of([]uint8{0, 0}, 2), b, scalar(1), tensor.Scalar(uint8(0)), floats(1, 2), tensor.Of([]uint8{5, 7}, 2)}},
			tensor.Of([]uint8{6, 7, 22, 27}, 2, 2)},
		{"float16", opCase{op: "DequantizeLinear", ins: ts{a, as(scalar(0.5), tensor.Half), tensor.Scalar(uint8(1))}}, as(tensor.Of([]float32{0, 0.5, 1, 1.5}, 2, 2), tensor.Half)},
		{"bfloat16", opCase{op: "QuantizeLinear", ins: ts{as(floats(1, 2.5, 3.5), tensor.BFloat), as(scalar(1), tensor.BFloat)}}, tensor.Of([]uint8{1, 2, 4}, 3)},
		{"int32", opCase{op: "QuantizeLinear", ins: ts{as(ints(-300, 5, 7, 900), tensor.Int32), tensor.Scalar(int32(2)), zeroOf(tensor.Int8, 0)}}, tensor.Of([]int8{-128, 2, 4, 127}, 4)},
		{"zero points of channels", opCase{op: "ConvInteger", ins: ts{tensor.Of([]uint8{1, 2, 3}, 1, 1, 3), tensor.Of([]uint8{5, 9}, 2, 1, 1), tensor.Scalar(uint8(1)), tensor.Of([]uint8{4, 7}, 2)}},
			tensor.Of([]int32{0, 1, 2, 0, 2, 4}, 1, 2, 3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, feeds := c.model()
			got, err := runOld(t, m, feeds)
			if err != nil {
				t.Fatal(err)
			}
			if diff := compare(got, c.want, 0); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuantisedMistakes(t *testing.T) {
	x, s := tensor.Of([]float32{1, 2, 3, 4}, 2, 2), scalar(1)
	u := tensor.Of([]uint8{1, 2, 3, 4}, 2, 2)
	z := tensor.Scalar(uint8(0))
	for _, c := range []struct {
		opCase
		want string
	}{
		{opCase{op: "QuantizeLinear", ins: ts{x, floats(1, 2, 3)}}, "does not suit axis 1"},
		{opCase{op: "QuantizeLinear", attrs: Attrs{"axis": 5}, ins: ts{x, floats(1, 2)}}, "attribute axis"},
		{opCase{op: "QuantizeLinear", attrs: Attrs{"block_size": -1}, ins: ts{x, s}}, "block_size"},
		{opCase{op: "QuantizeLinear", attrs: Attrs{"block_size": 2}, ins: ts{x, floats(1, 2)}}, "in blocks of 2"},
		{opCase{op: "QuantizeLinear", ins: ts{x, s, tensor.Scalar(int64(0))}}, "quantising to int64"},
		{opCase{op: "QuantizeLinear", attrs: Attrs{"output_dtype": tensor.Int8}, ins: ts{x, s, z}}, "the zero point is uint8"},
		{opCase{op: "QuantizeLinear", ins: ts{x, s, tensor.Of([]uint8{1, 2}, 2)}}, "the zero point"},
		{opCase{op: "DequantizeLinear", ins: ts{u, s, tensor.Scalar(int8(0))}}, "differ in type"},
		{opCase{op: "DequantizeLinear", ins: ts{u, tensor.Scalar(1.0)}}, "dequantising to float64"},
		{opCase{op: "QuantizeLinear", ins: ts{x, tensor.Scalar(1.0)}}, "the scale"},
		{opCase{op: "MatMulInteger", ins: ts{u, x}}, "float32 is not supported"},
		{opCase{op: "MatMulInteger", ins: ts{u, u, tensor.Of([]uint8{1, 2, 3}, 3)}}, "do not broadcast"},
		{opCase{op: "QLinearMatMul", ins: ts{u, s, z, u, s, z, s, tensor.Scalar(int64(0))}}, "int64 is not supported"},
		{opCase{op: "QLinearMatMul", ins: ts{u, s, z, u, tensor.New(tensor.Float32, 3, 2, 2), z, s, z}}, "do not suit a result"},
		{opCase{op: "QLinearConv", ins: ts{tensor.New(tensor.Uint8, 1, 1, 3), floats(1, 2), z, tensor.New(tensor.Uint8, 1, 1, 1), s, z, s, z}}, "input 1"},
		{opCase{op: "ConvInteger", ins: ts{tensor.New(tensor.Uint8, 1, 1, 3), tensor.New(tensor.Uint8, 2, 1, 1), z, tensor.New(tensor.Uint8, 3)}}, "do not broadcast"},
	} {
		wantError(t, c.opCase, c.want)
	}
}

// wantError runs c and looks for want in its error.
func wantError(t *testing.T, c opCase, want string) {
	t.Helper()
	m, feeds := c.model()
	s, err := NewSession(m, nil)
	if err == nil {
		_, err = s.Run(context.Background(), feeds)
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s %v: error %v, want %q in it", c.op, c.attrs, err, want)
	}
}
