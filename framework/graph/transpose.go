package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// TransposeAttrs are the attributes of "Transpose".
type TransposeAttrs struct{ Perm []int }

var _ = register(operator{
	name: "Transpose",
	shape: func(c *call) []Type {
		x := c.in[0]
		out := make(Shape, x.Rank())
		for i, p := range c.attrs.(TransposeAttrs).Perm {
			out[i] = x.shape[p]
		}
		return one(x.dtype, out...)
	},
	vjp: func(c *call, dy []*Node) []*Node {
		perm := c.attrs.(TransposeAttrs).Perm
		back := make([]int, len(perm))
		for i, p := range perm {
			back[p] = i
		}
		return []*Node{Transpose(dy[0], back...)}
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.Transpose{Perm: c.attrs.(TransposeAttrs).Perm}, in, b.types(c)...)
	},
})

// Transpose permutes the axes: axis i of the result is axis perm[i] of x. With
// no perm the axes are reversed.
func Transpose(x *Node, perm ...int) *Node {
	p := slices.Clone(perm)
	if len(p) == 0 {
		for i := range x.shape {
			p = append(p, len(x.shape)-1-i)
		}
	}
	for i := range p {
		p[i] = x.axis("Transpose", p[i])
	}
	sorted := slices.Sorted(slices.Values(p))
	if len(slices.Compact(sorted)) != x.Rank() || len(p) != x.Rank() {
		Fail("Transpose", []*Node{x}, "%v is not a permutation of its axes", perm)
	}
	if slices.IsSorted(p) {
		return x
	}
	return on("Transpose", TransposeAttrs{p}, x)
}
