package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = addCases(func() (out []opCase) {
	cats := Attrs{"cats_strings": []string{"a", "b", "c"}, "cats_int64s": []int{5, 6, 7}}
	out = append(out,
		opCase{op: mlp + "Binarizer", ins: ts{normal(3, 4)}}, opCase{op: mlp + "Binarizer", attrs: Attrs{"threshold": 0.5}, ins: ts{floats(0.5, 0.6, -inf, inf)}},
		opCase{op: mlp + "CategoryMapper", attrs: cats, ins: ts{tensor.Of([]string{"b", "z", "a", "c"}, 2, 2)}},
		opCase{op: mlp + "CategoryMapper", attrs: with(cats, Attrs{"default_string": "?", "default_int64": 3}), ins: ts{ints(7, 8, 5)}},
		opCase{op: mlp + "CategoryMapper", attrs: with(cats, Attrs{"default_string": "?", "default_int64": 3}), ins: ts{words("q")}},
		opCase{op: mlp + "FeatureVectorizer", attrs: Attrs{"inputdimensions": []int{2, 3}}, ins: ts{normal(4, 2), normal(4, 3)}},
		opCase{op: mlp + "FeatureVectorizer", attrs: Attrs{"inputdimensions": []int{1, 4}}, ins: ts{normal(4, 2), normal(4, 3)}},
	)
	svm := mlp + "SVMRegressor"
	vectors := Attrs{"coefficients": normal(5).Float32s(), "support_vectors": normal(15).Float32s(), "n_supports": 5, "rho": []float32{0.3}}
	for _, k := range []string{"LINEAR", "POLY", "RBF", "SIGMOID"} {
		out = append(out, opCase{op: svm, attrs: with(vectors, Attrs{"kernel_type": k, "kernel_params": []float32{0.4, 0.2, 3}}), ins: ts{normal(7, 3)}})
	}
	return append(out,
		opCase{op: svm, attrs: Attrs{"coefficients": []float32{1, -2, 0.5}, "rho": []float32{0.3}, "kernel_params": []float32{0, 0, 3}}, ins: ts{normal(7, 3)}},
		opCase{op: svm, attrs: with(vectors, Attrs{"one_class": 1, "kernel_params": []float32{0, 0, 3}}), ins: ts{normal(9, 3)}},
	)
}())

func TestMLMistakes(t *testing.T) {
	for _, c := range []struct {
		opCase
		want string
	}{
		{opCase{op: mlp + "CategoryMapper", attrs: Attrs{"cats_strings": []string{"a"}}, ins: ts{words("a")}}, "cats_int64s"},
		{opCase{op: mlp + "FeatureVectorizer", ins: ts{normal(1, 2)}}, "inputdimensions"},
		{opCase{op: mlp + "FeatureVectorizer", attrs: Attrs{"inputdimensions": []int{1 << 28, 1 << 28}}, ins: ts{normal(1, 2), normal(1, 2)}}, "too large"},
		{opCase{op: mlp + "SVMRegressor", attrs: Attrs{"rho": []float32{1}}, ins: ts{normal(1, 2)}}, "coefficients or rho"},
		{opCase{op: mlp + "SVMRegressor", attrs: Attrs{"rho": []float32{1}, "coefficients": []float32{1}, "n_supports": 2}, ins: ts{normal(1, 2)}}, "n_supports is 2"},
		{opCase{op: mlp + "SVMRegressor", attrs: Attrs{"rho": []float32{1}, "coefficients": []float32{1}, "kernel_params": []float32{1}}, ins: ts{normal(1, 2)}}, "kernel_params"},
	} {
		wantError(t, c.opCase, c.want)
	}
}
