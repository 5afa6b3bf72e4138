package onnx

import (
	"context"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// graphCases are the operators that one node on tensors cannot test; models of
// several nodes do.
var graphCases = []string{
	"Loop", "If", "Scan", "SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceAt", "SequenceLength",
	"SplitToSequence", "ConcatFromSequence", "SequenceMap", "Optional", "OptionalHasElement", "OptionalGetElement",
}

// sequenceModels are models over x [4,3] float32 that use sequences inside.
var sequenceModels = map[string]func(b *Builder, x string) string{
	"edit": func(b *Builder, x string) string {
		s := b.Op("SequenceConstruct", nil, x, b.Op("Neg", nil, x))
		s = b.Op("SequenceInsert", nil, s, b.Op("Abs", nil, x), b.Const(tensor.Scalar(int64(-2))))
		s = b.Op("SequenceInsert", nil, s, b.Op("Exp", nil, x))
		s = b.Op("SequenceErase", nil, s, b.Const(tensor.Scalar(int64(1))))
		return b.Op("ConcatFromSequence", Attrs{"axis": 1}, b.Op("SequenceErase", nil, s))
	},
	"empty": func(b *Builder, x string) string {
		return b.Op("SequenceAt", nil, b.Op("SequenceInsert", nil, b.Op("SequenceEmpty", nil), x), b.Const(tensor.Scalar(int64(-1))))
	},
	"length": func(b *Builder, x string) string {
		return b.Op("SequenceLength", nil, b.Op("SplitToSequence", Attrs{"axis": -2}, x))
	},
	"split": func(b *Builder, x string) string {
		return b.Op("SequenceAt", nil, b.Op("SplitToSequence", Attrs{"keepdims": 0}, x), b.Const(tensor.Scalar(int64(2))))
	},
	"split scalar": func(b *Builder, x string) string {
		return b.Op("SequenceAt", nil, b.Op("SplitToSequence", nil, x, b.Const(tensor.Scalar(int64(3)))), b.Const(tensor.Scalar(int64(1))))
	},
	"split lengths": func(b *Builder, x string) string {
		s := b.Op("SplitToSequence", Attrs{"axis": 1}, x, b.Ints(2, 1))
		return b.Op("SequenceAt", nil, s, b.Const(tensor.Scalar(int64(0))))
	},
	"new axis": func(b *Builder, x string) string {
		return b.Op("ConcatFromSequence", Attrs{"axis": -1, "new_axis": 1}, b.Op("SplitToSequence", Attrs{"keepdims": 0}, x))
	},
	"device": func(b *Builder, x string) string {
		y := b.Op("MatMul", nil, x, b.Const(normal(3, 5)))
		s := b.Op("Identity", nil, b.Op("SequenceConstruct", nil, y, y))
		return b.Op("MatMul", nil, b.Op("SequenceAt", nil, s, b.Const(tensor.Scalar(int64(1)))), b.Const(normal(5, 2)))
	},
	"optional": func(b *Builder, x string) string {
		o := b.Op("Optional", nil, x)
		has := b.Op("Cast", Attrs{"to": tensor.Float32}, b.Op("OptionalHasElement", nil, o))
		return b.Op("Add", nil, has, b.Op("OptionalGetElement", nil, o))
	},
	"no rounds": func(b *Builder, x string) string {
		body := b.Body("none")
		body.Input("round", tensor.Int64)
		going := body.Input("going", tensor.Bool)
		body.Output(body.Op("Identity", nil, going), tensor.Bool)
		body.Output(body.Op("Neg", nil, x), tensor.Float32, 4, 3)
		return b.OpN(1, "Loop", Attrs{"body": body.Graph()}, b.Const(tensor.Scalar(int64(0))), b.Const(tensor.Scalar(true)))[0]
	},
	"scan": func(b *Builder, x string) string {
		out := b.OpN(3, "Scan", Attrs{"body": scanBody(b), "num_scan_inputs": 2, "scan_input_axes": []int{1, -1}, "scan_input_directions": []int{0, 1},
			"scan_output_axes": []int{-1, 0}, "scan_output_directions": []int{1, 0}}, b.Const(normal(4)), x, b.Op("Exp", nil, x))
		return b.Op("Concat", Attrs{"axis": 0}, b.Op("Reshape", nil, out[0], b.Ints(-1)), b.Op("Reshape", nil, out[1], b.Ints(-1)), b.Op("Reshape", nil, out[2], b.Ints(-1)))
	},
	"map": func(b *Builder, x string) string {
		s := b.Op("SplitToSequence", nil, x)
		body := b.Body("scale")
		v, w := body.Input("v", tensor.Float32, 1, 3), body.Input("w", tensor.Float32, 4, 3)
		body.Output(body.Op("Mul", nil, v, w), tensor.Float32, 4, 3)
		return b.Op("ConcatFromSequence", Attrs{"axis": 0}, b.Op("SequenceMap", Attrs{"body": body.Graph()}, s, x))
	},
	"loop": func(b *Builder, x string) string {
		body := b.Body("collect")
		round, going := body.Input("round", tensor.Int64), body.Input("going", tensor.Bool)
		s := body.Input("s", tensor.Float32)
		body.inner.graph.Inputs[2].Type = sequenceType(tensor.Float32)
		row := body.Op("Gather", Attrs{"axis": 0}, x, round)
		body.Output(body.Op("Identity", nil, going), tensor.Bool)
		body.Output(body.Op("SequenceInsert", nil, s, row), tensor.Float32)
		body.inner.graph.Outputs[1].Type = sequenceType(tensor.Float32)
		out := b.OpN(1, "Loop", Attrs{"body": body.Graph()}, b.Const(tensor.Scalar(int64(4))), "", b.Op("SequenceEmpty", nil))
		return b.Op("ConcatFromSequence", Attrs{"axis": 0}, out[0])
	},
}

// scanBody adds two slices of 4 to a state and gives the sum and a product.
func scanBody(b *Builder) *Graph {
	body := b.Body("scan")
	s, v, w := body.Input("s", tensor.Float32, 4), body.Input("v", tensor.Float32, 4), body.Input("w", tensor.Float32, 4)
	sum := body.Op("Add", nil, body.Op("Add", nil, s, v), w)
	body.Output(sum, tensor.Float32, 4)
	body.Output(body.Op("Mul", nil, v, sum), tensor.Float32, 4)
	body.Output(body.Op("Sub", nil, v, w), tensor.Float32, 4)
	return body.Graph()
}

func tensorType(dt tensor.DType) *TypeProto {
	return &TypeProto{Tensor: &TensorType{Elem: dataTypes[dt]}}
}

func sequenceType(dt tensor.DType) *TypeProto {
	return &TypeProto{Sequence: &ElemType{Elem: tensorType(dt)}}
}

func sequenceModel(name string) *Model {
	b := NewBuilder(name)
	dt := tensor.Float32
	if name == "length" {
		dt = tensor.Int64
	}
	b.Output("y", sequenceModels[name](b, b.Input("x", tensor.Float32, 4, 3)), dt)
	b.graph.Outputs[0].Type.Tensor.Shape = nil
	return b.Model()
}

func TestSequences(t *testing.T) {
	for name := range sequenceModels {
		t.Run(name, func(t *testing.T) {
			both(t, sequenceModel(name), map[string]*tensor.Tensor{"x": normal(4, 3)}, 1e-4)
		})
	}
}

// scanBatchModel is a scan of opset 8, whose samples have lengths of their own.
func scanBatchModel() *Model {
	b := NewBuilder("scan8")
	body := b.Body("sum")
	s, v := body.Input("s", tensor.Float32, 2), body.Input("v", tensor.Float32, 2)
	sum := body.Op("Add", nil, s, v)
	body.Output(sum, tensor.Float32, 2)
	body.Output(body.Op("Mul", nil, sum, v), tensor.Float32, 2)
	x := b.Input("x", tensor.Float32, 3, 4, 2)
	out := b.OpN(2, "Scan", Attrs{"body": body.Graph(), "num_scan_inputs": 1, "directions": []int{1}}, b.Ints(4, 1, 2), b.Const(normal(3, 2)), x)
	b.Output("state", out[0], tensor.Float32, 3, 2)
	b.Output("rows", out[1], tensor.Float32, 3, 4, 2)
	m := b.Model()
	m.Opsets[0].Version, m.IRVersion = 8, 3
	for _, c := range m.Graph.Initializers { // which IR version 3 wants among the inputs
		v, err := c.Tensor()
		if err != nil {
			panic(err)
		}
		dims := make([]any, v.Rank())
		for i, d := range v.Shape() {
			dims[i] = d
		}
		m.Graph.Inputs = append(m.Graph.Inputs, NewValueInfo(c.Name, v.DType(), dims...))
	}
	return m
}

// TestScanWithBatch follows the lengths of opset 8, which onnxruntime has too.
func TestScanWithBatch(t *testing.T) {
	both(t, scanBatchModel(), map[string]*tensor.Tensor{"x": normal(3, 4, 2)}, 1e-5)
}

// valuesModel takes a sequence and an optional, and gives both.
func valuesModel() *Model {
	b := NewBuilder("values")
	s, o := b.Input("s", tensor.Float32), b.Input("o", tensor.Float32)
	b.graph.Inputs[0].Type = sequenceType(tensor.Float32)
	b.graph.Inputs[1].Type = &TypeProto{Optional: &ElemType{Elem: tensorType(tensor.Float32)}}
	b.Output("shorter", b.Op("SequenceErase", nil, s), tensor.Float32)
	b.graph.Outputs[0].Type = sequenceType(tensor.Float32)
	b.Output("has", b.Op("OptionalHasElement", nil, o), tensor.Bool)
	b.Output("same", o, tensor.Float32)
	b.graph.Outputs[2].Type = b.graph.Inputs[1].Type
	return b.Model()
}

func TestRunValues(t *testing.T) {
	s, err := NewSession(valuesModel(), device)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Value{None(), Some(TensorValue(floats(3)))} {
		got, err := s.RunValues(context.Background(), map[string]Value{"s": SequenceOf(floats(1), floats(2)), "o": o})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]Value{"shorter": SequenceOf(floats(1)), "has": TensorValue(tensor.Scalar(len(o.Items()) > 0)), "same": o}
		for name, w := range want {
			if diff := compareValue(got[name], w); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	seq, opt := SequenceOf(floats(1)), None()
	for want, feeds := range map[string]map[string]Value{
		`"s" wants a sequence, got a tensor`:          {"s": TensorValue(floats(1)), "o": opt},
		`"o" wants an optional, got a sequence`:       {"s": seq, "o": seq},
		`"s" wants float32, got int64`:                {"s": SequenceOf(ints(1)), "o": opt},
		`"s" wants a tensor, got nothing`:             {"s": SequenceValue(Value{}), "o": opt},
		`"o" is missing`:                              {"s": seq},
		`position nothing is outside a sequence of 0`: {"s": SequenceValue(), "o": opt},
	} {
		if _, err := s.RunValues(context.Background(), feeds); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if _, err := s.Run(context.Background(), nil); err == nil {
		t.Error("Run without inputs is no error")
	}
}
