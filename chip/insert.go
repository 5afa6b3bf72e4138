package chip

// Insert overwrites a part of its first argument. Args: to, x of its type and of
// its shape but for Axis, at Int64 [1]. Out: to with x at positions at[0], at[0]+1,
// ... along Axis, sharing storage with to. A position outside is an error of Run.
type Insert struct{ Axis int }

// Name returns "Insert".
func (*Insert) Name() string { return "Insert" }

func (c checker) insert(op *Insert) {
	c.count(3, 1)
	to, x := c.ins[0], c.ins[1]
	c.same("output", c.outs[0], to)
	c.dtype(to.DType, x, c.outs[0])
	c.dtype(Int64, c.ins[2])
	c.length("position", c.ins[2], 1)
	c.need(len(x.Shape) == len(to.Shape) && op.Axis >= 0 && op.Axis < len(to.Shape), "axis %d does not fit %v and %v", op.Axis, to, x)
	for i, d := range to.Shape {
		c.need(x.Shape[i] == d || i == op.Axis, "%v does not fit into %v", x, to)
	}
}
