package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

// recurrentCase has T=5, B=3, I=4, H=2; peepholes and initial_c are for LSTM.
func recurrentCase(op string, dirs int, attrs Attrs, full bool) opCase {
	gates := map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4}[op]
	attrs["hidden_size"] = 2
	ins := ts{normal(5, 3, 4), normal(dirs, gates*2, 4), normal(dirs, gates*2, 2)}
	outs := 2
	if full {
		ins = append(ins, normal(dirs, gates*4), as(ints(5, 2, 3), tensor.Int32), normal(dirs, 3, 2))
	}
	if op == "LSTM" {
		outs = 3
		if full {
			ins = append(ins, normal(dirs, 3, 2), normal(dirs, 6))
		}
	}
	return opCase{op: op, attrs: attrs, ins: ins, outs: outs}
}

var _ = addCases(func() (out []opCase) {
	for _, op := range []string{"RNN", "GRU", "LSTM"} {
		for dirs, direction := range []string{1: "forward", 2: "bidirectional"} {
			if dirs > 0 {
				out = append(out, recurrentCase(op, dirs, Attrs{"direction": direction}, false), recurrentCase(op, dirs, Attrs{"direction": direction}, true))
			}
		}
		out = append(out, recurrentCase(op, 1, Attrs{"direction": "reverse"}, true), recurrentCase(op, 1, Attrs{"clip": 0.4}, true))
	}
	return append(out,
		recurrentCase("GRU", 2, Attrs{"direction": "bidirectional", "linear_before_reset": 1}, true),
		recurrentCase("LSTM", 1, Attrs{"input_forget": 1}, false),
		recurrentCase("RNN", 2, Attrs{"direction": "bidirectional", "activations": []string{"LeakyRelu", "HardSigmoid"}, "activation_alpha": []float32{0.3, 0.4}, "activation_beta": []float32{0.1}}, true),
		recurrentCase("RNN", 1, Attrs{"activations": []string{"Affine"}, "activation_alpha": []float32{0.3}, "activation_beta": []float32{0.1}}, false),
		recurrentCase("RNN", 1, Attrs{"activations": []string{"ScaledTanh"}, "activation_alpha": []float32{0.7}, "activation_beta": []float32{0.6}}, false),
		recurrentCase("RNN", 1, Attrs{"activations": []string{"ThresholdedRelu"}, "activation_alpha": []float32{0.2}}, false),
		recurrentCase("LSTM", 1, Attrs{"activations": []string{"HardSigmoid", "Softsign", "Elu"}}, true),
		recurrentCase("GRU", 1, Attrs{"activations": []string{"Sigmoid", "Softplus"}}, false),
		recurrentCase("GRU", 1, Attrs{"activations": []string{"Sigmoid", "Relu"}}, true),
	)
}())
