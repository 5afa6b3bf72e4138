package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// An update operator changes variables in place; its first results are the new
// values of the variables behind its first operands that are written.

// updateAttrs wrap the chip's operator.
type updateAttrs struct {
	op     chip.Op
	writes []int // operand of each result
}

func (a updateAttrs) types(c *call) []Type {
	types := make([]Type, len(a.writes))
	for i, w := range a.writes {
		types[i] = Type{c.in[w].dtype, c.in[w].shape}
	}
	return types
}

var _ = register(operator{
	name:  "Update",
	shape: func(c *call) []Type { return c.attrs.(updateAttrs).types(c) },
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(c.attrs.(updateAttrs).op, in, b.types(c)...)
	},
})

// SGD updates w in place by stochastic gradient descent; see chip.SGD. The
// velocity may be nil without momentum. lr and scale are float32 [1]; scale
// multiplies the gradient first. The new value of w is returned.
func SGD(w *Variable, grad *Node, velocity *Variable, lr, scale *Node, o chip.SGD) *Node {
	g := grad.Graph()
	if velocity == nil {
		return update(g, &o, []*Variable{w}, grad, lr, scale)
	}
	return update(g, &o, []*Variable{w, velocity}, grad, lr, scale)
}

// AdamW updates w in place; see chip.AdamW. m and v are the moments, step
// (int64 [1]) counts from 1. The new value of w is returned.
func AdamW(w *Variable, grad *Node, m, v *Variable, lr, step, scale *Node, o chip.AdamW) *Node {
	return update(grad.Graph(), &o, []*Variable{w, m, v}, grad, lr, step, scale)
}

// Lerp moves the variable a towards b by the share weight: a += weight·(b-a).
func Lerp(a *Variable, b *Node, weight float32) *Node {
	return update(b.Graph(), &chip.Lerp{W: weight}, []*Variable{a}, b)
}

// update adds an in-place operator with operands vars[0], grad, vars[1:], rest.
func update(g *Graph, op chip.Op, vars []*Variable, grad *Node, rest ...*Node) *Node {
	in := []*Node{g.Var(vars[0]), grad}
	writes := []int{0}
	for _, v := range vars[1:] {
		writes = append(writes, len(in))
		in = append(in, g.Var(v))
	}
	in = append(in, rest...)
	for i, v := range vars {
		if n := in[writes[i]]; n.dtype != tensor.Float32 || !n.shape.Equal(grad.shape) {
			Fail(op.Name(), []*Node{n, grad}, "variable %q and its gradient differ", v.name)
		}
	}
	outs := applyAll("Update", g, updateAttrs{op, writes}, in...)
	for i, v := range vars {
		g.Assign(v, outs[i])
	}
	return outs[0]
}
