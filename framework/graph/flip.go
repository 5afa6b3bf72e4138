package graph

// Flip reverses the given axes.
func Flip(x *Node, axes ...int) *Node {
	for _, a := range axes {
		x = Stride(x, a, -1, -1)
	}
	return x
}

// Roll shifts x by n places along axis, what leaves at one end entering at the
// other; a symbolic axis must be at least |n| long.
func Roll(x *Node, axis, n int) *Node {
	axis = x.axis("Roll", axis)
	if d, ok := x.shape[axis].Known(); ok && d > 0 {
		n = (n%d + d) % d
	}
	if n == 0 {
		return x
	}
	return Concat(axis, Slice(x, axis, -n, End), Slice(x, axis, 0, -n))
}

// Triu keeps the elements of x [..., M, N] on and above the diagonal of the last
// two axes that lies k places right of the main one, and zeroes the others.
func Triu(x *Node, k int) *Node { return triangle("Triu", x, k, true) }

// Tril keeps the elements of x [..., M, N] on and below the diagonal of the last
// two axes that lies k places right of the main one, and zeroes the others.
func Tril(x *Node, k int) *Node { return triangle("Tril", x, k, false) }

func triangle(op string, x *Node, k int, upper bool) *Node {
	if x.Rank() < 2 {
		Fail(op, []*Node{x}, "the operand needs two axes")
	}
	g := x.Graph()
	row, column := Unsqueeze(Positions(g, x.Dim(-2)), 1), Unsqueeze(Positions(g, x.Dim(-1)), 0)
	offset := Sub(column, row)
	kept := Le(offset, number(offset, float32(k)))
	if upper {
		kept = Ge(offset, number(offset, float32(k)))
	}
	return Where(kept, x, number(x, 0))
}
