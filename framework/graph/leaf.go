package graph

import (
	"github.com/macaw-ai/macaw/framework/tensor"
)

// InputAttrs are the attributes of "Input".
type InputAttrs struct {
	Name string
	Type Type
}

// ConstAttrs are the attributes of "Const".
type ConstAttrs struct{ Value *tensor.Tensor }

// VarAttrs are the attributes of "Var".
type VarAttrs struct{ Variable *Variable }

// SizeAttrs are the attributes of "Size".
type SizeAttrs struct {
	Dim Dim
	Int bool // int64, else float32
}

var _ = register(operator{
	name:  "Input",
	shape: func(c *call) []Type { return []Type{c.attrs.(InputAttrs).Type} },
})

var _ = register(operator{
	name: "Const",
	shape: func(c *call) []Type {
		t := c.attrs.(ConstAttrs).Value
		return one(t.DType(), Ints(t.Shape()...)...)
	},
	lower: func(b *builder, c *call, _ []value) []value {
		t := c.attrs.(ConstAttrs).Value
		return []value{b.constant(t)}
	},
})

var _ = register(operator{
	name: "Var",
	shape: func(c *call) []Type {
		v := c.attrs.(VarAttrs).Variable
		return one(v.dtype, Ints(v.shape...)...)
	},
	lower: func(b *builder, c *call, _ []value) []value {
		return []value{b.variable(c.attrs.(VarAttrs).Variable)}
	},
})

var _ = register(operator{
	name: "Size",
	shape: func(c *call) []Type {
		if c.attrs.(SizeAttrs).Int {
			return one(tensor.Int64)
		}
		return one(tensor.Float32)
	},
	lower: func(b *builder, c *call, _ []value) []value {
		n := b.dim(c.attrs.(SizeAttrs).Dim)
		if c.attrs.(SizeAttrs).Int {
			return []value{b.constant(tensor.Scalar(int64(n)))}
		}
		return []value{b.constant(tensor.Scalar(float32(n)))}
	},
})

// Size returns a dimension as a float32 scalar, for means over symbolic axes.
func Size(g *Graph, d Dim) *Node {
	if n, ok := d.Known(); ok {
		return Scalar(g, float32(n))
	}
	return apply("Size", g, SizeAttrs{Dim: d})
}

// IntSize returns a dimension as an int64 scalar, for positions along symbolic
// axes, which float32 does not count exactly beyond 2^24.
func IntSize(g *Graph, d Dim) *Node {
	if n, ok := d.Known(); ok {
		return g.Const(tensor.Scalar(int64(n)))
	}
	return apply("Size", g, SizeAttrs{Dim: d, Int: true})
}
