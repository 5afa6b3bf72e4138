package onnx

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

// Named is a node that becomes an output of an exported model.
type Named struct {
	Name string
	Node *graph.Node
}

// Export makes a model of what outputs need of a traced inference graph: its
// inputs are those of the graph, in the order in which they were declared, and
// keep their names and symbolic dimensions. See Builder.Graph for how the graph is
// written. Operators that have no ONNX form, such as losses, are errors that name
// the node.
func Export(name string, outputs ...Named) (*Model, error) {
	b := NewBuilder(name)
	values := map[*graph.Node]string{}
	var nodes []*graph.Node
	for _, o := range outputs {
		nodes = append(nodes, o.Node)
	}
	for _, in := range graphInputs(nodes) {
		values[in] = b.Input(in.Op().Attrs.(graph.InputAttrs).Name, in.DType(), wireDims(in.Shape())...)
	}
	for _, o := range outputs {
		if b.known[o.Name] || o.Name == "" {
			return nil, fmt.Errorf("onnx: export: output name %q is empty or used twice", o.Name)
		}
		b.known[o.Name] = true // no value within takes it
	}
	exported, err := b.Graph(nodes, values)
	if err != nil {
		return nil, err
	}
	for i, o := range outputs {
		delete(b.known, o.Name)
		b.Output(o.Name, exported[i], o.Node.DType(), wireDims(o.Node.Shape())...)
	}
	return b.Model(), nil
}

// wireDims writes known dimensions as numbers and others as their formula.
func wireDims(s graph.Shape) []any {
	dims := make([]any, len(s))
	for i, d := range s {
		if n, ok := d.Known(); ok {
			dims[i] = n
		} else {
			dims[i] = d.String()
		}
	}
	return dims
}

// graphInputs lists the input nodes that outputs need.
func graphInputs(outputs []*graph.Node) []*graph.Node {
	seen := map[*graph.Node]bool{}
	var inputs []*graph.Node
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.Op().Name == "Input" {
			inputs = append(inputs, n)
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	for _, n := range outputs {
		visit(n)
	}
	slices.SortFunc(inputs, func(a, b *graph.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	return inputs
}
