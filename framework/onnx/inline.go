package onnx

import (
	"fmt"
	"maps"
	"slices"
)

// Inline copies the nodes and constants of m into b under fresh names. inputs
// gives, for each input of m, the value of b that takes its place; the result
// gives, for each output of m, its value in b. m must be written in the
// operator sets that b writes, its nodes in topological order.
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
	if len(m.Functions) > 0 {
		return nil, fmt.Errorf("onnx: inline %q: functions of the model's own are not supported", m.Graph.Name)
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
	in := inliner{b: b, model: m.Graph.Name}
	nodes, err := in.nodes(m.Graph, names)
	if err != nil {
		return nil, err
	}
	b.graph.Nodes = append(b.graph.Nodes, nodes...)
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

type inliner struct {
	b     *Builder
	model string
	inner bool // within a sub-graph, whose nodes nothing outside may share
}

func (l inliner) shared(n *Node) []string {
	if l.inner {
		return nil
	}
	return l.b.shared(n)
}

// nodes copies g's nodes; names maps the values known so far and takes the new ones.
func (l inliner) nodes(g *Graph, names map[string]string) ([]*Node, error) {
	var out []*Node
	for _, n := range g.Nodes {
		c := &Node{OpType: n.OpType, Domain: n.Domain}
		if n.Domain == "ai.onnx" {
			c.Domain = ""
		}
		l.b.usesML = l.b.usesML || c.Domain == MLDomain
		for _, in := range n.Inputs {
			v, ok := names[in]
			if !ok {
				return nil, fmt.Errorf("onnx: inline %q: node %q (%s) reads %q before it is made", l.model, n.Name, n.OpType, in)
			}
			c.Inputs = append(c.Inputs, v)
		}
		for _, a := range n.Attributes {
			a, err := l.attribute(a, names)
			if err != nil {
				return nil, err
			}
			c.Attributes = append(c.Attributes, a)
		}
		c.Outputs = slices.Clone(n.Outputs)
		if same := l.shared(c); same != nil {
			for i, o := range n.Outputs {
				names[o] = same[i]
			}
			continue
		}
		c.Name = l.b.fresh(n.OpType)
		for i, o := range n.Outputs {
			if o != "" {
				c.Outputs[i] = l.b.fresh("inl")
				names[o] = c.Outputs[i]
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// attribute copies the sub-graph of a, if it holds one.
func (l inliner) attribute(a *Attribute, names map[string]string) (*Attribute, error) {
	if len(a.Graphs) > 0 {
		return nil, fmt.Errorf("onnx: inline %q: attribute %q holds several graphs", l.model, a.Name)
	}
	if a.G == nil {
		return a, nil
	}
	inner := maps.Clone(names)
	g := &Graph{Name: a.G.Name}
	for _, t := range a.G.Initializers {
		v, err := t.Tensor()
		if err != nil {
			return nil, err
		}
		inner[t.Name] = l.b.Const(v)
	}
	for _, in := range a.G.Inputs {
		inner[in.Name] = l.b.fresh("inl")
		g.Inputs = append(g.Inputs, &ValueInfo{Name: inner[in.Name], Type: in.Type})
	}
	l.inner = true
	nodes, err := l.nodes(a.G, inner)
	if err != nil {
		return nil, err
	}
	g.Nodes = nodes
	for _, o := range a.G.Outputs {
		if inner[o.Name] == "" {
			return nil, fmt.Errorf("onnx: inline %q: sub-graph output %q is made by no node", l.model, o.Name)
		}
		g.Outputs = append(g.Outputs, &ValueInfo{Name: inner[o.Name], Type: o.Type})
	}
	c := *a
	c.G = g
	return &c, nil
}
