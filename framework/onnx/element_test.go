package onnx

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var wholeTypes = []tensor.DType{tensor.Int8, tensor.Uint8, tensor.Int16, tensor.Uint16, tensor.Int32, tensor.Uint32, tensor.Int64, tensor.Uint64}

// Types that the reference runtime has a kernel for too.
var _ = addCases(func() (out []opCase) {
	for _, dt := range wholeTypes {
		out = append(out,
			opCase{op: "Cast", attrs: Attrs{"to": dt}, ins: ts{floats(0, 1.9, 100)}}, opCase{op: "Cast", attrs: Attrs{"to": dt}, ins: ts{words("7", "100")}},
			opCase{op: "Cast", attrs: Attrs{"to": tensor.String}, ins: ts{as(ints(7, 100), dt)}}, opCase{op: "Cast", attrs: Attrs{"to": tensor.Float64}, ins: ts{as(ints(7, 100), dt)}},
			opCase{op: "Mod", ins: ts{as(ints(7, 9), dt), as(ints(4, 3), dt)}}, opCase{op: "Identity", ins: ts{as(ints(7, 9), dt)}},
			opCase{op: "Transpose", ins: ts{as(pickInts(0, 9, 2, 3), dt)}}, opCase{op: "Concat", attrs: Attrs{"axis": 0}, ins: ts{as(ints(7, 9), dt), as(ints(4), dt)}},
		)
	}
	for _, dt := range []tensor.DType{tensor.Int32, tensor.Uint32, tensor.Int64, tensor.Uint64} {
		big := as(tensor.Of([]int64{1<<53 + 1, 3, 1 << 53, 5}, 4), dt)
		out = append(out, opCase{op: "Max", ins: ts{big, as(ints(4), dt)}}, opCase{op: "Min", ins: ts{big, as(ints(4), dt)}},
			opCase{op: "Add", ins: ts{big, big}}, opCase{op: "Mul", ins: ts{as(ints(3, 4), dt), as(ints(5), dt)}}, opCase{op: "Sign", ins: ts{big}}, opCase{op: "Abs", ins: ts{big}})
	}
	for _, op := range []string{"ReduceMax", "ReduceMin", "ReduceSum"} {
		out = append(out, opCase{op: op, ins: ts{ints(1<<53+1, 1<<53, 1<<53-1), ints(0)}, fixed: 1})
	}
	return append(out,
		opCase{op: "CumSum", ins: ts{tensor.Of([]float64{1, 2, 3}, 3), tensor.Scalar(int64(0))}},
		opCase{op: "TopK", ins: ts{as(ints(4, 9, 1), tensor.Int32), ints(2)}, fixed: 1, outs: 2},
		opCase{op: "Range", ins: ts{tensor.Scalar(1.5), tensor.Scalar(4.), tensor.Scalar(0.5)}}, opCase{op: "Range", ins: ts{tensor.Scalar(int16(5)), tensor.Scalar(int16(0)), tensor.Scalar(int16(-2))}},
		opCase{op: "Where", ins: ts{bools(true, false), as(ints(1, 2), tensor.Uint8), as(ints(3, 4), tensor.Uint8)}},
	)
}())

func halves(v ...float32) *tensor.Tensor { return as(floats(v...), tensor.Half) }

// TestElementTypes has operators on types that the reference runtime lacks them for.
func TestElementTypes(t *testing.T) {
	big := tensor.Of([]uint64{math.MaxUint64, 1}, 2)
	third := tensor.Of([]float64{1. / 3}, 1)
	for _, c := range []oldCase{
		{"rounds once", "Add", 14, nil, ts{halves(2048), halves(1)}, halves(2048)},
		{"overflows", "Mul", 14, nil, ts{halves(65504), halves(2)}, halves(inf)},
		{"float16", "Relu", 14, nil, ts{halves(-1, 2)}, halves(0, 2)},
		{"float16", "Less", 13, nil, ts{halves(1, nan), halves(2, 1)}, bools(true, false)},
		{"float16", "Clip", 13, nil, ts{halves(-1, 0.5, 9), as(tensor.Scalar(float32(0)), tensor.Half), as(tensor.Scalar(float32(1)), tensor.Half)}, halves(0, 0.5, 1)},
		{"float16", "Where", 16, nil, ts{bools(true, false), halves(1, 2), halves(3, 4)}, halves(1, 4)},
		{"float16", "Expand", 13, nil, ts{halves(1), ints(2)}, halves(1, 1)},
		{"bfloat16", "Sub", 14, nil, ts{as(floats(3), tensor.BFloat), as(floats(1), tensor.BFloat)}, as(floats(2), tensor.BFloat)},
		{"float16 to another type", "Add", 14, nil, ts{halves(1), as(floats(1), tensor.BFloat)}, nil},
		{"float32 by float16", "Pow", 15, nil, ts{floats(3), halves(2)}, floats(9)},
		{"float16", "MatMul", 13, nil, ts{as(square2, tensor.Half), as(square2, tensor.Half)}, as(tensor.Of([]float32{7, 10, 15, 22}, 2, 2), tensor.Half)},
		{"doubles round once", "Cast", 13, Attrs{"to": tensor.Half}, ts{tensor.Of([]float64{1 + 0x1p-11 + 0x1p-40}, 1)}, halves(1 + 0x1p-10)},
		{"bfloat16 of strings", "Cast", 13, Attrs{"to": tensor.BFloat}, ts{words("1.5", "-inf")}, as(floats(1.5, -inf), tensor.BFloat)},
		{"strings", "Cast", 13, Attrs{"to": tensor.String}, ts{halves(0.5, inf)}, words("0.5", "INF")},
		{"shortest", "Cast", 13, Attrs{"to": tensor.String}, ts{floats(0.6048455, 1e10, 1234567, 1e-5, 0, -0.5)}, words("0.6048455", "1e+10", "1234567", "1e-05", "0", "-0.5")},
		{"float64", "Cast", 13, Attrs{"to": tensor.BFloat}, ts{third}, tensor.Of([]tensor.BFloat16{0x3eab}, 1)},
		{"largest uint64", "Max", 13, nil, ts{big, tensor.Of([]uint64{2}, 1)}, tensor.Of([]uint64{math.MaxUint64, 2}, 2)},
		{"largest uint64", "ReduceMax", 13, nil, ts{big}, tensor.Of([]uint64{math.MaxUint64}, 1)},
		{"largest uint64", "Sign", 13, nil, ts{big}, tensor.Of([]uint64{1, 1}, 2)},
		{"largest uint64", "Abs", 13, nil, ts{big}, big},
		{"largest uint64", "Div", 14, nil, ts{big, tensor.Of([]uint64{2}, 1)}, tensor.Of([]uint64{math.MaxInt64, 0}, 2)},
		{"by zero", "Div", 14, nil, ts{tensor.Of([]uint16{7}, 1), tensor.Of([]uint16{0}, 1)}, tensor.Of([]uint16{0}, 1)},
		{"float64", "Mean", 13, nil, ts{third, third, third}, third},
		{"uint32", "CumSum", 14, nil, ts{tensor.Of([]uint32{1, 2}, 2), tensor.Scalar(int64(0))}, tensor.Of([]uint32{1, 3}, 2)},
		{"uint16", "TopK", 11, nil, ts{tensor.Of([]uint16{1, 7, 3}, 3), ints(2)}, tensor.Of([]uint16{7, 3}, 2)},
		{"float16", "TopK", 11, nil, ts{halves(1, 7, 3), ints(2)}, halves(7, 3)},
	} {
		t.Run(c.op+"/"+c.name, c.check)
	}
}

// TestTensorProtoTypes sends every type through the wire, as raw bytes.
func TestTensorProtoTypes(t *testing.T) {
	for dt := range dataTypes {
		want := as(ints(1, 100), dt)
		if got, err := NewTensorProto("t", want).Tensor(); err != nil || !tensor.Equal(got, want) {
			t.Errorf("%v comes back as %v, %v", dt, got, err)
		}
	}
	for _, c := range []struct {
		p    TensorProto
		want *tensor.Tensor
	}{
		{TensorProto{DataType: TypeFloat16, Int32Data: []int32{0x3c00, 0xfc00}}, halves(1, -inf)},
		{TensorProto{DataType: TypeBFloat16, Int32Data: []int32{0x3f80, 0xc000}}, as(floats(1, -2), tensor.BFloat)},
		{TensorProto{DataType: TypeInt16, Int32Data: []int32{-1, 5}}, tensor.Of([]int16{-1, 5}, 2)},
		{TensorProto{DataType: TypeUint16, Int32Data: []int32{65535, 5}}, tensor.Of([]uint16{65535, 5}, 2)},
		{TensorProto{DataType: TypeUint32, Uint64Data: []uint64{1<<32 - 1, 5}}, tensor.Of([]uint32{1<<32 - 1, 5}, 2)},
		{TensorProto{DataType: TypeUint64, Uint64Data: []uint64{1<<64 - 1, 5}}, tensor.Of([]uint64{1<<64 - 1, 5}, 2)},
	} {
		c.p.Dims = []int64{2}
		if got, err := c.p.Tensor(); err != nil || !tensor.Equal(got, c.want) {
			t.Errorf("type %d: got %v, %v, want %v", c.p.DataType, got, err, c.want)
		}
	}
}
