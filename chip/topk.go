package chip

// TopK gives the positions of the k largest elements of each row, the largest
// first, or of the smallest; of equal ones the first comes first, and a NaN comes
// behind every number.
// Args: x Float32 or Int64 [..., n]. Out: Int64 [..., k], k ≤ n.
type TopK struct{ Smallest bool }

// Name returns "TopK".
func (*TopK) Name() string { return "TopK" }

func (c checker) topK() {
	c.count(1, 1)
	x, y := c.ins[0], c.outs[0]
	c.numbers(x)
	c.dtype(Int64, y)
	c.rank(x, 1)
	n := len(x.Shape) - 1
	c.need(len(y.Shape) == n+1 && (Value{Shape: y.Shape[:n]}).Len() == (Value{Shape: x.Shape[:n]}).Len() && y.Shape[n] <= x.Shape[n],
		"%v does not hold positions within the rows of %v", y, x)
}
