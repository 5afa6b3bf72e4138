package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// comparison is the shape rule of operators from two numbers to a truth value.
func comparison(c *call) []Type {
	return one(tensor.Bool, arithmetic(c)[0].Shape...)
}

// logical is the shape rule of operators on truth values.
func logical(c *call) []Type {
	s := Shape(nil)
	for i := range c.in {
		var ok bool
		if s, ok = broadcast(s, c.want(i, tensor.Bool).shape); !ok {
			c.fail("the shapes do not broadcast")
		}
	}
	return one(tensor.Bool, s...)
}

var (
	_ = elementwise("Eq", comparison, nil, 2, fn(chip.FnEq, 0, 1))
	_ = elementwise("Ne", comparison, nil, 2, fn(chip.FnNe, 0, 1))
	_ = elementwise("Lt", comparison, nil, 2, fn(chip.FnLt, 0, 1))
	_ = elementwise("Le", comparison, nil, 2, fn(chip.FnLe, 0, 1))
	_ = elementwise("And", logical, nil, 2, fn(chip.FnAnd, 0, 1))
	_ = elementwise("Or", logical, nil, 2, fn(chip.FnOr, 0, 1))
	_ = elementwise("Not", logical, nil, 1, fn(chip.FnNot, 0))
	_ = elementwise("IsNaN", func(c *call) []Type { return one(tensor.Bool, c.want(0, tensor.Float32).shape...) }, nil, 1, fn(chip.FnIsNaN, 0))
)

// Eq returns a = b as Bool, with broadcasting.
func Eq(a, b *Node) *Node { return on("Eq", nil, a, b) }

// Ne returns a ≠ b as Bool.
func Ne(a, b *Node) *Node { return on("Ne", nil, a, b) }

// Lt returns a < b as Bool.
func Lt(a, b *Node) *Node { return on("Lt", nil, a, b) }

// Le returns a <= b as Bool.
func Le(a, b *Node) *Node { return on("Le", nil, a, b) }

// Gt returns a > b as Bool.
func Gt(a, b *Node) *Node { return Lt(b, a) }

// Ge returns a >= b as Bool.
func Ge(a, b *Node) *Node { return Le(b, a) }

// And returns a and b, both Bool.
func And(a, b *Node) *Node { return on("And", nil, a, b) }

// Or returns a or b, both Bool.
func Or(a, b *Node) *Node { return on("Or", nil, a, b) }

// Not returns the opposite of a Bool.
func Not(a *Node) *Node { return on("Not", nil, a) }

// IsNaN reports which float32 elements are NaN, as Bool.
func IsNaN(x *Node) *Node { return on("IsNaN", nil, x) }
