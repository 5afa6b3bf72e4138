package onnx

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// The tokenizer replaces a character by some fifteen nodes and a Loop. Here
// they become one step again. A window of nodes is recognised by building the
// same replacement anew and comparing node by node, so that generator and
// recogniser cannot drift apart.

// replacement is a recognised window: nodes of the graph that together replace
// the first maxReplaced occurrences of old in the strings of value in.
type replacement struct {
	old, with string
	in, out   string
	nodes     int
}

// findReplacement looks at g.Nodes[i:].
func (s *scope) findReplacement(g *Graph, i int) (replacement, bool) {
	first := g.Nodes[i]
	c := &call{node: first}
	old := c.str("delimiter", "")
	if first.OpType != "StringSplit" || first.Domain != "" || old == "" || c.int("maxsplit", -1) != maxReplaced || len(first.Inputs) != 1 {
		return replacement{}, false
	}
	with, ok := s.replacedBy(g.Nodes[i:])
	if !ok {
		return replacement{}, false
	}
	t := replaceTemplate()
	if i+len(t.nodes) > len(g.Nodes) {
		return replacement{}, false
	}
	m := matcher{scope: s, template: t, old: old, with: with, names: map[string]string{"": ""}}
	window := g.Nodes[i : i+len(t.nodes)]
	if !m.nodes(t.nodes, window) || !s.private(g, window, m.names[t.out]) || !isBlank(g, m.names["blank"], s) {
		return replacement{}, false
	}
	return replacement{old: old, with: with, in: m.names["x"], out: m.names[t.out], nodes: len(t.nodes)}, true
}

// What the template replaces and what it puts in place.
const templateOld, templateWith = "\x01", "\x02"

// template is the nodes of one replacement.
type template struct {
	nodes  []*Node
	consts map[string]*tensor.Tensor
	out    string
}

var replaceTemplate = sync.OnceValue(func() *template {
	b := NewBuilder("template")
	out := replaceChar(b, b.Input("x", tensor.String, "N"), templateOld, templateWith, b.Input("blank", tensor.String, "N", 1))
	t := &template{nodes: b.graph.Nodes, consts: map[string]*tensor.Tensor{}, out: out}
	for _, p := range b.graph.Initializers {
		if v, err := p.Tensor(); err == nil {
			t.consts[p.Name] = v
		}
	}
	return t
})

// replacedBy reads the text put in place, a constant of the next Where.
func (s *scope) replacedBy(nodes []*Node) (string, bool) {
	for _, n := range nodes[:min(len(nodes), 16)] {
		if n.OpType == "Where" && len(n.Inputs) == 3 {
			t := s.constant(n.Inputs[1])
			if t == nil || t.DType() != tensor.String || t.Len() != 1 {
				return "", false
			}
			return t.Strings()[0], true
		}
	}
	return "", false
}

// constant returns the value of a name that is constant here, or nil.
func (s *scope) constant(name string) *tensor.Tensor {
	if i, ok := s.slots[name]; ok {
		return s.prog.consts[i]
	}
	return nil
}

// isBlank reports whether value is made by expanding a single empty string.
func isBlank(g *Graph, value string, s *scope) bool {
	for _, n := range g.Nodes {
		if slices.Contains(n.Outputs, value) {
			t := s.constant(n.Inputs[0])
			return n.OpType == "Expand" && t != nil && t.DType() == tensor.String && t.Len() == 1 && t.Strings()[0] == ""
		}
	}
	return false
}

// private reports whether nothing outside the window reads what it makes, but out.
func (s *scope) private(g *Graph, window []*Node, out string) bool {
	if s.readers == nil {
		s.readers = map[string]int{}
		for _, n := range g.Nodes {
			n.countReads(s.readers)
		}
		for _, o := range g.Outputs {
			s.readers[o.Name]++
		}
	}
	inside := map[string]int{}
	for _, n := range window {
		n.countReads(inside)
	}
	for _, n := range window {
		for _, o := range n.Outputs {
			if o != "" && o != out && s.readers[o] != inside[o] {
				return false
			}
		}
	}
	return true
}

func (n *Node) countReads(into map[string]int) {
	for _, in := range n.Inputs {
		into[in]++
	}
	for _, a := range n.Attributes {
		if a.G == nil {
			continue
		}
		for _, inner := range a.G.Nodes {
			inner.countReads(into)
		}
		for _, o := range a.G.Outputs {
			into[o.Name]++
		}
	}
}

// matcher compares nodes with the template, in which old and with stand for
// its own; names maps the template's values to the graph's.
type matcher struct {
	scope     *scope
	template  *template
	old, with string
	names     map[string]string
}

func (m *matcher) nodes(want, got []*Node) bool {
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		g := got[i]
		if w.OpType != g.OpType || w.Domain != g.Domain || len(w.Attributes) != len(g.Attributes) ||
			!m.values(w.Inputs, g.Inputs) || !m.attributes(w.Attributes, g.Attributes) || !m.values(w.Outputs, g.Outputs) {
			return false
		}
	}
	return true
}

// values binds the template's names to the graph's; a constant must have the
// template's value.
func (m *matcher) values(want, got []string) bool {
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if bound, ok := m.names[w]; ok {
			if bound != got[i] {
				return false
			}
			continue
		}
		if v := m.template.consts[w]; v != nil {
			if v.DType() == tensor.String && v.Rank() == 0 && v.Strings()[0] == templateWith {
				v = tensor.Scalar(m.with)
			}
			if c := m.scope.constant(got[i]); c == nil || !tensor.Equal(v, c) {
				return false
			}
		}
		m.names[w] = got[i]
	}
	return true
}

func (m *matcher) attributes(want, got []*Attribute) bool {
	for i, w := range want {
		g := got[i]
		if w.Type == AttrString && w.S == templateOld {
			if g.Name != w.Name || g.Type != w.Type || g.S != m.old {
				return false
			}
			continue
		}
		if w.G == nil || g.G == nil {
			if !bytes.Equal(appendMessage(nil, w), appendMessage(nil, g)) {
				return false
			}
			continue
		}
		if w.Name != g.Name || !m.values(namesOf(w.G.Inputs), namesOf(g.G.Inputs)) || len(g.G.Initializers) > 0 ||
			!m.nodes(w.G.Nodes, g.G.Nodes) || !m.values(namesOf(w.G.Outputs), namesOf(g.G.Outputs)) {
			return false
		}
	}
	return true
}

func namesOf(infos []*ValueInfo) []string {
	names := make([]string, len(infos))
	for i, v := range infos {
		names[i] = v.Name
	}
	return names
}

// addReplacement compiles a recognised window into one step.
func (s *scope) addReplacement(r replacement) bool {
	in, ok := s.lookup(r.in)
	if _, taken := s.slots[r.out]; !ok || taken {
		return false
	}
	replace := kernel(func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if err := stringsOnly(in[0]); err != nil {
			return nil, err
		}
		return []*tensor.Tensor{mapped(in[0], func(text string) string { return strings.Replace(text, r.old, r.with, maxReplaced) })}, nil
	})
	s.prog.steps = append(s.prog.steps, step{
		call: &call{node: &Node{Name: r.out, OpType: "StringReplace"}}, run: replace.values, ins: []int{in}, outs: []int{s.slot(r.out)},
	})
	return true
}
