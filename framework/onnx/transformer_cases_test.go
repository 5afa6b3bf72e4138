package onnx

import (
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// inSet makes the rows models of an operator set.
func inSet(version int64, cases []opCase) []opCase {
	for i := range cases {
		cases[i].opset = version
	}
	return cases
}

var _ = addCases(inSet(23, []opCase{
	{op: "RMSNormalization", host: true, ins: ts{normal(2, 3, 8), normal(8)}}, {op: "RMSNormalization", host: true, attrs: Attrs{"axis": 1, "epsilon": 0.5}, ins: ts{normal(2, 3, 4), normal(3, 4)}},
	{op: "RotaryEmbedding", host: true, ins: ts{normal(2, 3, 4, 6), normal(9, 3), normal(9, 3), tensor.Of([]int64{0, 3, 8, 1, 2, 3, 7, 7}, 2, 4)}},
	{op: "RotaryEmbedding", host: true, attrs: Attrs{"interleaved": 1}, ins: ts{normal(2, 3, 4, 6), normal(2, 4, 3), normal(2, 4, 3)}},
	{op: "RotaryEmbedding", host: true, attrs: Attrs{"num_heads": 2, "rotary_embedding_dim": 4}, ins: ts{normal(2, 4, 12), normal(9, 2), normal(9, 2), tensor.Of([]int64{0, 3, 8, 1, 2, 3, 7, 7}, 2, 4)}},
	{op: "RotaryEmbedding", host: true, attrs: Attrs{"num_heads": 2, "rotary_embedding_dim": 4, "interleaved": 1}, ins: ts{normal(1, 3, 12), normal(1, 3, 2), normal(1, 3, 2)}},
}))

var _ = addCases(inSet(23, []opCase{
	{op: "Attention", host: true, outs: 1, ins: ts{normal(2, 3, 4, 6), normal(2, 3, 5, 6), normal(2, 3, 5, 7)}},
	{op: "Attention", host: true, attrs: Attrs{"q_num_heads": 4, "kv_num_heads": 2, "scale": 0.3}, ins: ts{normal(2, 3, 16), normal(2, 5, 8), normal(2, 5, 12), normal(3, 5)}},
	{op: "Attention", host: true, attrs: Attrs{"is_causal": 1}, ins: ts{normal(1, 2, 4, 6), normal(1, 2, 4, 6), normal(1, 2, 4, 6), tensor.Of(slices.Repeat([]bool{true, false, true, true}, 4), 4, 4)}},
	{op: "Attention", host: true, attrs: Attrs{"softcap": 0.5}, ins: ts{normal(1, 2, 3, 4), normal(1, 2, 5, 4), normal(1, 2, 5, 4), normal(1, 2, 3, 5)}},
	{op: "Attention", host: true, outs: 4, ins: ts{normal(1, 4, 3, 4), normal(1, 2, 2, 4), normal(1, 2, 2, 4), normal(1, 1, 3, 5), normal(1, 2, 3, 4), normal(1, 2, 3, 4)}},
	{op: "Attention", host: true, attrs: Attrs{"is_causal": 1, "qk_matmul_output_mode": 3}, outs: 4, ins: ts{normal(1, 2, 3, 4), normal(1, 2, 3, 4), normal(1, 2, 3, 4), nil, normal(1, 2, 2, 4), normal(1, 2, 2, 4)}},
}))

// TestTransformerByHand has types that onnxruntime lacks, and mistakes.
func TestTransformerByHand(t *testing.T) {
	half, root := float32(0.5), float32(math.Sqrt(3)/2)
	one := func(v float32) *tensor.Tensor { return as(floats(v), tensor.Float64).Reshape(1, 1, 1, 1) }
	x := floats(1, 0, 0, 2).Reshape(1, 1, 1, 4)
	cos, sin := floats(half, 0).Reshape(1, 1, 2), floats(root, 1).Reshape(1, 1, 2) // 60° and 90°
	for _, c := range []oldCase{
		{"mean of squares 4", "RMSNormalization", 23, Attrs{"epsilon": 0.0}, ts{floats(2, -2, 2, 2), floats(1, 2, 3, 4)}, floats(1, -2, 3, 4)},
		{"epsilon beside the mean", "RMSNormalization", 23, Attrs{"epsilon": 12.0}, ts{floats(2, -2), floats(1)}, floats(0.5, -0.5)},
		{"float64", "RMSNormalization", 23, Attrs{"epsilon": 0.0}, ts{as(floats(3, 3), tensor.Float64), as(floats(1, 2), tensor.Float64)}, as(floats(1, 2), tensor.Float64)},
		{"float16", "RMSNormalization", 23, Attrs{"epsilon": 0.0}, ts{halves(3, 3), halves(1, 2)}, halves(1, 2)},
		{"empty", "RMSNormalization", 23, nil, ts{tensor.New(tensor.Float32, 2, 0), floats(1)}, tensor.New(tensor.Float32, 2, 0)},
		{"scale of another size", "RMSNormalization", 23, nil, ts{floats(1, 2), floats(1, 2, 3)}, nil},
		{"scale of more axes", "RMSNormalization", 23, nil, ts{square2, square2}, nil},
		{"integers", "RMSNormalization", 23, nil, ts{ints(1, 2), ints(1, 2)}, nil},
		{"halves", "RotaryEmbedding", 23, nil, ts{x, cos, sin}, floats(half, -2, root, 0).Reshape(1, 1, 1, 4)},
		{"neighbours", "RotaryEmbedding", 23, Attrs{"interleaved": 1}, ts{x, cos, sin}, floats(half, root, -2, 0).Reshape(1, 1, 1, 4)},
		{"part", "RotaryEmbedding", 23, Attrs{"rotary_embedding_dim": 2}, ts{x, floats(half).Reshape(1, 1, 1), floats(root).Reshape(1, 1, 1)}, floats(half, root, 0, 2).Reshape(1, 1, 1, 4)},
		{"bfloat16", "RotaryEmbedding", 23, nil, ts{as(x, tensor.BFloat), as(floats(0, 1).Reshape(1, 1, 2), tensor.BFloat), as(floats(1, 0).Reshape(1, 1, 2), tensor.BFloat)}, as(floats(0, 0, 1, 2), tensor.BFloat).Reshape(1, 1, 1, 4)},
		{"position outside", "RotaryEmbedding", 23, nil, ts{x, floats(1, 1).Reshape(1, 2), floats(1, 1).Reshape(1, 2), ints(1).Reshape(1, 1)}, nil},
		{"no heads", "RotaryEmbedding", 23, nil, ts{floats(1, 2).Reshape(1, 1, 2), floats(1).Reshape(1, 1, 1), floats(1).Reshape(1, 1, 1)}, nil},
		{"odd heads", "RotaryEmbedding", 23, nil, ts{floats(1, 2, 3).Reshape(1, 1, 1, 3), floats(1).Reshape(1, 1, 1), floats(1).Reshape(1, 1, 1)}, nil},
		{"more than there is", "RotaryEmbedding", 23, Attrs{"rotary_embedding_dim": 6}, ts{x, cos, sin}, nil},
		{"float64", "Attention", 23, nil, ts{one(0), as(floats(5, 9), tensor.Float64).Reshape(1, 1, 2, 1), as(floats(1, 3), tensor.Float64).Reshape(1, 1, 2, 1)}, as(floats(2), tensor.Float64).Reshape(1, 1, 1, 1)}, // even weights
		{"weights 1 to 3", "Attention", 23, Attrs{"scale": float32(math.Log(3))}, ts{one(1), as(floats(0, 1), tensor.Float64).Reshape(1, 1, 2, 1), as(floats(0, 4), tensor.Float64).Reshape(1, 1, 2, 1)}, as(floats(3), tensor.Float64).Reshape(1, 1, 1, 1)},
		{"float16", "Attention", 23, nil, ts{halves(0).Reshape(1, 1, 1, 1), halves(5, 9).Reshape(1, 1, 2, 1), halves(1, 3).Reshape(1, 1, 2, 1)}, halves(2).Reshape(1, 1, 1, 1)},
		{"masked beside the cap", "Attention", 23, Attrs{"softcap": 0.1}, ts{one(0), as(floats(5, 9), tensor.Float64).Reshape(1, 1, 2, 1), as(floats(1, 3), tensor.Float64).Reshape(1, 1, 2, 1), bools(false, true)}, as(floats(3), tensor.Float64).Reshape(1, 1, 1, 1)},
		{"no heads", "Attention", 23, nil, ts{floats(1).Reshape(1, 1, 1), floats(1).Reshape(1, 1, 1), floats(1).Reshape(1, 1, 1)}, nil},
		{"heads that do not divide", "Attention", 23, nil, ts{normal(1, 3, 1, 2), normal(1, 2, 1, 2), normal(1, 2, 1, 2)}, nil},
		{"keys of another size", "Attention", 23, nil, ts{normal(1, 1, 1, 2), normal(1, 1, 1, 3), normal(1, 1, 1, 3)}, nil},
		{"values of another length", "Attention", 23, nil, ts{normal(1, 1, 1, 2), normal(1, 1, 2, 2), normal(1, 1, 3, 2)}, nil},
		{"mask of another size", "Attention", 23, nil, ts{normal(1, 1, 1, 2), normal(1, 1, 2, 2), normal(1, 1, 2, 2), floats(1, 2, 3)}, nil},
		{"one past", "Attention", 23, nil, ts{normal(1, 1, 1, 2), normal(1, 1, 2, 2), normal(1, 1, 2, 2), nil, normal(1, 1, 2, 2)}, nil},
		{"mode of later sets", "Attention", 23, Attrs{"qk_matmul_output_mode": 1}, ts{normal(1, 1, 1, 2), normal(1, 1, 2, 2), normal(1, 1, 2, 2)}, nil},
	} {
		t.Run(c.op+"/"+c.name, c.check)
	}
}
