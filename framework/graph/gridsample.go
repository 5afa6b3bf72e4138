package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// GridSampleOptions configure GridSample. The zero value interpolates linearly,
// with zeros outside of the image.
type GridSampleOptions struct {
	Nearest      bool // take the nearest pixel instead; no gradient by the grid
	Border       bool // outside, the outermost pixels repeat
	AlignCorners bool // -1 and 1 are the centres of the outermost pixels, not the image's borders
}

// GridSample samples x [N,H,W,C] at the points of grid [N,OH,OW,2], whose last
// axis is (x, y) from -1 (left, top) to 1 (right, bottom); the result is
// [N,OH,OW,C]. Gradients flow to x and to the grid.
// Source: Jaderberg et al. 2015, "Spatial Transformer Networks", arXiv:1506.02025, §3.3.
func GridSample(x, grid *Node, o GridSampleOptions) *Node {
	if x.Rank() != 4 || grid.Rank() != 4 || !grid.Dim(3).Is(2) || !grid.Dim(0).Equal(x.Dim(0)) {
		Fail("GridSample", []*Node{x, grid}, "operands must be [N H W C] and [N OH OW 2]")
	}
	s := &sampler{x: x, rows: Reshape(x, x.shape[:3].Size(), x.Dim(3)), options: o}
	u := s.pixel(Squeeze(Slice(grid, 3, 0, 1), 3), x.Dim(2))
	v := s.pixel(Squeeze(Slice(grid, 3, 1, 2), 3), x.Dim(1))
	if o.Nearest {
		return s.at(Round(u), Round(v), nil)
	}
	left, top := Floor(u), Floor(v)
	var sum *Node
	for i, wy := range linearWeights(Sub(v, top)) {
		for j, wx := range linearWeights(Sub(u, left)) {
			part := s.at(AddScalar(left, float32(j)), AddScalar(top, float32(i)), Mul(wy, wx))
			if sum != nil {
				part = Add(sum, part)
			}
			sum = part
		}
	}
	return sum
}

// sampler takes pixels of x.
type sampler struct {
	x       *Node
	rows    *Node // x as [N·H·W, C]
	options GridSampleOptions
}

// pixel turns -1..1 into a position along an axis of length d.
func (s *sampler) pixel(p *Node, d Dim) *Node {
	n := Size(p.Graph(), d)
	var at *Node
	if s.options.AlignCorners {
		at = Mul(AddScalar(p, 1), MulScalar(AddScalar(n, -1), 0.5))
	} else {
		at = AddScalar(Mul(AddScalar(p, 1), MulScalar(n, 0.5)), -0.5)
	}
	if s.options.Border {
		at = Min(Max(at, Scalar(p.Graph(), 0)), AddScalar(n, -1))
	}
	return at
}

// at takes the pixels at whole positions u, v [N,OH,OW], times weight.
func (s *sampler) at(u, v, weight *Node) *Node {
	g, zero := u.Graph(), Scalar(u.Graph(), 0)
	lastU, lastV := AddScalar(Size(g, s.x.Dim(2)), -1), AddScalar(Size(g, s.x.Dim(1)), -1)
	image := Reshape(Positions(g, s.x.Dim(0)), s.x.Dim(0), Const(1), Const(1))
	row := Add(Mul(image, intDim(g, s.x.Dim(1))), Cast(Min(Max(v, zero), lastV), tensor.Int64))
	index := Add(Mul(row, intDim(g, s.x.Dim(2))), Cast(Min(Max(u, zero), lastU), tensor.Int64))
	y := Gather(s.rows, index, 0)
	if !s.options.Border {
		inside := And(And(Ge(u, zero), Le(u, lastU)), And(Ge(v, zero), Le(v, lastV)))
		if weight == nil {
			weight = Scalar(g, 1)
		}
		weight = Where(inside, weight, zero)
	}
	if weight == nil {
		return y
	}
	return Mul(y, Unsqueeze(weight, -1))
}

// AffineGrid returns the grid [N,height,width,2] for GridSample that maps each
// point (x, y, 1) of the result by theta [N,2,3]. AlignCorners has GridSample's
// meaning. Source: Jaderberg et al. 2015, arXiv:1506.02025, eq. 1.
func AffineGrid(theta *Node, height, width Dim, alignCorners bool) *Node {
	if theta.Rank() != 3 || !theta.Dim(1).Is(2) || !theta.Dim(2).Is(3) {
		Fail("AffineGrid", []*Node{theta}, "the operand must be [N 2 3]")
	}
	g := theta.Graph()
	line := func(d Dim) *Node {
		at, n := Cast(Positions(g, d), tensor.Float32), Size(g, d)
		if alignCorners {
			return AddScalar(Div(MulScalar(at, 2), Max(AddScalar(n, -1), Scalar(g, 1))), -1)
		}
		return AddScalar(Div(AddScalar(MulScalar(at, 2), 1), n), -1)
	}
	x := Broadcast(Unsqueeze(line(width), 0), height, width)
	y := Broadcast(Unsqueeze(line(height), 1), height, width)
	points := Reshape(Stack(-1, x, y, Fill(g, 1, height, width)), height.Mul(width), Const(3))
	return Reshape(MatMulT(Unsqueeze(points, 0), theta, false, true), theta.Dim(0), height, width, Const(2))
}
