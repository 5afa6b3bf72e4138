package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// GatherAttrs are the attributes of "Gather".
type GatherAttrs struct{ Axis int }

var _ = register(operator{
	name: "Gather",
	shape: func(c *call) []Type {
		x, index, axis := c.in[0], c.wantInts(1), c.attrs.(GatherAttrs).Axis
		return one(x.dtype, slices.Concat(x.shape[:axis], index.shape, x.shape[axis+1:])...)
	},
	vjp: gatherVJP,
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.Gather{Axis: c.attrs.(GatherAttrs).Axis}, in, b.types(c)...)
	},
})

// gatherVJP scatters along axis 0; another axis is brought there and back.
func gatherVJP(c *call, dys []*Node) []*Node {
	x, index, axis, dy := c.in[0], c.in[1], c.attrs.(GatherAttrs).Axis, dys[0]
	moved := Shape{x.shape[axis]}
	var toFront, back []int
	for i := range index.shape {
		toFront = append(toFront, axis+i)
	}
	for i := range dy.shape {
		if i < axis || i >= axis+index.Rank() {
			toFront = append(toFront, i)
		}
	}
	for i := range x.shape {
		switch {
		case i < axis:
			back = append(back, i+1)
		case i == axis:
			back = append(back, 0)
		default:
			back = append(back, i)
		}
		if i != axis {
			moved = append(moved, x.shape[i])
		}
	}
	rows := on("GatherGrad", ShapeAttrs{moved}, Transpose(dy, toFront...), index)
	return []*Node{Transpose(rows, back...), nil}
}

// GatherGrad is the gradient of Gather along the first axis and, as an operator of
// its own, ScatterAdd to zeros.
var _ = register(operator{
	name:  "GatherGrad",
	shape: func(c *call) []Type { return one(tensor.Float32, c.attrs.(ShapeAttrs).Shape...) },
	vjp:   func(c *call, dy []*Node) []*Node { return []*Node{Gather(dy[0], c.in[1], 0), nil} },
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.GatherGrad{}, in, b.types(c)...)
	},
})

// Gather takes the elements of x at index (int64 or int32, any shape) along
// axis; the result's shape has index's shape in that axis' place. A negative
// index counts from the end; one outside is an error of Run.
func Gather(x, index *Node, axis int) *Node {
	return on("Gather", GatherAttrs{x.axis("Gather", axis)}, x, index)
}

// Embedding looks up rows of table [V, D] by ids [...]: the result is [..., D].
func Embedding(table, ids *Node) *Node { return Gather(table, ids, 0) }

// OneHotAttrs are the attributes of "OneHot".
type OneHotAttrs struct{ Depth int }

var _ = register(operator{
	name: "OneHot",
	shape: func(c *call) []Type {
		x := c.want(0, tensor.Int64)
		return one(tensor.Float32, append(slices.Clone(x.shape), Const(c.attrs.(OneHotAttrs).Depth))...)
	},
	lower: func(b *builder, c *call, in []value) []value { return b.emit(&chip.OneHot{}, in, b.types(c)...) },
})

// OneHot returns float32 rows of length depth with a 1 at each int64 index;
// an index outside gives zeros.
func OneHot(index *Node, depth int) *Node { return on("OneHot", OneHotAttrs{depth}, index) }
