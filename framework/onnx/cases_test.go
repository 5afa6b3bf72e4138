package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

type ts = []*tensor.Tensor

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func unary(op string, attrs Attrs, ins ...*tensor.Tensor) []opCase {
	var out []opCase
	for _, in := range ins {
		out = append(out, opCase{op: op, attrs: attrs, ins: ts{in}})
	}
	return out
}

func pairs(op string, operands ...*tensor.Tensor) []opCase {
	var out []opCase
	for i := 0; i < len(operands); i += 2 {
		out = append(out, opCase{op: op, ins: ts{operands[i], operands[i+1]}}, opCase{op: op, ins: ts{operands[i], operands[i+1]}, fixed: 1})
	}
	return out
}

// atKink marks cases whose gradient is not checked.
func atKink(cases []opCase) []opCase {
	for i := range cases {
		cases[i].kink = true
	}
	return cases
}

func concatCases(tables ...[]opCase) (out []opCase) {
	for _, t := range tables {
		out = append(out, t...)
	}
	return out
}

func bools(v ...bool) *tensor.Tensor { return tensor.Of(v, len(v)) }

var broadcastPairs = []*tensor.Tensor{
	normal(2, 3), normal(2, 3), normal(2, 3, 4), normal(3, 1), normal(4), normal(2, 1, 4), normal(3), tensor.Scalar(float32(2)),
	normal(0, 3), normal(3), pickInts(1, 9, 2, 3), pickInts(1, 9, 3),
}

var _ = addCases(concatCases(
	pairs("Add", broadcastPairs...), pairs("Sub", broadcastPairs...), pairs("Mul", broadcastPairs...), pairs("Div", broadcastPairs...),
	pairs("Div", ints(7, -7, 8), ints(2, 2, 3), as(ints(7, -7), tensor.Int32), as(ints(2, 2), tensor.Int32)),
	pairs("Max", normal(2, 3), normal(3), floats(nan, 1), floats(1, nan), ints(1, 5), ints(4, 2)),
	pairs("Min", normal(2, 3), normal(3), floats(nan, 1), floats(1, nan)),
	[]opCase{{op: "Sum", ins: ts{normal(2, 3), normal(3), normal(1)}}, {op: "Mean", ins: ts{normal(2, 3), normal(3)}}, {op: "Max", ins: ts{normal(4)}}},
	pairs("Pow", uniform(0.1, 3, 2, 3), normal(3)), atKink(pairs("Pow", normal(4), tensor.Scalar(float32(2)))[:1]), pairs("Pow", normal(4), tensor.Scalar(float32(2)))[1:],
	pairs("Pow", normal(3), ints(3, 2, 0), ints(2, 3), ints(5, 2)),
	pairs("Mod", ints(7, -7, 7, -7), ints(3, 3, -3, -3)),
	[]opCase{{op: "Mod", attrs: Attrs{"fmod": 1}, ins: ts{floats(7.5, -7.5), floats(2, 2)}}, {op: "Mod", attrs: Attrs{"fmod": 1}, ins: ts{ints(7, -7), ints(3, 3)}}},
	pairs("Equal", ints(1, 2, 3), ints(1, 0, 3), floats(1, nan), floats(1, nan), words("a", "", "b"), words("a", "", "c"), bools(true, false), bools(true, true)),
	pairs("Less", normal(2, 3), normal(3), ints(1, 2), ints(2, 2), floats(nan), floats(1)), pairs("LessOrEqual", normal(2, 3), normal(3), ints(1, 2), ints(2, 2)),
	pairs("Greater", normal(2, 3), normal(3), ints(1, 2), ints(2, 2)), pairs("GreaterOrEqual", normal(2, 3), normal(3), ints(3, 2), ints(2, 2)),
	pairs("And", bools(true, true, false), bools(true, false, false)), pairs("Or", bools(true, true, false), bools(true, false, false)),
	pairs("Xor", bools(true, true, false), bools(true, false, false)),
	[]opCase{
		{op: "Where", ins: ts{bools(true, false), normal(3, 2), normal(2)}}, {op: "Where", ins: ts{bools(true, false), words("a", "b"), words("c")}},
		{op: "Where", ins: ts{tensor.Of([]bool{true, false}, 2, 1), ints(1, 2, 3), ints(0)}, fixed: 2},
	},
	unary("Sqrt", nil, uniform(0, 4, 3, 5)), unary("Exp", nil, normal(3, 5)), unary("Log", nil, uniform(0.01, 4, 3, 5)),
	unary("Tanh", nil, normal(3, 50)), unary("Sigmoid", nil, normal(3, 50), floats(-100, 100, 0)), unary("Erf", nil, normal(3, 50)),
	unary("Sin", nil, normal(9)), unary("Cos", nil, normal(9)), unary("Tan", nil, uniform(-1, 1, 9)), unary("Atan", nil, normal(9)),
	unary("Asin", nil, uniform(-1, 1, 9)), unary("Acos", nil, uniform(-1, 1, 9)), unary("Sinh", nil, normal(9)), unary("Cosh", nil, normal(9)),
	unary("Floor", nil, normal(9)), unary("Ceil", nil, normal(9)), atKink(unary("Round", nil, floats(0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6))),
	unary("Reciprocal", nil, uniform(0.5, 2, 9)), unary("Softplus", nil, normal(9)), unary("Softsign", nil, normal(9)),
	unary("Mish", nil, normal(9)), unary("HardSwish", nil, uniform(-5, 5, 30)), unary("HardSigmoid", nil, uniform(-5, 5, 30)),
	unary("Abs", nil, normal(9), ints(-3, 3)), unary("Neg", nil, normal(9), ints(-3, 3)), atKink(unary("Sign", nil, floats(-2, 0, 3), ints(-3, 0, 3))),
	unary("Relu", nil, normal(3, 5)), unary("LeakyRelu", Attrs{"alpha": 0.2}, normal(9)), unary("Elu", nil, normal(9)),
	unary("Gelu", nil, normal(3, 50)), unary("Gelu", Attrs{"approximate": "tanh"}, normal(30)),
	pairs("PRelu", normal(2, 3, 4), normal(3, 1)), unary("Not", nil, bools(true, false)), unary("IsNaN", nil, floats(1, nan, inf)),
	unary("IsInf", nil, floats(1, nan, inf, -inf)), unary("IsInf", Attrs{"detect_negative": 0}, floats(inf, -inf)),
	[]opCase{
		{op: "Clip", ins: ts{normal(9), tensor.Scalar(float32(-0.5)), tensor.Scalar(float32(0.5))}, fixed: 2},
		{op: "Clip", ins: ts{normal(9), nil, tensor.Scalar(float32(0.5))}}, {op: "Clip", ins: ts{ints(1, 5, 9), tensor.Scalar(int64(2)), tensor.Scalar(int64(6))}},
		{op: "Clip", ins: ts{normal(9)}},
	},
	unary("Cast", Attrs{"to": tensor.Float32}, ints(1, -2), as(ints(0, 200), tensor.Uint8), bools(true, false), words("1.5", "-2", "1e3")),
	unary("Cast", Attrs{"to": tensor.Int64}, floats(1.9, -1.9, 0), as(ints(0, 200), tensor.Uint8), bools(true, false), words("15", "-2")),
	unary("Cast", Attrs{"to": tensor.Int32}, floats(1.9, -1.9), ints(5)), unary("Cast", Attrs{"to": tensor.Uint8}, floats(0, 1.9, 255), ints(255)),
	unary("Cast", Attrs{"to": tensor.Bool}, floats(0, -1, 0.5), ints(0, 2)), unary("Cast", Attrs{"to": tensor.Float64}, floats(0.1, -3)),
	unary("Cast", Attrs{"to": tensor.String}, floats(0.1, 1, 1e10, 3.1415927, 1e-7), ints(12, -5)),
	unary("Identity", nil, normal(2, 2), words("a")),
	[]opCase{{op: "CastLike", ins: ts{floats(1.7, -2), ints(0)}}, {op: "CastLike", ins: ts{ints(3), floats(0)}}},
))

var _ = addCases([]opCase{
	{op: "Transpose", attrs: Attrs{"perm": []int{0, 2, 3, 1}}, ins: ts{normal(2, 3, 4, 5)}}, {op: "Transpose", ins: ts{normal(2, 3)}},
	{op: "Transpose", attrs: Attrs{"perm": []int{1, 0}}, ins: ts{tensor.Of([]string{"a", "b", "c", "d"}, 2, 2)}},
	{op: "Transpose", attrs: Attrs{"perm": []int{2, 0, 1}}, ins: ts{pickInts(0, 9, 2, 3, 4)}},
	{op: "Expand", ins: ts{normal(3, 1), ints(2, 1, 4)}}, {op: "Expand", ins: ts{normal(3, 1), ints(2, 3, 4)}, fixed: 1}, {op: "Expand", ins: ts{words("a"), ints(2, 2)}, fixed: 1},
	{op: "Concat", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 3), normal(2, 1), normal(2, 2)}}, {op: "Concat", attrs: Attrs{"axis": -1}, ins: ts{words("a"), words("b", "c")}},
	{op: "Concat", attrs: Attrs{"axis": 0}, ins: ts{normal(1, 2, 3), normal(2, 2, 3)}}, {op: "Concat", attrs: Attrs{"axis": 0}, ins: ts{ints(1), ints(2, 3)}},
	{op: "Split", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 6), ints(1, 2, 3)}, fixed: 1, outs: 3}, {op: "Split", attrs: Attrs{"axis": -1, "num_outputs": 2}, ins: ts{normal(2, 5)}, outs: 2},
	{op: "Slice", ins: ts{normal(5, 6), ints(1, -4), ints(4, 100)}, fixed: 2}, {op: "Slice", ins: ts{normal(5, 6), ints(4), ints(-100), ints(0), ints(-2)}, fixed: 4},
	{op: "Slice", ins: ts{normal(2, 8, 3), ints(1), ints(1 << 31), ints(1), ints(2)}}, {op: "Slice", ins: ts{words("a", "b", "c"), ints(3), ints(9)}},
	{op: "Slice", ins: ts{normal(2, 8, 3), ints(-1, 0), ints(math.MinInt64, 2), ints(2, 0), ints(-1, 1)}},
	{op: "Tile", ins: ts{normal(2, 3), ints(2, 1)}, fixed: 1}, {op: "Tile", ins: ts{normal(2, 3), ints(2, 3)}},
	{op: "Pad", ins: ts{normal(2, 3), ints(0, 1, 1, 2)}, fixed: 1}, {op: "Pad", ins: ts{normal(1, 2, 4, 4), ints(0, 0, 1, 1, 0, 0, 2, 1), tensor.Scalar(float32(5))}, fixed: 2},
	{op: "Pad", attrs: Attrs{"mode": "reflect"}, ins: ts{normal(2, 5), ints(0, 2, 0, 3)}}, {op: "Pad", attrs: Attrs{"mode": "edge"}, ins: ts{normal(2, 5), ints(1, 2, 0, 3)}},
	{op: "Pad", ins: ts{normal(3, 5), ints(1, 2), tensor.Scalar(float32(1)), ints(1)}}, {op: "Pad", ins: ts{normal(3, 5), ints(0, -1, 0, 2)}},
	{op: "Pad", ins: ts{ints(1, 2), ints(1, 1), tensor.Scalar(int64(7))}},
	{op: "Compress", attrs: Attrs{"axis": 0}, ins: ts{normal(3, 2), bools(true, false, true)}}, {op: "Compress", ins: ts{normal(2, 2), bools(false, true, true)}},
	{op: "Gather", ins: ts{normal(5, 3), tensor.Of([]int64{0, 4, -1, 2}, 2, 2)}}, {op: "Gather", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 5, 3), ints(4, 0)}},
	{op: "Gather", ins: ts{words("a", "b", "c"), ints(2, 0)}}, {op: "Gather", ins: ts{ints(7, 8, 9), tensor.Scalar(int64(1))}}, {op: "Gather", attrs: Attrs{"axis": -1}, ins: ts{normal(2, 3), as(ints(1), tensor.Int32)}, fixed: 1},
	{op: "GatherElements", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 4), tensor.Of([]int64{3, 0, -1, 1}, 2, 2)}},
	{op: "OneHot", ins: ts{ints(0, 2, -1, 9), tensor.Scalar(int64(4)), floats(0, 1)}, fixed: 2}, {op: "OneHot", attrs: Attrs{"axis": 0}, ins: ts{ints(0, 2), tensor.Scalar(int64(3)), floats(-1, 5)}},
	{op: "NonZero", ins: ts{tensor.Of([]float32{0, 1, 2, 0, 0, 3}, 2, 3)}}, {op: "NonZero", ins: ts{bools(false)}},
})

var _ = addCases([]opCase{
	{op: "Reshape", ins: ts{normal(2, 6), ints(3, -1)}, fixed: 1}, {op: "Reshape", ins: ts{normal(2, 6), ints(0, 2, 3)}}, {op: "Reshape", ins: ts{words("a", "b"), ints(2, 1)}},
	{op: "Reshape", attrs: Attrs{"allowzero": 1}, ins: ts{normal(0, 3), ints(3, 0)}}, {op: "Flatten", ins: ts{normal(2, 3, 4)}}, {op: "Flatten", attrs: Attrs{"axis": -1}, ins: ts{normal(2, 3, 4)}},
	{op: "Flatten", attrs: Attrs{"axis": 0}, ins: ts{normal(2, 3)}},
	{op: "Squeeze", ins: ts{normal(1, 3, 1)}}, {op: "Squeeze", ins: ts{normal(1, 3, 1), ints(-1)}, fixed: 1}, {op: "Unsqueeze", ins: ts{normal(3), ints(0, -1)}}, {op: "Unsqueeze", ins: ts{words("a"), ints(1)}, fixed: 1},
	{op: "Shape", ins: ts{normal(2, 3, 4)}}, {op: "Shape", attrs: Attrs{"start": 1, "end": -1}, ins: ts{normal(2, 3, 4)}}, {op: "Shape", attrs: Attrs{"start": -1}, ins: ts{words("a")}},
	{op: "Size", ins: ts{normal(2, 3)}}, {op: "Constant", attrs: Attrs{"value": normal(2, 2)}}, {op: "Constant", attrs: Attrs{"value_ints": []int{1, 2}}}, {op: "Constant", attrs: Attrs{"value_float": 1.5}},
	{op: "Constant", attrs: Attrs{"value_strings": []string{"a", "b"}}}, {op: "Constant", attrs: Attrs{"value_string": "x"}},
	{op: "ConstantOfShape", ins: ts{ints(2, 3)}}, {op: "ConstantOfShape", attrs: Attrs{"value": tensor.Of([]int64{7}, 1)}, ins: ts{ints(2)}},
	{op: "Range", ins: ts{tensor.Scalar(int64(1)), tensor.Scalar(int64(10)), tensor.Scalar(int64(3))}}, {op: "Range", ins: ts{tensor.Scalar(float32(5)), tensor.Scalar(float32(0)), tensor.Scalar(float32(-1.5))}},
	{op: "Dropout", ins: ts{normal(2, 3)}, outs: 2}, {op: "Dropout", ins: ts{normal(2, 3), tensor.Scalar(float32(0.3))}, fixed: 1},
})

var _ = addCases(func() (out []opCase) {
	for _, op := range []string{"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"} {
		out = append(out, opCase{op: op, ins: ts{normal(2, 3, 4), ints(1)}, fixed: 1}, opCase{op: op, attrs: Attrs{"keepdims": 0}, ins: ts{normal(2, 3, 4), ints(0, -1)}, fixed: 1},
			opCase{op: op, ins: ts{normal(2, 3)}}, opCase{op: op, attrs: Attrs{"noop_with_empty_axes": 1}, ins: ts{normal(2, 3)}})
	}
	return append(out,
		opCase{op: "ReduceLogSum", ins: ts{uniform(1, 2, 2, 3), ints(1)}, fixed: 1}, opCase{op: "ReduceSum", ins: ts{pickInts(-5, 5, 3, 4), ints(0)}}, opCase{op: "ReduceMax", ins: ts{pickInts(-5, 5, 3, 4), ints(1)}, fixed: 1},
		opCase{op: "ReduceMean", attrs: Attrs{"keepdims": 0}, ins: ts{normal(2, 3, 5, 7), ints(2, 3)}, fixed: 1},
		opCase{op: "ArgMax", attrs: Attrs{"axis": 1}, ins: ts{normal(4, 5)}}, opCase{op: "ArgMax", attrs: Attrs{"axis": -1, "keepdims": 0}, ins: ts{floats(1, 3, 3)}},
		opCase{op: "ArgMax", attrs: Attrs{"axis": 0, "select_last_index": 1}, ins: ts{floats(1, 3, 3)}}, opCase{op: "ArgMax", attrs: Attrs{"axis": 1, "keepdims": 0}, ins: ts{normal(2, 3, 4)}}, opCase{op: "ArgMin", attrs: Attrs{"axis": 1}, ins: ts{normal(4, 5)}},
		opCase{op: "TopK", ins: ts{normal(3, 6), ints(2)}, fixed: 1, outs: 2}, opCase{op: "TopK", attrs: Attrs{"axis": 0, "largest": 0}, ins: ts{normal(5, 2), ints(3)}, outs: 2},
		opCase{op: "CumSum", ins: ts{normal(3, 4), tensor.Scalar(int64(1))}}, opCase{op: "CumSum", attrs: Attrs{"exclusive": 1, "reverse": 1}, ins: ts{ints(1, 2, 3), tensor.Scalar(int64(0))}},
	)
}())

var _ = addCases([]opCase{
	{op: "MatMul", ins: ts{normal(3, 4), normal(4, 5)}}, {op: "MatMul", ins: ts{normal(2, 3, 4), normal(4, 5)}, fixed: 1}, {op: "MatMul", ins: ts{normal(2, 1, 3, 4), normal(5, 4, 2)}},
	{op: "MatMul", ins: ts{normal(4), normal(4, 5)}}, {op: "MatMul", ins: ts{normal(3, 4), normal(4)}}, {op: "MatMul", ins: ts{normal(4), normal(4)}}, {op: "MatMul", ins: ts{pickInts(-3, 3, 2, 3), pickInts(-3, 3, 3, 2)}},
	{op: "MatMul", ins: ts{normal(70, 90), normal(90, 33)}, fixed: 1},
	{op: "Gemm", ins: ts{normal(3, 4), normal(4, 5), normal(5)}, fixed: 2}, {op: "Gemm", attrs: Attrs{"transB": 1, "alpha": 0.5, "beta": 2.0}, ins: ts{normal(3, 4), normal(5, 4), normal(3, 1)}},
	{op: "Gemm", attrs: Attrs{"transA": 1}, ins: ts{normal(4, 3), normal(4, 5)}}, {op: "Gemm", attrs: Attrs{"transB": 1}, ins: ts{normal(3, 4), normal(5, 4), tensor.Scalar(float32(1))}},
	{op: "Conv", ins: ts{normal(2, 3, 7, 8), normal(4, 3, 3, 3), normal(4)}, fixed: 2}, {op: "Conv", attrs: Attrs{"group": 2, "pads": []int{1, 1, 1, 1}, "strides": []int{2, 2}}, ins: ts{normal(1, 4, 9, 9), normal(6, 2, 3, 3)}, fixed: 1},
	{op: "Conv", attrs: Attrs{"group": 2, "pads": []int{1, 0, 2, 1}, "dilations": []int{2, 1}}, ins: ts{normal(2, 4, 9, 9), normal(6, 2, 3, 2), normal(6)}, fixed: 2},
	{op: "Conv", attrs: Attrs{"group": 4, "auto_pad": "SAME_UPPER", "strides": []int{2, 2}}, ins: ts{normal(1, 4, 8, 7), normal(4, 1, 3, 3)}, fixed: 1}, {op: "Conv", attrs: Attrs{"pads": []int{2, 2}}, ins: ts{normal(2, 3, 9), normal(5, 3, 5), normal(5)}, fixed: 2},
	{op: "Conv", attrs: Attrs{"auto_pad": "SAME_LOWER"}, ins: ts{normal(1, 2, 6, 6), normal(3, 2, 2, 2)}}, {op: "Conv", ins: ts{normal(1, 2, 6, 6), normal(3, 2, 1, 1)}},
	{op: "BatchNormalization", ins: ts{normal(2, 3, 4, 5), normal(3), normal(3), normal(3), uniform(0.1, 2, 3)}, fixed: 4}, {op: "BatchNormalization", attrs: Attrs{"epsilon": 0.01}, ins: ts{normal(4, 3), normal(3), normal(3), normal(3), uniform(0.1, 2, 3)}},
	{op: "LayerNormalization", ins: ts{normal(2, 3, 8), normal(8), normal(8)}, fixed: 2}, {op: "LayerNormalization", attrs: Attrs{"axis": 1, "epsilon": 0.001}, ins: ts{normal(2, 3, 4), normal(3, 4)}, outs: 3},
	{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}}, ins: ts{normal(2, 3, 8, 7)}}, {op: "MaxPool", attrs: Attrs{"kernel_shape": []int{3, 3}, "strides": []int{2, 2}, "pads": []int{1, 1, 1, 1}}, ins: ts{normal(1, 3, 9, 8)}},
	{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{3, 3}, "strides": []int{2, 2}, "ceil_mode": 1}, ins: ts{normal(1, 3, 8, 8)}}, {op: "MaxPool", attrs: Attrs{"kernel_shape": []int{3}, "dilations": []int{2}}, ins: ts{normal(1, 3, 9)}},
	{op: "AveragePool", attrs: Attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}}, ins: ts{normal(2, 3, 8, 7)}}, {op: "AveragePool", attrs: Attrs{"kernel_shape": []int{3, 3}, "pads": []int{1, 1, 1, 1}}, ins: ts{normal(1, 2, 5, 5)}},
	{op: "AveragePool", attrs: Attrs{"kernel_shape": []int{3, 3}, "pads": []int{1, 1, 1, 1}, "count_include_pad": 1}, ins: ts{normal(1, 2, 5, 5)}}, {op: "AveragePool", attrs: Attrs{"kernel_shape": []int{3, 3}, "strides": []int{2, 2}, "ceil_mode": 1}, ins: ts{normal(1, 2, 6, 6)}},
	{op: "GlobalAveragePool", ins: ts{normal(2, 3, 4, 5)}}, {op: "GlobalMaxPool", ins: ts{normal(2, 3, 4, 5)}},
	{op: "LpNormalization", ins: ts{normal(3, 5)}}, {op: "LpNormalization", attrs: Attrs{"axis": 0, "p": 1}, ins: ts{normal(3, 5)}},
	{op: "Softmax", ins: ts{normal(3, 5)}}, {op: "Softmax", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 3, 4)}}, {op: "LogSoftmax", ins: ts{normal(3, 5)}}, {op: "LogSoftmax", attrs: Attrs{"axis": 0}, ins: ts{normal(3, 5)}},
})

func resize(attrs Attrs, x, scales, sizes *tensor.Tensor) opCase {
	return opCase{op: "Resize", attrs: attrs, ins: ts{x, nil, scales, sizes}, fixed: 2}
}

var _ = addCases([]opCase{
	resize(Attrs{"mode": "nearest"}, normal(1, 2, 4, 5), floats(1, 1, 2, 2), nil), resize(Attrs{"mode": "nearest"}, normal(1, 2, 5, 7), nil, ints(1, 2, 3, 4)),
	resize(Attrs{"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, normal(1, 2, 5, 7), nil, ints(1, 2, 11, 4)),
	resize(Attrs{"mode": "nearest", "nearest_mode": "ceil"}, normal(1, 2, 5, 7), nil, ints(1, 2, 8, 4)), resize(Attrs{"mode": "nearest", "nearest_mode": "round_prefer_ceil"}, normal(1, 1, 4, 4), nil, ints(1, 1, 6, 2)),
	resize(Attrs{"mode": "linear"}, normal(1, 2, 4, 5), floats(1, 1, 2, 1.5), nil), resize(Attrs{"mode": "linear"}, normal(2, 3, 9, 7), nil, ints(2, 3, 4, 5)),
	resize(Attrs{"mode": "linear", "coordinate_transformation_mode": "align_corners"}, normal(1, 2, 4, 5), nil, ints(1, 2, 7, 3)), resize(Attrs{"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, normal(1, 2, 4, 5), nil, ints(1, 2, 7, 3)),
	resize(Attrs{"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}, normal(1, 2, 4, 5), nil, ints(1, 2, 1, 3)),
	resize(Attrs{"mode": "linear", "antialias": 1}, uniform(0, 255, 1, 3, 28, 31), nil, ints(1, 3, 8, 8)), resize(Attrs{"mode": "linear", "antialias": 1}, uniform(0, 255, 2, 1, 8, 8), nil, ints(2, 1, 12, 5)),
	resize(Attrs{"mode": "linear", "antialias": 1, "axes": []int{2, 3}}, uniform(0, 255, 1, 3, 40, 64), nil, ints(32, 32)), resize(Attrs{"mode": "linear", "antialias": 1}, uniform(0, 255, 1, 1, 5, 200), nil, ints(1, 1, 7, 3)),
	resize(Attrs{"mode": "linear"}, normal(6, 5), nil, ints(3, 9)),
})

var textRows = tensor.Of([]string{"a", "b", "a", "", "b", "c", "", "", "a", "b", "z", "a"}, 3, 4)

func tfidf(mode string, counts, indexes []int, skip int, n []int, pool []string, weights []float32) Attrs {
	a := Attrs{"mode": mode, "min_gram_length": n[0], "max_gram_length": n[1], "max_skip_count": skip, "ngram_counts": counts, "ngram_indexes": indexes, "pool_strings": pool}
	if weights != nil {
		a["weights"] = weights
	}
	return a
}

var _ = addCases([]opCase{
	{op: "StringNormalizer", attrs: Attrs{"case_change_action": "LOWER", "locale": "C"}, ins: ts{words("Ab", "ÄB", "")}}, {op: "StringNormalizer", attrs: Attrs{"case_change_action": "UPPER", "locale": "C"}, ins: ts{words("ab", "äb")}},
	{op: "StringNormalizer", attrs: Attrs{"locale": "C", "stopwords": []string{"THE", "a"}, "is_case_sensitive": 0}, ins: ts{words("the", "cat", "A")}},
	{op: "StringNormalizer", attrs: Attrs{"locale": "C", "stopwords": []string{"the"}, "is_case_sensitive": 1}, ins: ts{words("the", "The")}}, {op: "StringNormalizer", attrs: Attrs{"locale": "C", "stopwords": []string{"a"}, "is_case_sensitive": 1}, ins: ts{words("a")}},
	{op: "StringSplit", ins: ts{words(" a  b\tc ", "", "d", "   ")}, outs: 2}, {op: "StringSplit", attrs: Attrs{"delimiter": ","}, ins: ts{words("a,,b", ",", "", "x,")}, outs: 2},
	{op: "StringSplit", attrs: Attrs{"delimiter": "--", "maxsplit": 2}, ins: ts{words("a--b--c--d", "--", "e")}, outs: 2}, {op: "StringSplit", attrs: Attrs{"maxsplit": 1}, ins: ts{words("a b c ", " a  b ", "e ")}, outs: 2},
	{op: "StringSplit", ins: ts{tensor.Of([]string{"a b", "c", "", "d e f"}, 2, 2)}, outs: 2}, {op: "StringSplit", ins: ts{words("", "")}, outs: 2},
	{op: "StringConcat", ins: ts{tensor.Of([]string{"a", "b"}, 2, 1), words("x", "")}}, {op: "RegexFullMatch", attrs: Attrs{"pattern": `[a-z]+\d?`}, ins: ts{words("abc1", "abc12", "", "Z")}},
	{op: "TfIdfVectorizer", attrs: tfidf("TF", []int{0, 3}, []int{4, 0, 1, 3, 2}, 0, []int{1, 2}, []string{"a", "b", "c", "a", "b", "b", "c"}, nil), ins: ts{textRows}},
	{op: "TfIdfVectorizer", attrs: tfidf("IDF", []int{0, 3}, []int{4, 0, 1, 3, 2}, 0, []int{1, 2}, []string{"a", "b", "c", "a", "b", "b", "c"}, []float32{1, 2, 3, 4, 5}), ins: ts{textRows}},
	{op: "TfIdfVectorizer", attrs: tfidf("TFIDF", []int{0, 3}, []int{4, 0, 1, 3, 2}, 0, []int{1, 2}, []string{"a", "b", "c", "a", "b", "b", "c"}, []float32{1, 2, 3, 4, 5}), ins: ts{textRows}},
	{op: "TfIdfVectorizer", attrs: tfidf("TF", []int{0, 3}, []int{0, 1, 2, 3, 4}, 1, []int{1, 2}, []string{"a", "b", "c", "a", "b", "b", "a"}, nil), ins: ts{textRows}},
	{op: "TfIdfVectorizer", attrs: tfidf("TF", []int{0, 3, 7}, []int{0, 1, 2, 3, 4, 5}, 0, []int{2, 3}, []string{"a", "b", "c", "a", "b", "b", "a", "a", "b", "a"}, nil), ins: ts{words("a", "b", "a", "b")}},
	{op: "TfIdfVectorizer", attrs: Attrs{"mode": "TF", "min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0, "ngram_counts": []int{0}, "ngram_indexes": []int{0, 1}, "pool_int64s": []int{5, 7}}, ins: ts{tensor.Of([]int64{5, 7, 7, 1}, 2, 2)}},
})
