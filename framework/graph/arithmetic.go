package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// arithmetic is the shape rule of operators on two numbers.
func arithmetic(c *call) []Type {
	a, b := c.in[0], c.in[1]
	switch {
	case a.dtype != b.dtype:
		c.fail("the operands have different types; use Cast")
	case a.dtype != tensor.Float32 && a.dtype != tensor.Int64 && a.dtype != tensor.Int32:
		c.fail("%v has no arithmetic; use Cast", a.dtype)
	}
	s, ok := broadcast(a.shape, b.shape)
	if !ok {
		c.fail("the shapes do not broadcast")
	}
	return one(a.dtype, s...)
}

// binary registers an arithmetic operator; grad gives da and db at the common shape.
func binary(name string, f chip.MapFn, grad func(a, b, y, dy *Node) (da, db *Node)) *operator {
	var vjp func(c *call, dy []*Node) []*Node
	if grad != nil {
		vjp = func(c *call, dy []*Node) []*Node {
			da, db := grad(c.in[0], c.in[1], c.out[0], dy[0])
			return []*Node{sumTo(da, c.in[0].shape), sumTo(db, c.in[1].shape)}
		}
	}
	return elementwise(name, arithmetic, vjp, 2, fn(f, 0, 1))
}

var (
	_ = binary("Add", chip.FnAdd, func(a, b, y, dy *Node) (*Node, *Node) { return dy, dy })
	_ = binary("Sub", chip.FnSub, func(a, b, y, dy *Node) (*Node, *Node) { return dy, Neg(dy) })
	_ = binary("Mul", chip.FnMul, func(a, b, y, dy *Node) (*Node, *Node) { return Mul(dy, b), Mul(dy, a) })
	_ = binary("Div", chip.FnDiv, func(a, b, y, dy *Node) (*Node, *Node) {
		da := Div(dy, b)
		return da, Neg(Mul(da, y))
	})
	_ = binary("Max", chip.FnMax, func(a, b, y, dy *Node) (*Node, *Node) { return split(Ge(a, b), dy) })
	_ = binary("Min", chip.FnMin, func(a, b, y, dy *Node) (*Node, *Node) { return split(Le(a, b), dy) })
	_ = binary("Pow", chip.FnPow, func(a, b, y, dy *Node) (*Node, *Node) {
		da := Mul(dy, Mul(b, Pow(a, AddScalar(b, -1))))
		// y·log(a) tends to 0 with a, where the product itself is NaN.
		safe := Where(Gt(a, number(a, 0)), a, number(a, 1))
		return da, Mul(dy, Mul(y, Log(safe)))
	})
	_ = binary("Mod", chip.FnMod, nil)
)

// split gives dy to the first operand where first holds, else to the second.
func split(first, dy *Node) (da, db *Node) {
	zero := Scalar(dy.Graph(), 0)
	return Where(first, dy, zero), Where(first, zero, dy)
}

// Add returns a + b, broadcasting as numpy does; float32, int64 or int32.
func Add(a, b *Node) *Node { return on("Add", nil, a, b) }

// Sub returns a - b with broadcasting.
func Sub(a, b *Node) *Node { return on("Sub", nil, a, b) }

// Mul returns a·b elementwise with broadcasting.
func Mul(a, b *Node) *Node { return on("Mul", nil, a, b) }

// Div returns a/b with broadcasting.
func Div(a, b *Node) *Node { return on("Div", nil, a, b) }

// Max returns the larger of a and b with broadcasting; at a tie the gradient goes to a.
func Max(a, b *Node) *Node { return on("Max", nil, a, b) }

// Min returns the smaller of a and b with broadcasting; at a tie the gradient goes to a.
func Min(a, b *Node) *Node { return on("Min", nil, a, b) }

// Pow returns a to the power b with broadcasting. The gradient by b is 0 where a <= 0.
func Pow(a, b *Node) *Node { return on("Pow", nil, a, b) }

// Mod returns a - b·floor(a/b) with broadcasting; it has no gradient.
func Mod(a, b *Node) *Node { return on("Mod", nil, a, b) }

// Clip limits x to lo..hi.
func Clip(x *Node, lo, hi float32) *Node { return Min(Max(x, number(x, lo)), number(x, hi)) }
