package onnx

import (
	"github.com/macaw-ai/macaw/framework/tensor"
)

// treeAttrs grows random full trees over the given features as node attributes.
func treeAttrs(trees, depth, features, targets int, prefix string, mode string, missing bool) Attrs {
	var tree, node, feature, yes, no, tracks []int
	var modes []string
	var values, weights []float32
	var wTree, wNode, wID []int
	for t := range trees {
		inner := 1<<depth - 1
		for i := range 2*inner + 1 {
			tree, node = append(tree, t), append(node, i)
			m := 0
			if missing && noise.IntN(2) == 1 {
				m = 1
			}
			tracks = append(tracks, m)
			if i < inner {
				feature, yes, no = append(feature, noise.IntN(features)), append(yes, 2*i+1), append(no, 2*i+2)
				modes, values = append(modes, mode), append(values, float32(noise.NormFloat64()))
				continue
			}
			feature, yes, no = append(feature, 0), append(yes, 0), append(no, 0)
			modes, values = append(modes, "LEAF"), append(values, 0)
			wTree, wNode, wID = append(wTree, t), append(wNode, i), append(wID, t%targets)
			weights = append(weights, float32(noise.NormFloat64()))
		}
	}
	a := Attrs{
		"nodes_treeids": tree, "nodes_nodeids": node, "nodes_featureids": feature, "nodes_values": values, "nodes_modes": modes,
		"nodes_truenodeids": yes, "nodes_falsenodeids": no,
		prefix + "_treeids": wTree, prefix + "_nodeids": wNode, prefix + "_ids": wID, prefix + "_weights": weights,
	}
	if missing {
		a["nodes_missing_value_tracks_true"] = tracks
	}
	return a
}

func with(a Attrs, more Attrs) Attrs {
	out := Attrs{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// holes puts NaN into a fifth of t.
func holes(t *tensor.Tensor) *tensor.Tensor {
	for i := range t.Float32s() {
		if noise.IntN(5) == 0 {
			t.Float32s()[i] = nan
		}
	}
	return t
}

func positiveWeights(a Attrs, prefix string) Attrs {
	w := a[prefix+"_weights"].([]float32)
	out := make([]float32, len(w))
	for i, v := range w {
		out[i] = max(v, -v) / float32(len(w))
	}
	return with(a, Attrs{prefix + "_weights": out})
}

const mlp = MLDomain + "."

var _ = addCases(func() (out []opCase) {
	reg := mlp + "TreeEnsembleRegressor"
	cls := mlp + "TreeEnsembleClassifier"
	for _, mode := range []string{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"} {
		out = append(out, opCase{op: reg, attrs: with(treeAttrs(7, 4, 5, 1, "target", mode, true), Attrs{"n_targets": 1}), ins: ts{holes(normal(200, 5))}})
	}
	for _, agg := range []string{"SUM", "AVERAGE", "MIN", "MAX"} {
		out = append(out, opCase{op: reg, attrs: with(treeAttrs(6, 3, 4, 2, "target", "BRANCH_LEQ", false), Attrs{"n_targets": 2, "aggregate_function": agg, "base_values": []float32{0.5, -1}}), ins: ts{normal(33, 4)}})
	}
	for _, post := range []string{"NONE", "LOGISTIC", "SOFTMAX"} {
		three := with(treeAttrs(9, 3, 4, 3, "class", "BRANCH_LEQ", true), Attrs{"classlabels_strings": []string{"x", "y", "z"}, "post_transform": post})
		two := with(treeAttrs(5, 3, 4, 1, "class", "BRANCH_LEQ", true), Attrs{"classlabels_int64s": []int{3, 9}, "post_transform": post})
		out = append(out, opCase{op: cls, attrs: three, ins: ts{holes(normal(40, 4))}, outs: 2}, opCase{op: cls, attrs: two, ins: ts{normal(40, 4)}, outs: 2},
			opCase{op: cls, attrs: with(three, Attrs{"base_values": []float32{0.1, 2, -1}}), ins: ts{normal(1, 4)}, outs: 2})
	}
	out = append(out, opCase{op: cls, attrs: positiveWeights(with(treeAttrs(5, 3, 4, 1, "class", "BRANCH_LEQ", false), Attrs{"classlabels_int64s": []int{0, 1}}), "class"), ins: ts{normal(40, 4)}, outs: 2})

	enc := mlp + "LabelEncoder"
	out = append(out,
		opCase{op: enc, attrs: Attrs{"keys_strings": []string{"a", "b", ""}, "values_int64s": []int{5, 6, 0}, "default_int64": -7}, ins: ts{tensor.Of([]string{"b", "", "q", "a"}, 2, 2)}},
		opCase{op: enc, attrs: Attrs{"keys_int64s": []int{1, 2}, "values_strings": []string{"one", "two"}, "default_string": "?"}, ins: ts{ints(2, 3, 1)}},
		opCase{op: enc, attrs: Attrs{"keys_floats": []float32{1, nan}, "values_floats": []float32{10, 20}, "default_float": 0.5}, ins: ts{floats(1, nan, 2)}},
		opCase{op: enc, attrs: Attrs{"keys_strings": []string{"a", "a"}, "values_floats": []float32{1, 2}}, ins: ts{words("a", "b")}},
	)
	impute := mlp + "Imputer"
	out = append(out,
		opCase{op: impute, attrs: Attrs{"imputed_value_floats": []float32{1, 2, 3}, "replaced_value_float": nan}, ins: ts{holes(normal(6, 3))}},
		opCase{op: impute, attrs: Attrs{"imputed_value_floats": []float32{9}, "replaced_value_float": 0.0}, ins: ts{tensor.Of([]float32{0, 1, 2, 0}, 2, 2)}, kink: true},
		opCase{op: impute, attrs: Attrs{"imputed_value_floats": []float32{9}, "replaced_value_float": 0.0}, ins: ts{floats(3, 1, 2).Reshape(1, 3)}},
		opCase{op: impute, attrs: Attrs{"imputed_value_int64s": []int{4, 5}, "replaced_value_int64": -1}, ins: ts{tensor.Of([]int64{-1, 1, 2, -1}, 2, 2)}},
		opCase{op: mlp + "Scaler", attrs: Attrs{"offset": []float32{1, 2, 3}, "scale": []float32{2, 0.5, 1}}, ins: ts{normal(4, 3)}},
		opCase{op: mlp + "Scaler", attrs: Attrs{"offset": []float32{1}, "scale": []float32{2}}, ins: ts{normal(4, 3)}},
		opCase{op: mlp + "OneHotEncoder", attrs: Attrs{"cats_strings": []string{"a", "b", "c"}}, ins: ts{tensor.Of([]string{"b", "z", "a", "c"}, 4, 1)}},
		opCase{op: mlp + "OneHotEncoder", attrs: Attrs{"cats_int64s": []int{3, 5}}, ins: ts{ints(5, 4, 3)}},
		opCase{op: mlp + "ArrayFeatureExtractor", ins: ts{normal(3, 5), ints(4, 0)}}, opCase{op: mlp + "ArrayFeatureExtractor", ins: ts{words("a", "b", "c"), ints(1)}, fixed: 1},
	)
	for _, norm := range []string{"MAX", "L1", "L2"} {
		out = append(out, opCase{op: mlp + "Normalizer", attrs: Attrs{"norm": norm}, ins: ts{normal(5, 4)}}, opCase{op: mlp + "Normalizer", attrs: Attrs{"norm": norm}, ins: ts{tensor.New(tensor.Float32, 2, 3)}, kink: true})
	}
	coef := normal(12).Float32s()
	for _, post := range []string{"NONE", "LOGISTIC", "SOFTMAX"} {
		out = append(out,
			opCase{op: mlp + "LinearClassifier", attrs: Attrs{"coefficients": coef, "intercepts": []float32{0.1, -0.2, 0.3}, "classlabels_strings": []string{"x", "y", "z"}, "post_transform": post}, ins: ts{normal(6, 4)}, outs: 2},
			opCase{op: mlp + "LinearClassifier", attrs: Attrs{"coefficients": coef[:8], "intercepts": []float32{0.1, -0.2}, "classlabels_ints": []int{4, 5}, "post_transform": post}, ins: ts{normal(6, 4)}, outs: 2},
			opCase{op: mlp + "LinearClassifier", attrs: Attrs{"coefficients": coef[:4], "intercepts": []float32{0.1}, "classlabels_ints": []int{4, 5}, "post_transform": post}, ins: ts{normal(6, 4)}, outs: 2},
		)
	}
	for targets := 1; targets <= 3; targets++ {
		out = append(out, opCase{op: mlp + "LinearRegressor", attrs: Attrs{"coefficients": coef[:4*targets], "intercepts": coef[:targets], "targets": targets}, ins: ts{normal(6, 4)}})
	}
	return out
}())
