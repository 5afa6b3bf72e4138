package onnx

import (
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// functionModel calls a function that leaks below 0 by an attribute and calls
// another one within a branch; outputs repeat and echo an input.
func functionModel() *Model {
	clip := &Function{
		Name: "Leak", Domain: "own", Inputs: []string{"x", "b"}, Outputs: []string{"y", "x", "y"}, AttrNames: []string{"slope"},
		Opsets: []*Opset{{Version: 21}, {Domain: "own", Version: 1}},
		Nodes: []*Node{
			{OpType: "LeakyRelu", Inputs: []string{"x"}, Outputs: []string{"t"}, Attributes: []*Attribute{{Name: "alpha", Type: AttrFloat, Ref: "slope"}}},
			{OpType: "ReduceSum", Inputs: []string{"t"}, Outputs: []string{"sum"}, Attributes: []*Attribute{newAttribute("keepdims", 0)}},
			{OpType: "Cast", Inputs: []string{"sum"}, Outputs: []string{"positive"}, Attributes: []*Attribute{newAttribute("to", tensor.Bool)}},
			{OpType: "If", Inputs: []string{"positive"}, Outputs: []string{"y"}, Attributes: []*Attribute{
				newAttribute("then_branch", branchOf(&Node{OpType: "Twice", Domain: "own", Inputs: []string{"t"}, Outputs: []string{"r"}})),
				newAttribute("else_branch", branchOf(&Node{OpType: "Neg", Inputs: []string{"t"}, Outputs: []string{"r"}})),
			}},
		},
	}
	twice := &Function{
		Name: "Twice", Domain: "own", Inputs: []string{"t"}, Outputs: []string{"r"}, Opsets: []*Opset{{Version: 21}},
		Nodes: []*Node{{OpType: "Add", Inputs: []string{"t", "t"}, Outputs: []string{"r"}}},
	}
	g := &Graph{
		Name: "calls", Inputs: []*ValueInfo{NewValueInfo("x", tensor.Float32, "N")},
		Nodes: []*Node{
			{OpType: "Leak", Domain: "own", Inputs: []string{"x"}, Outputs: []string{"t"}, Attributes: []*Attribute{newAttribute("slope", 0.5)}},
			{OpType: "Leak", Domain: "own", Inputs: []string{"t"}, Outputs: []string{"y", "same", "again"}},
		},
	}
	for _, name := range []string{"t", "y", "same", "again"} {
		g.Outputs = append(g.Outputs, NewValueInfo(name, tensor.Float32, "N"))
	}
	return &Model{IRVersion: 10, Opsets: []*Opset{{Version: 21}, {Domain: "own", Version: 1}}, Graph: g, Functions: []*Function{clip, twice}}
}

// branchOf is a sub-graph of one node whose output is "r".
func branchOf(n *Node) *Graph {
	return &Graph{Name: "branch", Nodes: []*Node{n}, Outputs: []*ValueInfo{{Name: "r", Type: tensorType(tensor.Float32)}}}
}

func TestFunctions(t *testing.T) {
	m := functionModel()
	m.Functions[0].Outputs = []string{"y"}
	m.Graph.Nodes[1].Outputs, m.Graph.Outputs = []string{"y"}, m.Graph.Outputs[:2]
	both(t, m, map[string]*tensor.Tensor{"x": floats(-2, 3)}, 1e-6)
}

// TestFunctionOutputs has outputs that onnxruntime refuses: an input and one twice.
func TestFunctionOutputs(t *testing.T) {
	m, err := Unmarshal(functionModel().Marshal())
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSession(m, device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Run(t.Context(), map[string]*tensor.Tensor{"x": floats(-2, 3)})
	if err != nil {
		t.Fatal(err)
	}
	// t = 2·(-1, 3); the second call leaks by LeakyRelu's own 0.01.
	for name, want := range map[string]*tensor.Tensor{"t": floats(-2, 6), "y": floats(-0.04, 12), "same": floats(-2, 6), "again": floats(-0.04, 12)} {
		if diff := compare(got[name], want, 1e-6); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	calls := func(edit func(m *Model)) *Model {
		m := functionModel()
		edit(m)
		return m
	}
	for want, m := range map[string]*Model{
		"calls itself":     calls(func(m *Model) { m.Functions[1].Nodes[0].OpType, m.Functions[1].Nodes[0].Domain = "Twice", "own" }),
		"defined twice":    calls(func(m *Model) { m.Functions[1].Name = "Leak" }),
		"for a function":   calls(func(m *Model) { m.Graph.Nodes[0].Inputs = []string{"x", "x", "x"} }),
		"version 99":       calls(func(m *Model) { m.Functions[1].Opsets[0].Version = 99 }),
		"reads \"Twice#":   calls(func(m *Model) { m.Functions[1].Nodes[0].Inputs[0] = "z" }),
		"must not be left": calls(func(m *Model) { m.Graph.Nodes[0].Inputs = nil }),
	} {
		if _, err := NewSession(m, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
