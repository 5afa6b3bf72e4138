package graph

import "slices"

// maxDet bounds the matrices of Det, whose elimination is unrolled.
const maxDet = 64

// Det gives the determinant of each matrix of x [..., n, n], float32, of known n up
// to 64: the result is [...]. Up to n = 3 it is the sum of products, whose gradient
// is exact for singular matrices too; beyond, Gaussian elimination with partial
// pivoting, whose gradient is that of the determinant where no pivot but the
// last is zero.
func Det(x *Node) *Node {
	n, ok := 0, false
	if x.Rank() >= 2 {
		n, ok = x.Dim(-1).Known()
	}
	if !ok || n < 1 || n > maxDet || !x.Dim(-2).Is(n) {
		Fail("Det", []*Node{x}, "want square matrices of a known size of 1 to %d", maxDet)
	}
	batch := x.shape[:x.Rank()-2]
	a := Reshape(x, batch.Size(), Const(n), Const(n))
	var det *Node
	for ; n > 3; n-- {
		var pivot *Node
		if pivot, a = eliminate(a, n); det == nil {
			det = pivot
		} else {
			det = Mul(det, pivot)
		}
	}
	y := smallDet(a, n)
	if det != nil {
		y = Mul(det, y)
	}
	return Reshape(y, slices.Clone(batch)...)
}

// smallDet expands matrices [B, n, n] of n up to 3 along the first row.
func smallDet(a *Node, n int) *Node {
	at := func(i, j int) *Node { return Squeeze(Slice(Slice(a, 1, i, i+1), 2, j, j+1), 1, 2) }
	minor := func(i, j, k, l int) *Node { return Sub(Mul(at(i, k), at(j, l)), Mul(at(i, l), at(j, k))) }
	switch n {
	case 1:
		return at(0, 0)
	case 2:
		return minor(0, 1, 0, 1)
	}
	return Add(Sub(Mul(at(0, 0), minor(1, 2, 1, 2)), Mul(at(0, 1), minor(1, 2, 0, 2))), Mul(at(0, 2), minor(1, 2, 0, 1)))
}

// eliminate brings the row with the largest first element of a [B, n, n] to the
// top, with the sign that this gives to the determinant, and eliminates the first
// column of the others.
func eliminate(a *Node, n int) (pivot, rest *Node) {
	g := a.Graph()
	first := Squeeze(Slice(a, 2, 0, 1), 2)                    // [B, n]
	top := Unsqueeze(ArgMax(StopGradient(Abs(first)), 1), -1) // [B, 1]
	hot := Unsqueeze(Eq(top, Positions(g, Const(n))), -1)     // [B, n, 1]
	row := SumKeep(Where(hot, a, Scalar(g, 0)), 1)            // [B, 1, n]
	others := Slice(Where(hot, Slice(a, 1, 0, 1), a), 1, 1, n)
	lead := Slice(row, 2, 0, 1) // [B, 1, 1]
	zero := Eq(lead, Scalar(g, 0))
	factor := Div(Slice(others, 2, 0, 1), Where(zero, Scalar(g, 1), lead))
	rest = Slice(Sub(others, Mul(factor, row)), 2, 1, n)
	sign := Where(Slice(hot, 1, 0, 1), Scalar(g, 1), Scalar(g, -1))
	return Squeeze(Mul(lead, sign), 1, 2), rest
}
