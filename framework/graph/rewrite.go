package graph

// Rewrite rebuilds what outputs need with some operators replaced, and returns
// the new outputs in order. It is how a traced model is changed without its
// code: weights are masked or adapted, operands quantised, operators exchanged.
//
// For every operator that the outputs or the graph's assignments need, operands
// first, replace gets its (first) result n and n's operands as they are now; it
// returns the node that takes n's place, or nil to keep the operator. Operators
// whose operands did not change stay the same nodes. Assignments, such as the
// running statistics of BatchNorm, follow. What was traced before but is read
// no more costs nothing.
//
// Rewrite must come before Grad and optimisers: it fails in a graph with updates.
func Rewrite(replace func(n *Node, in []*Node) *Node, outputs ...*Node) []*Node {
	g := outputs[0].Graph()
	now := map[*Node]*Node{}
	current := func(n *Node) *Node {
		if m := now[n]; m != nil {
			return m
		}
		return n
	}
	for _, c := range reachable(g, outputs) {
		if c.op.name == "Update" {
			c.fail("the graph is updated already; Rewrite comes before the optimiser")
		}
		in, changed := make([]*Node, len(c.in)), false
		for i, n := range c.in {
			in[i] = current(n)
			changed = changed || in[i] != n
		}
		r := replace(c.out[0], in)
		if changed && (r == nil || len(c.out) > 1) {
			for i, n := range applyAll(c.op.name, g, c.attrs, in...) {
				now[c.out[i]] = n
			}
		}
		if r != nil {
			now[c.out[0]] = r
		}
	}
	out := make([]*Node, len(outputs))
	for i, n := range outputs {
		out[i] = current(n)
	}
	assigns := make([]assign, len(g.assigns)) // programs compiled before keep theirs
	for i, a := range g.assigns {
		assigns[i] = assign{a.variable, current(a.value)}
	}
	g.assigns = assigns
	return out
}
