package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// gradientModel is a small model through which gradients are checked, and the
// operators that it is for.
type gradientModel struct {
	name  string
	ops   []string
	model *Model
	feeds map[string]*tensor.Tensor
}

// gradientModels have what one node of the newest set cannot show: control flow,
// sequences, operators of old sets, and bounds that are computed.
func gradientModels() []gradientModel {
	x := normal(4, 3)
	list := []gradientModel{
		{"Loop and If", []string{"Loop", "If"}, unrolledModel(), map[string]*tensor.Tensor{"x": floats(0.3, -0.7), "w": floats(1.2, 0.4)}},
		{"Scan of opset 8", []string{"Scan"}, scanBatchModel(), map[string]*tensor.Tensor{"x": normal(3, 4, 2)}},
		{"computed bounds", []string{"Clip", "Pad", "OneHot"}, boundsModel(), map[string]*tensor.Tensor{"x": x, "low": tensor.Scalar(float32(-0.41)), "high": floats(0.83, 0.52)}},
	}
	for _, name := range []string{"edit", "empty", "split", "split scalar", "split lengths", "new axis", "scan", "loop", "map", "optional"} {
		m := sequenceModel(name)
		var ops []string
		for _, n := range m.Graph.Nodes {
			if slices.Contains(graphCases, n.OpType) && lifters[n.OpType] != nil {
				ops = append(ops, n.OpType)
			}
		}
		list = append(list, gradientModel{"sequences: " + name, ops, m, map[string]*tensor.Tensor{"x": x}})
	}
	for _, c := range []struct {
		version int64
		opCase
	}{
		{9, opCase{op: "Upsample", attrs: Attrs{"mode": "linear"}, ins: ts{normal(1, 2, 3, 2), floats(1, 1, 2, 1.5)}, fixed: 1}},
		{9, opCase{op: "Upsample", ins: ts{normal(1, 2, 3, 2), floats(1, 1, 2, 3)}, fixed: 1}},
		{9, opCase{op: "Scatter", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 4), tensor.Of([]int64{1, 3, 2, 0}, 2, 2), normal(2, 2)}}},
		{10, opCase{op: "Resize", attrs: Attrs{"mode": "linear"}, ins: ts{normal(1, 1, 3, 2), floats(1, 1, 2, 1.5)}, fixed: 1}},
		{12, opCase{op: "Softmax", attrs: Attrs{"axis": 1}, ins: ts{normal(2, 3, 2)}}},
		{18, opCase{op: "GroupNormalization", attrs: Attrs{"num_groups": 2}, ins: ts{normal(2, 4, 3), normal(2), normal(2)}}},
		{21, opCase{op: "MaxPool", attrs: Attrs{"kernel_shape": []int{2, 3}, "dilations": []int{3, 2}, "pads": []int{2, 1, 1, 3}, "strides": []int{1, 2}}, ins: ts{normal(1, 2, 6, 5)}}},
		{13, opCase{op: "LRN", attrs: Attrs{"size": 3, "alpha": 0.7, "beta": 1.2, "bias": 0.0}, ins: ts{uniform(1, 2, 1, 4, 3)}}},
		{6, opCase{op: "BatchNormalization", attrs: Attrs{"is_test": 1, "spatial": 0}, ins: ts{normal(3, 2, 2), normal(2, 2), normal(2, 2), normal(2, 2), uniform(0.3, 2, 2, 2)}}},
	} {
		m, feeds := c.model()
		m.Opsets[0].Version = c.version
		list = append(list, gradientModel{fmt.Sprintf("%s of set %d", c.op, c.version), []string{c.op}, m, feeds})
	}
	return list
}

// unrolledModel has a loop of three rounds in which known conditions choose.
func unrolledModel() *Model {
	b := NewBuilder("unrolled")
	x, w := b.Input("x", tensor.Float32, 2), b.Input("w", tensor.Float32, 2)
	body := b.Body("round")
	round := body.Input("round", tensor.Int64)
	going := body.Input("going", tensor.Bool)
	v := body.Input("v", tensor.Float32, 2)
	next := body.Op("Tanh", nil, body.Op("Add", nil, body.Op("Mul", nil, v, w), x))
	body.Output(body.Op("Identity", nil, going), tensor.Bool)
	body.Output(next, tensor.Float32, 2)
	first, later := body.Body("first"), body.Body("later")
	first.Output(first.Op("Mul", nil, next, x), tensor.Float32, 2)
	later.Output(later.Op("Neg", nil, next), tensor.Float32, 2)
	body.Output(body.Op("If", Attrs{"then_branch": first.Graph(), "else_branch": later.Graph()}, body.Op("Equal", nil, round, b.Const(tensor.Scalar(int64(0))))), tensor.Float32, 2)
	out := b.OpN(2, "Loop", Attrs{"body": body.Graph()}, b.Const(tensor.Scalar(int64(3))), "", x)
	b.Output("state", out[0], tensor.Float32, 2)
	b.Output("rounds", out[1], tensor.Float32, 3, 2)
	return b.Model()
}

// boundsModel has bounds and values that the gradient reaches.
func boundsModel() *Model {
	b := NewBuilder("bounds")
	x, low, high := b.Input("x", tensor.Float32, 4, 3), b.Input("low", tensor.Float32), b.Input("high", tensor.Float32, 2)
	top := b.Op("ReduceMax", Attrs{"keepdims": 0}, high)
	y := b.Op("Clip", nil, x, low, top)
	y = b.Op("Pad", nil, y, b.Ints(1, 0, 0, 2), b.Op("Neg", nil, top))
	b.Output("y", y, tensor.Float32, 5, 5)
	b.Output("hot", b.Op("OneHot", nil, b.Ints(1, 0, -1), b.Const(tensor.Scalar(int64(3))), high), tensor.Float32, 3, 3)
	return b.Model()
}
