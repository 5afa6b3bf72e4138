package onnx

import (
	"fmt"
	"slices"
)

// Inline copies the nodes and constants of m into b under fresh names. inputs
// gives, for each input of m, the value of b that takes its place; the result
// gives, for each output of m, its value in b. m must be written in the
// operator sets that b writes, its nodes in topological order, and hold no
// sub-graphs.
func (b *Builder) Inline(m *Model, inputs map[string]string) (map[string]string, error) {
	if m == nil || m.Graph == nil {
		return nil, fmt.Errorf("onnx: inline: the model has no graph")
	}
	for _, o := range m.Opsets {
		want := map[string]int64{"": OpsetVersion, "ai.onnx": OpsetVersion, MLDomain: MLVersion}[o.Domain]
		if o.Version != want {
			return nil, fmt.Errorf("onnx: inline %q: operator set %q version %d cannot join version %d", m.Graph.Name, o.Domain, o.Version, want)
		}
	}
	names := map[string]string{"": ""}
	for _, in := range m.Graph.Inputs {
		to, ok := inputs[in.Name]
		if !ok {
			return nil, fmt.Errorf("onnx: inline %q: input %q is given no value", m.Graph.Name, in.Name)
		}
		if to = b.resolve("Inline", to); to == "" {
			return nil, fmt.Errorf("onnx: inline %q: input %q is given an empty name", m.Graph.Name, in.Name)
		}
		names[in.Name] = to
	}
	for _, t := range m.Graph.Initializers {
		v, err := t.Tensor()
		if err != nil {
			return nil, err
		}
		names[t.Name] = b.Const(v)
	}
	for _, n := range m.Graph.Nodes {
		if err := b.inlineNode(m, n, names); err != nil {
			return nil, err
		}
	}
	out := map[string]string{}
	for _, o := range m.Graph.Outputs {
		v, ok := names[o.Name]
		if !ok {
			return nil, fmt.Errorf("onnx: inline %q: output %q is made by no node", m.Graph.Name, o.Name)
		}
		out[o.Name] = v
	}
	return out, nil
}

func (b *Builder) inlineNode(m *Model, n *Node, names map[string]string) error {
	c := &Node{OpType: n.OpType, Domain: n.Domain, Name: b.fresh(n.OpType), Attributes: n.Attributes}
	if n.Domain == "ai.onnx" {
		c.Domain = ""
	}
	if slices.ContainsFunc(n.Attributes, func(a *Attribute) bool { return a.G != nil || len(a.Graphs) > 0 }) {
		return fmt.Errorf("onnx: inline %q: node %q (%s) holds a sub-graph", m.Graph.Name, n.Name, n.OpType)
	}
	for _, in := range n.Inputs {
		v, ok := names[in]
		if !ok {
			return fmt.Errorf("onnx: inline %q: node %q (%s) reads %q before it is made", m.Graph.Name, n.Name, n.OpType, in)
		}
		c.Inputs = append(c.Inputs, v)
	}
	for _, out := range n.Outputs {
		if _, ok := names[out]; !ok {
			names[out] = b.fresh("inl")
		}
		c.Outputs = append(c.Outputs, names[out])
	}
	b.usesML = b.usesML || c.Domain == MLDomain
	b.graph.Nodes = append(b.graph.Nodes, c)
	return nil
}
