package chip

import "slices"

// ArgSort gives the positions of the elements of each row, along the last axis,
// in ascending order, or descending. Equal elements keep their order; NaN comes
// last. Args: x [..., L] Float32 or Int64. Out: Int64 [..., K] with K <= L, the
// first K positions of each row.
type ArgSort struct{ Descending bool }

func (*ArgSort) Name() string { return "ArgSort" }

func (c checker) argSort() {
	c.count(1, 1)
	x, out := c.ins[0], c.outs[0]
	c.numbers(x)
	c.dtype(Int64, out)
	c.rank(x, 1)
	n := len(x.Shape) - 1
	c.need(len(out.Shape) == n+1 && slices.Equal(out.Shape[:n], x.Shape[:n]) && out.Shape[n] <= x.Shape[n], "output %v does not fit %v", out, x)
}
