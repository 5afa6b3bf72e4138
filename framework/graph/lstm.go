package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// LSTMAttrs are the attributes of "LSTM". Its operands are xw, r, h, c, with
// Peephole p, with Lengths the lengths.
type LSTMAttrs struct{ Reverse, Peephole, Lengths bool }

// LSTMOptions configure LSTM. The zero value runs forward over full rows.
type LSTMOptions struct {
	Reverse  bool
	Peephole *Node // [3H], of the gates i, o, f; nil means none
	Lengths  *Node // int64 [N], at least 0; nil means T
}

var _ = register(operator{
	name: "LSTM",
	shape: func(c *call) []Type {
		a := c.attrs.(LSTMAttrs)
		n, t, h := recurrentSizes(c, 4)
		c.wantShape(2, tensor.Float32, n, Const(h))
		c.wantShape(3, tensor.Float32, n, Const(h))
		recurrentExtras(c, 4, a.Peephole, a.Lengths, 3*h, n)
		all, last := Type{tensor.Float32, Shape{n, t, Const(h)}}, Type{tensor.Float32, Shape{n, Const(h)}}
		return []Type{all, last, last, {tensor.Float32, c.in[0].shape}, all, all}
	},
	vjp: lstmVJP,
	lower: func(b *builder, c *call, in []value) []value {
		op := chip.LSTM(c.attrs.(LSTMAttrs))
		return b.emit(&op, in, b.types(c)...)
	},
})

var _ = register(operator{
	name: "LSTMGrad",
	shape: func(c *call) []Type {
		return []Type{{tensor.Float32, c.in[0].shape}, {tensor.Float32, c.in[4].shape}, {tensor.Float32, c.in[5].shape}}
	},
	lower: func(b *builder, c *call, in []value) []value {
		op := chip.LSTMGrad(c.attrs.(LSTMAttrs))
		return b.emit(&op, in, b.types(c)...)
	},
})

func lstmVJP(c *call, dy []*Node) []*Node {
	a, gates, hs, cs := c.attrs.(LSTMAttrs), c.out[3], c.out[4], c.out[5]
	in := []*Node{gates, cs, c.in[1], orZero(dy[0], c.out[0]), orZero(dy[1], c.out[1]), orZero(dy[2], c.out[2])}
	d := applyAll("LSTMGrad", c.graph, a, append(in, c.in[4:]...)...)
	grads := []*Node{d[0], overSteps(hs, d[0]), d[1], d[2]}
	if a.Peephole {
		grads = append(grads, peepholeGrad(gates, cs, d[0]))
	}
	return append(grads, make([]*Node, len(c.in)-len(grads))...)
}

// peepholeGrad sums the gradients of the gates i, o, f times the cell they see.
func peepholeGrad(gates, before, d *Node) *Node {
	part := func(x *Node, k int) *Node {
		h := before.Dim(2)
		return sliceDims(x, 2, h.MulInt(k), h.MulInt(k+1))
	}
	after := Add(Mul(part(gates, 2), before), Mul(part(gates, 0), part(gates, 3)))
	sum := func(k int, cell *Node) *Node { return Sum(Mul(part(d, k), cell), 0, 1) }
	return Concat(0, sum(0, before), sum(1, after), sum(2, before))
}

// recurrentSizes checks the first two operands, xw [N,T,gates·H] and r [H,gates·H].
func recurrentSizes(c *call, gates int) (n, t Dim, h int) {
	x := c.wantRank(0, tensor.Float32, 3)
	width, ok := x.Dim(2).Known()
	if !ok || width == 0 || width%gates != 0 {
		c.fail("the last axis of the first operand must be %d·H", gates)
	}
	h = width / gates
	c.wantShape(1, tensor.Float32, Const(h), Const(width))
	return x.Dim(0), x.Dim(1), h
}

// recurrentExtras checks the operands behind the first ones.
func recurrentExtras(c *call, at int, vector, lengths bool, length int, n Dim) {
	if vector {
		c.wantShape(at, tensor.Float32, Const(length))
		at++
	}
	if lengths {
		c.wantShape(at, tensor.Int64, n)
	}
}

func orZero(d, like *Node) *Node {
	if d == nil {
		return Fill(like.Graph(), 0, like.shape...)
	}
	return d
}

// overSteps is Σ xᵀ·d over all rows and steps.
func overSteps(x, d *Node) *Node {
	return MatMulT(Reshape(x, Const(-1), x.Dim(2)), Reshape(d, Const(-1), d.Dim(2)), true, false)
}

// LSTM runs one direction of a long short-term memory over whole sequences as a
// single operator, so that T may be symbolic and plans stay small; see chip.LSTM
// for the equations.
//
// xw [N,T,4H] is x·W + b of all steps with the gates in the order i, o, f, c
// (that of ONNX), r [H,4H] the recurrent weights, h and c [N,H] the first state
// or nil for zeros. y is [N,T,H]; the last state is two nodes [N,H]. With
// Reverse the steps run from the last to the first and y keeps their places.
// Source: Hochreiter and Schmidhuber 1997, Neural Computation 9.
func LSTM(xw, r, h, c *Node, o LSTMOptions) (y, lastH, lastC *Node) {
	in := []*Node{xw, r, firstState(xw, r, h), firstState(xw, r, c)}
	a := LSTMAttrs{Reverse: o.Reverse, Peephole: o.Peephole != nil, Lengths: o.Lengths != nil}
	outs := applyAll("LSTM", xw.Graph(), a, withExtras(in, o.Peephole, o.Lengths)...)
	return outs[0], outs[1], outs[2]
}

func firstState(xw, r, state *Node) *Node {
	if state == nil {
		return Fill(xw.Graph(), 0, xw.Dim(0), r.Dim(0))
	}
	return state
}

func withExtras(in []*Node, extras ...*Node) []*Node {
	for _, n := range extras {
		if n != nil {
			in = append(in, n)
		}
	}
	return in
}
