package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// GRUAttrs are the attributes of "GRU". Its operands are xw, r, h, with
// ResetAfter the bias, with Lengths the lengths.
type GRUAttrs struct{ Reverse, ResetAfter, Lengths bool }

// GRUOptions configure GRU. The zero value runs forward over full rows and
// resets the state before its product.
type GRUOptions struct {
	Reverse bool
	// ResetAfter is the bias [H] of the hidden part's recurrent product, which
	// is then computed before the reset (ONNX linear_before_reset); nil means
	// that the state is reset first.
	ResetAfter *Node
	Lengths    *Node // int64 [N], at least 0; nil means T
}

var _ = register(operator{
	name: "GRU",
	shape: func(c *call) []Type {
		a := c.attrs.(GRUAttrs)
		n, t, h := recurrentSizes(c, 3)
		c.wantShape(2, tensor.Float32, n, Const(h))
		recurrentExtras(c, 3, a.ResetAfter, a.Lengths, h, n)
		all := Type{tensor.Float32, Shape{n, t, Const(h)}}
		return []Type{all, {tensor.Float32, Shape{n, Const(h)}}, {tensor.Float32, c.in[0].shape}, all, all}
	},
	vjp: gruVJP,
	lower: func(b *builder, c *call, in []value) []value {
		op := chip.GRU(c.attrs.(GRUAttrs))
		return b.emit(&op, in, b.types(c)...)
	},
})

var _ = register(operator{
	name: "GRUGrad",
	shape: func(c *call) []Type {
		return []Type{{tensor.Float32, c.in[0].shape}, {tensor.Float32, c.in[5].shape}}
	},
	lower: func(b *builder, c *call, in []value) []value {
		op := chip.GRUGrad(c.attrs.(GRUAttrs))
		return b.emit(&op, in, b.types(c)...)
	},
})

// gruVJP: the gates z and r and, with ResetAfter, the hidden part are products
// of the state before a step; without, the hidden part is one of r⊙h.
func gruVJP(c *call, dy []*Node) []*Node {
	a, gates, before, hidden := c.attrs.(GRUAttrs), c.out[2], c.out[3], c.out[4]
	in := []*Node{gates, before, hidden, c.in[1], orZero(dy[0], c.out[0]), orZero(dy[1], c.out[1])}
	if a.Lengths {
		in = append(in, c.in[len(c.in)-1])
	}
	d := applyAll("GRUGrad", c.graph, a, in...)
	h := before.Dim(2)
	zr, new := sliceDims(d[0], 2, Const(0), h.MulInt(2)), sliceDims(d[0], 2, h.MulInt(2), h.MulInt(3))
	var dr, bias *Node
	if a.ResetAfter {
		inner := Mul(new, sliceDims(gates, 2, h, h.MulInt(2)))
		dr, bias = overSteps(before, Concat(2, zr, inner)), Sum(inner, 0, 1)
	} else {
		dr = Concat(1, overSteps(before, zr), overSteps(hidden, new))
	}
	grads := []*Node{d[0], dr, d[1]}
	if a.ResetAfter {
		grads = append(grads, bias)
	}
	return append(grads, make([]*Node, len(c.in)-len(grads))...)
}

// GRU runs one direction of a gated recurrent unit over whole sequences as a
// single operator; see chip.GRU for the equations.
//
// xw [N,T,3H] is x·W + b of all steps with the gates in the order z, r, h (that
// of ONNX), r [H,3H] the recurrent weights, h [N,H] the first state or nil for
// zeros. y is [N,T,H], the last state [N,H].
// Source: Cho et al. 2014, arXiv:1406.1078.
func GRU(xw, r, h *Node, o GRUOptions) (y, last *Node) {
	in := []*Node{xw, r, firstState(xw, r, h)}
	a := GRUAttrs{Reverse: o.Reverse, ResetAfter: o.ResetAfter != nil, Lengths: o.Lengths != nil}
	outs := applyAll("GRU", xw.Graph(), a, withExtras(in, o.ResetAfter, o.Lengths)...)
	return outs[0], outs[1]
}
