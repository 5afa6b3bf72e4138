package onnx

var _ = addCases(func() (out []opCase) {
	cls := mlp + "SVMClassifier"
	three := Attrs{"classlabels_ints": []int{4, 5, 9}, "coefficients": normal(12).Float32s(), "support_vectors": normal(18).Float32s(), "vectors_per_class": []int{2, 1, 3},
		"rho": normal(3).Float32s(), "kernel_params": []float32{0.4, 0.2, 3}}
	two := Attrs{"classlabels_strings": []string{"no", "yes"}, "coefficients": normal(5).Float32s(), "support_vectors": normal(15).Float32s(), "vectors_per_class": []int{3, 2},
		"rho": []float32{0.1}, "kernel_params": []float32{0.4, 0.2, 3}}
	for _, k := range []string{"LINEAR", "RBF"} {
		kernel := Attrs{"kernel_type": k}
		out = append(out,
			opCase{op: cls, attrs: with(three, kernel), ins: ts{normal(9, 3)}, outs: 2},
			opCase{op: cls, attrs: with(with(three, kernel), Attrs{"prob_a": []float32{-0.7, -1.2, -0.4}, "prob_b": []float32{0.1, -0.2, 0.3}}), ins: ts{normal(9, 3)}, outs: 2},
			opCase{op: cls, attrs: with(two, kernel), ins: ts{normal(9, 3)}, outs: 2},
			opCase{op: cls, attrs: with(with(two, kernel), Attrs{"prob_a": []float32{-0.7}, "prob_b": []float32{0.1}}), ins: ts{normal(9, 3)}, outs: 2},
		)
	}
	linear := Attrs{"classlabels_ints": []int{4, 5, 9}, "coefficients": normal(9).Float32s(), "rho": []float32{0.2}, "kernel_params": []float32{0, 0, 3}}
	for _, post := range []string{"NONE", "LOGISTIC", "SOFTMAX"} {
		out = append(out, opCase{op: cls, attrs: with(linear, Attrs{"post_transform": post}), ins: ts{normal(9, 3)}, outs: 2},
			opCase{op: cls, attrs: with(three, Attrs{"post_transform": post}), ins: ts{normal(9, 3)}, outs: 2},
			opCase{op: cls, attrs: with(two, Attrs{"post_transform": post}), ins: ts{normal(9, 3)}, outs: 2})
	}
	positive := with(two, Attrs{"coefficients": uniform(0, 1, 5).Float32s(), "kernel_type": "RBF"})
	return append(out, opCase{op: cls, attrs: positive, ins: ts{normal(9, 3)}, outs: 2}, opCase{op: cls, attrs: with(positive, Attrs{"rho": []float32{-0.4}}), ins: ts{normal(20, 3)}, outs: 2},
		opCase{op: cls, attrs: with(two, Attrs{"post_transform": "SOFTMAX_ZERO"}), ins: ts{normal(9, 3)}, outs: 2},
		opCase{op: cls, attrs: with(two, Attrs{"prob_a": []float32{0.7}, "prob_b": []float32{0.9}}), ins: ts{normal(20, 3)}, outs: 2},
		opCase{op: cls, attrs: with(three, Attrs{"prob_a": []float32{-0.7, -1.2, -0.4}, "prob_b": []float32{0.1, -0.2, 0.3}, "post_transform": "SOFTMAX"}), ins: ts{normal(9, 3)}, outs: 2},
	)
}())
