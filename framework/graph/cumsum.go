package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// CumSumOptions configure CumSum. The zero value sums from the start up to and
// with each element.
type CumSumOptions struct {
	Exclusive bool // without the element itself
	Reverse   bool // from the end
}

// CumSum sums x (float32) along axis: y_i = Σ_{j<=i} x_j. It is a product with a
// triangular matrix, so that the work grows with the square of the axis' length.
func CumSum(x *Node, axis int, o CumSumOptions) *Node {
	axis = x.axis("CumSum", axis)
	g, n := x.Graph(), x.shape[axis]
	from, to := Unsqueeze(Positions(g, n), 1), Unsqueeze(Positions(g, n), 0)
	if o.Reverse {
		from, to = to, from
	}
	counts := Le(from, to)
	if o.Exclusive {
		counts = Lt(from, to)
	}
	if x.Rank() == 1 {
		return Reshape(MatMul(Unsqueeze(x, 0), Cast(counts, tensor.Float32)), n)
	}
	y := moveAxis(x, axis, x.Rank()-1)
	return moveAxis(Linear(y, Cast(counts, tensor.Float32), nil), x.Rank()-1, axis)
}

// moveAxis puts axis from of x at place to; the others keep their order.
func moveAxis(x *Node, from, to int) *Node {
	var perm []int
	for i := range x.shape {
		if i != from {
			perm = append(perm, i)
		}
	}
	perm = append(perm[:to], append([]int{from}, perm[to:]...)...)
	return Transpose(x, perm...)
}
