package graph

import (
	"github.com/macaw-ai/macaw/chip"
)

// ShapeAttrs are the attributes of "Reshape" and "Broadcast": the new shape.
type ShapeAttrs struct{ Shape Shape }

var _ = register(operator{
	name: "Broadcast",
	shape: func(c *call) []Type {
		to := c.attrs.(ShapeAttrs).Shape
		if s, ok := broadcast(c.in[0].shape, to); !ok || !s.Equal(to) {
			c.fail("cannot broadcast to %v", to)
		}
		return one(c.in[0].dtype, to...)
	},
	vjp: func(c *call, dy []*Node) []*Node { return []*Node{sumTo(dy[0], c.in[0].shape)} },
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.Broadcast{}, in, b.types(c)...)
	},
})

// Broadcast repeats x to the given shape by numpy's rule.
func Broadcast(x *Node, dims ...Dim) *Node {
	if x.shape.Equal(dims) {
		return x
	}
	return on("Broadcast", ShapeAttrs{dims}, x)
}

// sumTo sums dy over the axes along which shape was broadcast to dy's.
func sumTo(dy *Node, shape Shape) *Node {
	if dy == nil || dy.shape.Equal(shape) {
		return dy
	}
	extra := len(dy.shape) - len(shape)
	var axes []int
	for i, d := range dy.shape {
		if i < extra || !d.Equal(shape[i-extra]) {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return Broadcast(dy, shape...) // a constant gradient that is smaller than its operand
	}
	return Reshape(Sum(dy, axes...), shape...)
}
