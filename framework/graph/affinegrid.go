package graph

// AffineGrid maps the places of an array of the given lengths (H, W; or D, H, W) by
// the affine maps theta [N, r, r+1], float32, to a grid [N, lengths..., r] for
// GridSample: θ·(x, y, 1). An axis runs from -1 to 1 between the centres of the
// elements at its ends with alignCorners, else between their outer edges. The
// gradient flows to theta. Lengths may be symbolic.
// Source: Jaderberg et al. 2015, arXiv:1506.02025, eq. 1.
func AffineGrid(theta *Node, lengths Shape, alignCorners bool) *Node {
	r, g := len(lengths), theta.Graph()
	if r < 1 || r > 3 || theta.Rank() != 3 || !theta.Dim(1).Is(r) || !theta.Dim(2).Is(r+1) {
		Fail("AffineGrid", []*Node{theta}, "want [N, %d, %d] for the lengths %v, of which there may be three", r, r+1, lengths)
	}
	column := func(j int) *Node {
		shape := Shape{theta.Dim(0)}
		for range r {
			shape = append(shape, Const(1))
		}
		return Reshape(Slice(theta, 2, j, j+1), append(shape, Const(r))...)
	}
	grid := column(r)
	for j := range r { // the last axis is the first coordinate
		axis := r - 1 - j
		n := Size(g, lengths[axis])
		at := MulScalar(Cast(PositionsAlong(g, lengths[axis], 1+axis, r+2), theta.dtype), 2)
		if alignCorners {
			at = Div(at, Max(AddScalar(n, -1), Scalar(g, 1)))
		} else {
			at = Div(AddScalar(at, 1), n)
		}
		grid = Add(grid, Mul(column(j), AddScalar(at, -1)))
	}
	return grid
}
