package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

var _ = addCases(concatCases(
	unary("Acosh", nil, uniform(1, 9, 9)), unary("Asinh", nil, normal(9)), unary("Atanh", nil, uniform(-0.9, 0.9, 9)),
	unary("Celu", Attrs{"alpha": 2.0}, normal(3, 5)), unary("Selu", nil, normal(9)), unary("Selu", Attrs{"alpha": 2.0, "gamma": 3.0}, normal(9)),
	unary("ThresholdedRelu", nil, normal(9)), unary("ThresholdedRelu", Attrs{"alpha": 0.2}, normal(9)),
	unary("Shrink", nil, normal(9), ints(-3, 0, 3)), unary("Shrink", Attrs{"lambd": 1.0, "bias": 0.5}, normal(20)),
	unary("Hardmax", nil, normal(3, 4), normal(2, 0)), atKink(unary("Hardmax", nil, floats(1, 2, 2))), unary("Hardmax", Attrs{"axis": 1}, normal(2, 3, 4)), unary("Hardmax", Attrs{"axis": -3}, normal(2, 3, 4)),
))

var _ = addCases(concatCases(
	pairs("BitwiseAnd", ints(6, -3, 8), ints(3, 5, -1), pickInts(-99, 99, 2, 3), pickInts(-99, 99, 3)), pairs("BitwiseOr", as(ints(6, 255), tensor.Uint8), as(ints(1, 8), tensor.Uint8)),
	pairs("BitwiseXor", as(ints(6, -3), tensor.Int32), as(ints(1), tensor.Int32)), unary("BitwiseNot", nil, ints(6, -3), as(ints(0, 255, 9), tensor.Uint8), as(ints(-128, 1), tensor.Int8)),
	[]opCase{
		{op: "BitShift", attrs: Attrs{"direction": "LEFT"}, ins: ts{as(ints(1, 200, 3), tensor.Uint8), as(ints(1, 2, 7), tensor.Uint8)}},
		{op: "BitShift", attrs: Attrs{"direction": "RIGHT"}, ins: ts{as(ints(1, 200, 3), tensor.Uint8), as(ints(1), tensor.Uint8)}},
	},
))

var _ = addCases([]opCase{
	{op: "Trilu", ins: ts{normal(2, 3, 4)}}, {op: "Trilu", ins: ts{pickInts(1, 9, 4, 3), tensor.Scalar(int64(-2))}}, {op: "Trilu", ins: ts{normal(3, 3), tensor.Scalar(int64(99))}},
	{op: "Trilu", attrs: Attrs{"upper": 0}, ins: ts{normal(3, 4), tensor.Scalar(int64(1))}}, {op: "Trilu", attrs: Attrs{"upper": 0}, ins: ts{normal(2, 3, 3), tensor.Scalar(int64(-9))}}, {op: "Trilu", ins: ts{normal(0, 3, 3)}},
	{op: "EyeLike", ins: ts{normal(3, 4)}}, {op: "EyeLike", attrs: Attrs{"k": 2, "dtype": tensor.Int64}, ins: ts{normal(3, 4)}}, {op: "EyeLike", attrs: Attrs{"k": -1}, ins: ts{pickInts(0, 2, 4, 3)}},
	{op: "ReverseSequence", ins: ts{normal(4, 3, 2), ints(4, 1, 2)}}, {op: "ReverseSequence", attrs: Attrs{"batch_axis": 0, "time_axis": 1}, ins: ts{normal(2, 5), ints(3, 5)}},
	{op: "GatherND", ins: ts{normal(3, 4, 2), tensor.Of([]int64{0, 1, 2, -1}, 2, 2)}}, {op: "GatherND", ins: ts{words("a", "b", "c"), tensor.Of([]int64{2, 0}, 2, 1)}},
	{op: "GatherND", attrs: Attrs{"batch_dims": 1}, ins: ts{normal(2, 3, 4), tensor.Of([]int64{0, 2, 1, 1}, 2, 2, 1)}}, {op: "GatherND", ins: ts{ints(5, 6), tensor.Of([]int64{1}, 1)}},
	{op: "ScatterElements", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 4), tensor.Of([]int64{0, -1, 2, 1}, 2, 2), normal(2, 2)}}, {op: "ScatterElements", ins: ts{words("a", "b", "c"), ints(2), words("x")}},
	{op: "ScatterElements", attrs: Attrs{"reduction": "add"}, ins: ts{normal(3), ints(1, 1, 0), normal(3)}}, {op: "ScatterElements", attrs: Attrs{"reduction": "mul"}, ins: ts{ints(2, 3), ints(1, 1), ints(5, 7)}},
	{op: "ScatterElements", attrs: Attrs{"reduction": "max", "axis": -1}, ins: ts{normal(2, 3), tensor.Of([]int64{1, 2}, 2, 1), normal(2, 1)}}, {op: "ScatterElements", attrs: Attrs{"reduction": "min"}, ins: ts{normal(3), ints(0), normal(1)}},
	{op: "ScatterND", ins: ts{normal(4, 3), tensor.Of([]int64{1, -1}, 2, 1), normal(2, 3)}}, {op: "ScatterND", ins: ts{normal(4, 3), tensor.Of([]int64{1, 2, 0, -3}, 2, 2), normal(2)}},
	{op: "ScatterND", attrs: Attrs{"reduction": "add"}, ins: ts{normal(4), tensor.Of([]int64{1, 1}, 2, 1), normal(2)}}, {op: "ScatterND", attrs: Attrs{"reduction": "mul"}, ins: ts{ints(2, 3), tensor.Of([]int64{1, 1}, 2, 1), ints(5, 7)}},
	{op: "ScatterND", attrs: Attrs{"reduction": "max"}, ins: ts{normal(4), tensor.Of([]int64{0}, 1, 1), normal(1)}}, {op: "ScatterND", attrs: Attrs{"reduction": "min"}, ins: ts{normal(4), tensor.Of([]int64{0}, 1, 1), normal(1)}},
	{op: "Unique", ins: ts{floats(2, 1, 1, 3, 4, 3)}, outs: 4}, {op: "Unique", attrs: Attrs{"sorted": 0}, ins: ts{ints(2, 1, 1, 3, 4, 3)}, outs: 4}, {op: "Unique", ins: ts{words("b", "a", "b")}, outs: 4},
	{op: "Unique", attrs: Attrs{"axis": 0}, ins: ts{pickInts(0, 2, 6, 2)}, outs: 4}, {op: "Unique", attrs: Attrs{"axis": -1}, ins: ts{tensor.Of([]float32{1, 0, 1, 2, 1, 2}, 2, 3)}, outs: 4}, {op: "Unique", attrs: Attrs{"axis": 1, "sorted": 0}, ins: ts{as(pickInts(0, 2, 2, 6, 1), tensor.Float32)}, outs: 4},
})

var _ = addCases([]opCase{
	{op: "NonMaxSuppression", ins: ts{uniform(0, 1, 2, 30, 4), uniform(0, 1, 2, 3, 30), ints(7), floats(0.3), floats(0.2)}}, {op: "NonMaxSuppression", ins: ts{uniform(0, 1, 1, 9, 4), uniform(0, 1, 1, 1, 9)}},
	{op: "NonMaxSuppression", attrs: Attrs{"center_point_box": 1}, ins: ts{uniform(0.1, 1, 1, 30, 4), uniform(0, 1, 1, 2, 30), ints(99), floats(0.5)}},
})

// losses are rows for both losses over [N,C,d...], whose first input are log
// probabilities or scores alike.
func losses(op string) (out []opCase) {
	for _, r := range []string{"none", "mean", "sum"} {
		a := Attrs{"reduction": r}
		out = append(out, opCase{op: op, attrs: a, ins: ts{normal(3, 5), pickInts(0, 5, 3)}}, opCase{op: op, attrs: with(a, Attrs{"ignore_index": 1}), ins: ts{normal(3, 5, 2), pickInts(0, 5, 3, 2), uniform(0.1, 1, 5)}},
			opCase{op: op, attrs: with(a, Attrs{"ignore_index": -1}), ins: ts{normal(2, 4, 2, 3), pickInts(-1, 4, 2, 2, 3)}})
	}
	return out
}

var _ = addCases(concatCases(losses("NegativeLogLikelihoodLoss"), losses("SoftmaxCrossEntropyLoss"), []opCase{
	{op: "SoftmaxCrossEntropyLoss", ins: ts{normal(3, 5, 2), as(pickInts(0, 5, 3, 2), tensor.Int32)}, outs: 2},
}))

var _ = addCases(func() (out []opCase) {
	for _, e := range []struct {
		equation string
		ins      ts
	}{
		{"ij,jk->ik", ts{normal(3, 4), normal(4, 5)}}, {"bij,bjk", ts{normal(2, 3, 4), normal(2, 4, 5)}}, {"...ii->...i", ts{normal(2, 3, 3)}}, {"ii", ts{normal(3, 3)}}, {"ij->i", ts{normal(3, 4)}}, {"ba", ts{normal(2, 3)}},
		{"i,i", ts{ints(1, 2, 3), ints(4, 5, 6)}}, {"bhqd,bhkd->bhqk", ts{normal(2, 2, 3, 4), normal(2, 2, 5, 4)}}, {"ij,jk,kl->il", ts{normal(2, 3), normal(3, 4), normal(4, 2)}}, {"i,j->ij", ts{normal(2), normal(3)}},
		{"...ij,...jk->...ik", ts{normal(2, 1, 3, 4), normal(1, 5, 4, 2)}}, {"a b, b -> a", ts{normal(2, 3), normal(3)}}, {"ij,ij,ij->", ts{normal(2, 3), normal(2, 3), normal(2, 3)}}, {"ijk->kij", ts{normal(2, 3, 4)}},
	} {
		out = append(out, opCase{op: "Einsum", attrs: Attrs{"equation": e.equation}, ins: e.ins})
	}
	return out
}())

var _ = addCases([]opCase{
	{op: "DFT", ins: ts{normal(2, 8, 1)}}, {op: "DFT", ins: ts{normal(2, 7, 2)}}, {op: "DFT", attrs: Attrs{"inverse": 1}, ins: ts{normal(1, 6, 2)}}, {op: "DFT", attrs: Attrs{"onesided": 1}, ins: ts{normal(2, 9, 1)}},
	{op: "DFT", ins: ts{normal(2, 5, 3, 2), tensor.Scalar(int64(7)), tensor.Scalar(int64(1))}}, {op: "DFT", ins: ts{normal(2, 9, 2), tensor.Scalar(int64(4))}}, {op: "DFT", ins: ts{normal(1, 1, 1)}},
	{op: "STFT", ins: ts{normal(2, 40, 1), tensor.Scalar(int64(5)), normal(16)}}, {op: "STFT", attrs: Attrs{"onesided": 0}, ins: ts{normal(1, 40, 1), tensor.Scalar(int64(7)), nil, tensor.Scalar(int64(12))}},
	{op: "HannWindow", ins: ts{tensor.Scalar(int64(10))}}, {op: "HannWindow", attrs: Attrs{"periodic": 0}, ins: ts{tensor.Scalar(int64(10))}}, {op: "HammingWindow", ins: ts{tensor.Scalar(int64(9))}}, {op: "HammingWindow", attrs: Attrs{"periodic": 0, "output_datatype": tensor.Float64}, ins: ts{tensor.Scalar(int64(9))}},
	{op: "BlackmanWindow", ins: ts{tensor.Scalar(int64(9))}}, {op: "BlackmanWindow", attrs: Attrs{"periodic": 0}, ins: ts{tensor.Scalar(int64(12))}},
	{op: "MelWeightMatrix", ins: ts{tensor.Scalar(int64(8)), tensor.Scalar(int64(64)), tensor.Scalar(int64(8192)), tensor.Scalar(float32(0)), tensor.Scalar(float32(4096))}},
})
