package quant

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// modelPlan is what becomes of a model.
type modelPlan struct {
	model   *onnx.Model
	options ModelOptions
	consts  map[string]*tensor.Tensor // initialisers
	readers map[string][]*onnx.Node
	outputs map[string]bool
	layers  map[*onnx.Node]int // the axis of the weight's output channels
	tensors []string           // activations to quantise
	grids   map[string]graph.Affine
}

func newModelPlan(m *onnx.Model, o ModelOptions) (*modelPlan, error) {
	q := &modelPlan{model: m, options: o, consts: map[string]*tensor.Tensor{}, readers: map[string][]*onnx.Node{},
		outputs: map[string]bool{}, layers: map[*onnx.Node]int{}, grids: map[string]graph.Affine{}}
	for _, t := range m.Graph.Initializers {
		v, err := t.Tensor()
		if err != nil {
			return nil, err
		}
		q.consts[t.Name] = v
	}
	q.foldReshapes()
	m.Graph.Inputs = slices.DeleteFunc(m.Graph.Inputs, func(v *onnx.ValueInfo) bool { return q.consts[v.Name] != nil })
	for _, v := range m.Graph.Outputs {
		q.outputs[v.Name] = true
	}
	for _, n := range m.Graph.Nodes {
		for _, in := range n.Inputs {
			q.readers[in] = append(q.readers[in], n)
		}
	}
	for _, n := range m.Graph.Nodes {
		axis, ok := q.weightAxis(n)
		if !ok || o.Skip != nil && o.Skip(n) {
			continue
		}
		q.layers[n] = axis
		for _, name := range []string{n.Inputs[0], q.result(n)} {
			if !q.outputs[name] && !slices.Contains(q.tensors, name) {
				q.tensors = append(q.tensors, name)
			}
		}
	}
	if len(q.layers) == 0 {
		return nil, fmt.Errorf("the model has no Conv, Gemm or MatMul with constant weights")
	}
	return q, nil
}

// foldReshapes makes constants of reshaped ones.
func (q *modelPlan) foldReshapes() {
	g := q.model.Graph
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *onnx.Node) bool {
		if n.OpType != "Reshape" || len(n.Inputs) != 2 || len(n.Attributes) > 0 || q.consts[n.Inputs[0]] == nil || q.consts[n.Inputs[1]] == nil {
			return false
		}
		to := q.consts[n.Inputs[1]]
		dims := make([]int, to.Len())
		for i, d := range to.Int64s() {
			if dims[i] = int(d); d == 0 {
				return false
			}
		}
		q.consts[n.Outputs[0]] = q.consts[n.Inputs[0]].Reshape(dims...)
		g.Initializers = append(g.Initializers, onnx.NewTensorProto(n.Outputs[0], q.consts[n.Outputs[0]]))
		return true
	})
}

// weightAxis returns the axis of output channels of n's constant weight.
func (q *modelPlan) weightAxis(n *onnx.Node) (axis int, ok bool) {
	if n.Domain != "" || len(n.Inputs) < 2 || q.consts[n.Inputs[0]] != nil {
		return 0, false
	}
	w := q.consts[n.Inputs[1]]
	if w == nil || w.DType() != tensor.Float32 {
		return 0, false
	}
	switch n.OpType {
	case "Conv":
		return 0, w.Rank() > 2
	case "MatMul":
		return 1, w.Rank() == 2
	case "Gemm":
		axis, plain := 1, true
		for _, a := range n.Attributes {
			switch a.Name {
			case "transB":
				axis -= int(a.I)
			case "transA":
				plain = plain && a.I == 0
			case "alpha", "beta":
				plain = plain && a.F == 1
			}
		}
		return axis, plain && w.Rank() == 2
	}
	return 0, false
}

// result is what n makes, after a constant that is added and a ReLU which alone
// read it.
func (q *modelPlan) result(n *onnx.Node) string {
	name := n.Outputs[0]
	for {
		r := q.readers[name]
		if len(r) != 1 || q.outputs[name] {
			return name
		}
		adds := r[0].OpType == "Add" && slices.ContainsFunc(r[0].Inputs, func(in string) bool { return q.consts[in] != nil })
		if !adds && r[0].OpType != "Relu" {
			return name
		}
		name = r[0].Outputs[0]
		if r[0].OpType == "Relu" {
			return name
		}
	}
}

// calibrate chooses the grids and returns the model's outputs on the samples.
func (q *modelPlan) calibrate(dev chip.Device, samples []map[string]*tensor.Tensor) ([]map[string]*tensor.Tensor, error) {
	probe, g := *q.model, *q.model.Graph
	probe.Graph = &g
	inputs := map[string]bool{}
	for _, v := range g.Inputs {
		inputs[v.Name] = true
	}
	g.Outputs = slices.Clone(g.Outputs)
	for _, name := range q.tensors {
		if !inputs[name] {
			g.Outputs = append(g.Outputs, onnx.NewValueInfo(name, tensor.Float32))
		}
	}
	outs, err := runAll(&probe, dev, samples)
	if err != nil {
		return nil, err
	}
	ranges, err := observe(len(q.tensors), q.options.Calibration, func(yield func([][]float32) bool) error {
		for i := range samples {
			values := make([][]float32, len(q.tensors))
			for j, name := range q.tensors {
				t := outs[i][name]
				if inputs[name] {
					t = samples[i][name]
				}
				if t == nil || t.DType() != tensor.Float32 {
					return fmt.Errorf("%q is no float32 tensor in sample %d", name, i)
				}
				values[j] = t.Float32s()
			}
			if !yield(values) {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, name := range q.tensors {
		q.grids[name] = ranges[i].Affine()
	}
	return outs, nil
}
