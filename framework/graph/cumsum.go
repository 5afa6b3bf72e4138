package graph

import "github.com/macaw-ai/macaw/chip"

// CumSumOptions configure CumSum. The zero value sums from the start up to and
// with each element.
type CumSumOptions struct {
	Exclusive bool // without the element itself
	Reverse   bool // from the end
}

// CumSumAttrs are the attributes of "CumSum".
type CumSumAttrs struct {
	Axis int
	CumSumOptions
}

var _ = register(operator{
	name:  "CumSum",
	shape: same,
	vjp: func(c *call, dy []*Node) []*Node { // x_j is in the sums behind it
		a := c.attrs.(CumSumAttrs)
		a.Reverse = !a.Reverse
		return []*Node{on("CumSum", a, dy[0])}
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(CumSumAttrs)
		return b.emit(&chip.CumSum{Axis: a.Axis, Exclusive: a.Exclusive, Reverse: a.Reverse}, in, b.types(c)...)
	},
})

// CumSum sums x (float32) along axis: y_i = Σ_{j<=i} x_j. It costs one addition
// for each element, so that long and symbolic axes are as good as short ones.
func CumSum(x *Node, axis int, o CumSumOptions) *Node {
	return on("CumSum", CumSumAttrs{x.axis("CumSum", axis), o}, x)
}
