package quant

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

// traced is what outputs need of a graph.
type traced struct {
	names map[*graph.Node]string        // of the layers whose operands can be quantised
	order []*graph.Node                 // these layers, first to last
	reads map[*graph.Node][]*graph.Node // readers of each node; nil stands for an output
}

// trace finds the Linear and Conv2D operators with weights that follow from
// variables and constants alone, and names them by the variable.
func trace(outputs []*graph.Node) *traced {
	t := &traced{names: map[*graph.Node]string{}, reads: map[*graph.Node][]*graph.Node{}}
	seen, count := map[*graph.Node]bool{}, map[string]int{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range n.Inputs() {
			visit(in)
			t.reads[in] = append(t.reads[in], n)
		}
		if name := n.Op().Name; name == "Linear" || name == "Conv2D" {
			t.order = append(t.order, n)
		}
	}
	for _, n := range outputs {
		visit(n)
		t.reads[n] = append(t.reads[n], nil)
	}
	slices.SortFunc(t.order, func(a, b *graph.Node) int { return a.ID() - b.ID() })
	t.order = slices.DeleteFunc(t.order, func(n *graph.Node) bool {
		name, fixed := source(n.Inputs()[1])
		if !fixed {
			return true
		}
		if name == "" {
			name = n.Op().Name
		}
		if count[name]++; count[name] > 1 {
			name = fmt.Sprintf("%s#%d", name, count[name])
		}
		t.names[n] = name
		return false
	})
	return t
}

// source returns the first variable behind n, and whether n follows from
// variables and constants alone.
func source(n *graph.Node) (name string, fixed bool) {
	switch a := n.Op().Attrs.(type) {
	case graph.VarAttrs:
		return a.Variable.Name(), true
	case graph.ConstAttrs:
		return "", true
	}
	for _, in := range n.Inputs() {
		of, ok := source(in)
		if !ok {
			return "", false
		}
		if name == "" {
			name = of
		}
	}
	return name, len(n.Inputs()) > 0
}

// only returns the one reader of n, or nil.
func (t *traced) only(n *graph.Node) *graph.Node {
	if r := t.reads[n]; len(r) == 1 {
		return r[0]
	}
	return nil
}
