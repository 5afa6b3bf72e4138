package graph

import (
	"fmt"
	"strings"
)

// DOT writes the graph for Graphviz: a box for each node, one cluster for each
// layer, an arrow from each operand. Constants and the results of one operator
// but the first are left out.
func (g *Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph {\n\trankdir=TB; node [shape=box, fontsize=10];\n")
	var order []string
	members := map[string][]*Node{}
	for _, n := range g.nodes {
		if _, constant := n.call.attrs.(ConstAttrs); constant || n.index > 0 {
			continue
		}
		s := n.call.scope()
		if members[s] == nil {
			order = append(order, s)
		}
		members[s] = append(members[s], n)
	}
	for i, s := range order {
		indent := "\t"
		if s != "" {
			fmt.Fprintf(&b, "\tsubgraph cluster%d {\n\t\tlabel=%q;\n", i, s)
			indent = "\t\t"
		}
		for _, n := range members[s] {
			fmt.Fprintf(&b, "%sn%d [label=%q];\n", indent, n.id, dotLabel(n))
		}
		if s != "" {
			b.WriteString("\t}\n")
		}
	}
	for _, n := range g.nodes {
		if n.index > 0 {
			continue
		}
		for _, in := range n.call.in {
			if _, constant := in.call.attrs.(ConstAttrs); !constant {
				fmt.Fprintf(&b, "\tn%d -> n%d;\n", in.call.out[0].id, n.id)
			}
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func dotLabel(n *Node) string {
	label := fmt.Sprintf("%%%d %s", n.id, n.call.op.name)
	if a := attributes(n.call.attrs); a != "" {
		label += "\n" + a
	}
	return label + "\n" + n.typeString()
}
