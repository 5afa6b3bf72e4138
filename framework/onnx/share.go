package onnx

import (
	"fmt"
	"strings"
)

// shared returns the outputs of a node of b that computes the same as n, so that
// models which are inlined together prepare their inputs once; nil when there
// is none, and always for operators that draw random numbers.
// Of n's outputs it matters only which are left out ("").
func (b *Builder) shared(n *Node) []string {
	if n.draws() {
		return nil
	}
	var key strings.Builder
	describe(&key, n, map[string]string{})
	old, ok := b.seen[key.String()]
	if !ok {
		b.seen[key.String()] = n
		return nil
	}
	return old.Outputs
}

// describe writes what n computes. Names made inside sub-graphs are numbered,
// because only their place matters.
func describe(w *strings.Builder, n *Node, inner map[string]string) {
	fmt.Fprintf(w, "%s/%s", n.Domain, n.OpType)
	for _, o := range n.Outputs {
		fmt.Fprintf(w, "/%t", o != "")
	}
	w.WriteByte('(')
	for _, in := range n.Inputs {
		if to, ok := inner[in]; ok {
			in = to
		}
		fmt.Fprintf(w, "%q,", in)
	}
	w.WriteByte(')')
	for _, a := range n.Attributes {
		if a.G == nil {
			w.Write(appendMessage(nil, a))
			continue
		}
		names := map[string]string{}
		for k, v := range inner {
			names[k] = v
		}
		number := func(name string) { names[name] = fmt.Sprintf("#%d", len(names)) }
		for _, in := range a.G.Inputs {
			number(in.Name)
			w.Write(appendMessage(nil, &ValueInfo{Type: in.Type}))
		}
		for _, m := range a.G.Nodes {
			describe(w, m, names)
			for _, o := range m.Outputs {
				number(o)
			}
		}
		for _, o := range a.G.Outputs {
			fmt.Fprintf(w, ">%s", names[o.Name])
		}
	}
	w.WriteByte(';')
}
