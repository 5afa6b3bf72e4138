package graph

import "slices"

// taps are the elements along one axis that each sample reads: their positions,
// int64, and weights, float32, of one shape.
type taps struct{ index, weight []*Node }

// floored is the largest whole number up to x, without a gradient.
func floored(x *Node) *Node { return StopGradient(Floor(x)) }

// bounded keeps x between 0 and n-1.
func bounded(x, n *Node) *Node {
	return Max(Min(x, AddScalar(n, -1)), Scalar(x.Graph(), 0))
}

// sampled reads x [N, D1..Dr, C] at points of which each axis gives the taps:
// the result [N, E..., C] is the sum, over every combination of one tap of each
// axis, of the product of the weights times the element.
func sampled(x *Node, axes []taps, shape Shape) *Node {
	r, g := x.Rank()-2, x.Graph()
	rows := Reshape(x, x.shape[:r+1].Size(), x.Dim(-1))
	var sum *Node
	var add func(axis int, index, weight *Node)
	add = func(axis int, index, weight *Node) {
		if axis < r {
			step := IntSize(g, x.shape[axis+2:r+1].Size())
			for k, at := range axes[axis].index {
				w := axes[axis].weight[k]
				if weight != nil {
					w = Mul(weight, w)
				}
				add(axis+1, Add(index, Mul(at, step)), w)
			}
			return
		}
		term := Mul(Gather(rows, index, 0), Unsqueeze(weight, -1))
		if sum == nil {
			sum = term
		} else {
			sum = Add(sum, term)
		}
	}
	add(0, Mul(PositionsAlong(g, x.Dim(0), 0, 2), IntSize(g, x.shape[1:r+1].Size())), nil)
	return Reshape(sum, append(slices.Clone(shape), x.Dim(-1))...)
}
