package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// elementwise registers an operator that a short Map computes. Operand r of
// code is operand r of the operator, or the result of instruction r-arity.
func elementwise(name string, rule func(*call) []Type, vjp func(c *call, dy []*Node) []*Node, arity int, code ...chip.MapInstr) *operator {
	m := &chip.Map{Code: code, Outs: []int{arity + len(code) - 1}}
	return register(operator{name: name, shape: rule, vjp: vjp, lower: func(b *builder, c *call, in []value) []value {
		return b.emit(m, in, b.types(c)...)
	}})
}

// unary registers a float operator of one argument; grad gives dx from x, y and dy.
func unary(name string, grad func(x, y, dy *Node) *Node, code ...chip.MapInstr) *operator {
	var vjp func(c *call, dy []*Node) []*Node
	if grad != nil {
		vjp = func(c *call, dy []*Node) []*Node { return []*Node{grad(c.in[0], c.out[0], dy[0])} }
	}
	return elementwise(name, same, vjp, 1, code...)
}

func fn(f chip.MapFn, operands ...int) chip.MapInstr {
	i := chip.MapInstr{Fn: f}
	for at, r := range operands {
		switch at {
		case 0:
			i.A = r
		case 1:
			i.B = r
		case 2:
			i.C = r
		}
	}
	return i
}

func imm(v float32) chip.MapInstr { return chip.MapInstr{Fn: chip.FnConst, Imm: v} }

// AddScalar returns x + v.
func AddScalar(x *Node, v float32) *Node { return Add(x, number(x, v)) }

// MulScalar returns x·v.
func MulScalar(x *Node, v float32) *Node { return Mul(x, number(x, v)) }

// number makes v a constant scalar of x's type.
func number(x *Node, v float32) *Node {
	switch x.dtype {
	case tensor.Int64:
		return x.Graph().Const(tensor.Scalar(int64(v)))
	case tensor.Int32:
		return x.Graph().Const(tensor.Scalar(int32(v)))
	}
	return Scalar(x.Graph(), v)
}
