package produce

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/toolbox"
)

// part is a model with its weight in an average.
type part struct {
	model  *onnx.Model
	weight float64
}

// merge makes one model of several: it feeds them the same inputs, averages
// their outputs by weight and, for classes, adds the name of the likeliest one.
func merge(p *toolbox.Problem, name string, parts []part) (m *onnx.Model, err error) {
	defer func() {
		if v := recover(); v != nil { // the builder's way to refuse what a recipe exported
			m, err = nil, fmt.Errorf("merge the models: %v", v)
		}
	}()
	b := onnx.NewBuilder(name)
	inputs := map[string]string{}
	for _, in := range allInputs(parts) {
		dims, ok := in.Dims()
		if !ok {
			return nil, fmt.Errorf("merge the models: input %q has no shape", in.Name)
		}
		inputs[in.Name] = b.Input(in.Name, in.DType(), dims...)
	}
	from := model.OutputPrediction
	if !p.Regression() {
		from = model.OutputProbabilities
	}
	var sum string
	for _, part := range parts {
		outs, err := b.Inline(part.model, inputs)
		if err != nil {
			return nil, err
		}
		v, ok := outs[from]
		if !ok {
			return nil, fmt.Errorf("merge the models: one has no output %q", from)
		}
		if len(parts) > 1 {
			v = b.Op("Mul", nil, v, b.Float(float32(part.weight)))
		}
		if sum == "" {
			sum = v
		} else {
			sum = b.Op("Add", nil, sum, v)
		}
	}
	if p.Regression() {
		b.Output(model.OutputPrediction, sum, tensor.Float32, "N", 1)
		return b.Model(), nil
	}
	classes := b.Const(tensor.Of(slices.Clone(p.Classes), len(p.Classes)))
	likeliest := b.Op("ArgMax", onnx.Attrs{"axis": 1, "keepdims": 0}, sum)
	b.Output(model.OutputLabel, b.Op("Gather", onnx.Attrs{"axis": 0}, classes, likeliest), tensor.String, "N")
	b.Output(model.OutputProbabilities, sum, tensor.Float32, "N", len(p.Classes))
	return b.Model(), nil
}

// allInputs returns the inputs of all parts, each name once.
func allInputs(parts []part) []*onnx.ValueInfo {
	var all []*onnx.ValueInfo
	seen := map[string]bool{}
	for _, part := range parts {
		constants := map[string]bool{}
		for _, t := range part.model.Graph.Initializers {
			constants[t.Name] = true
		}
		for _, in := range part.model.Graph.Inputs {
			if !seen[in.Name] && !constants[in.Name] {
				seen[in.Name] = true
				all = append(all, in)
			}
		}
	}
	return all
}
