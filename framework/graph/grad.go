package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Grad adds the nodes of the gradients of loss, a float32 scalar (or of one
// element), by each of the given nodes, and returns them in order. A node that
// does not influence loss has the gradient zero.
func Grad(loss *Node, by ...*Node) []*Node {
	if loss.dtype != tensor.Float32 || !loss.shape.Size().Is(1) {
		Fail("Grad", []*Node{loss}, "the loss must be one float32 number; use Mean or Sum")
	}
	g := loss.Graph()
	defer func(outer bool) { g.sweeping = outer }(g.sweeping)
	g.sweeping = true
	b := &backward{needed: needed(loss, by), grads: map[*Node]*Node{}}
	b.grads[loss] = Fill(g, 1, loss.shape...)
	for _, c := range b.calls(loss) {
		b.through(c)
	}
	out := make([]*Node, len(by))
	for i, n := range by {
		if out[i] = b.grads[n]; out[i] == nil {
			out[i] = Fill(g, 0, n.shape...)
		}
	}
	return out
}

// backward is the state of one reverse sweep.
type backward struct {
	needed map[*call]bool  // calls on a path from by to the loss
	grads  map[*Node]*Node // accumulated so far
}

// needed finds the calls that depend on any of by. Nodes are in order of
// creation, so operands come first.
func needed(loss *Node, by []*Node) map[*call]bool {
	found := map[*call]bool{}
	for _, n := range by {
		found[n.call] = true
	}
	for _, n := range loss.Graph().nodes[:loss.id+1] {
		if !found[n.call] && slices.ContainsFunc(n.call.in, func(in *Node) bool { return found[in.call] }) {
			found[n.call] = true
		}
	}
	return found
}

// calls lists the needed calls up to loss, last first.
func (b *backward) calls(loss *Node) []*call {
	var list []*call
	for i := loss.id; i >= 0; i-- {
		if n := loss.Graph().nodes[i]; n.index == 0 && b.needed[n.call] {
			list = append(list, n.call)
		}
	}
	return list
}

// through moves the gradients of c's results to its operands.
func (b *backward) through(c *call) {
	if c.op.vjp == nil {
		return
	}
	dy, reached := make([]*Node, len(c.out)), false
	for i, n := range c.out {
		dy[i] = b.grads[n]
		reached = reached || dy[i] != nil
	}
	if !reached {
		return
	}
	g := c.graph
	outer := g.gradientOf
	g.gradientOf = c
	defer func() { g.gradientOf = outer }()
	for i, d := range c.op.vjp(c, dy) {
		in := c.in[i]
		if d == nil || !b.needed[in.call] || !isFloat(in.dtype) {
			continue
		}
		if old := b.grads[in]; old != nil {
			d = Add(old, d)
		}
		b.grads[in] = d
	}
}
