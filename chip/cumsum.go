package chip

// CumSum adds up the elements along Axis: y_i = Σ_{j<=i} x_j, with Exclusive
// over j < i, and with Reverse from the end of the axis.
// Args: x. Out: the shape of x.
type CumSum struct {
	Axis               int
	Exclusive, Reverse bool
}

// Name returns "CumSum".
func (*CumSum) Name() string { return "CumSum" }

func (c checker) cumSum(op *CumSum) {
	c.count(1, 1)
	c.floats()
	c.need(op.Axis >= 0 && op.Axis < len(c.ins[0].Shape), "axis %d does not fit %v", op.Axis, c.ins[0])
	c.same("output", c.outs[0], c.ins[0])
}
