package graph

// Pool3DOptions are the geometry of a pooling over depth, height and width.
type Pool3DOptions struct {
	Size     int  // edge of the window
	Stride   int  // 0 means Size
	CountPad bool // for averages: padding counts as zeros

	Sizes     [3]int // depth, height and width; 0 means Size
	Strides   [3]int // depth, height and width; 0 means Stride
	Dilations [3]int // depth, height and width; 0 means 1
	Pads      [6]int // front, back, top, bottom, left, right
}

// planes pools x [N,D,H,W,C] over height and width, then over depth, which for
// maxima, means and norms is the pooling of the whole window.
func (o Pool3DOptions) planes(name string, x *Node, pool func(*Node, PoolOptions) *Node) *Node {
	if x.Rank() != 5 {
		Fail(name, []*Node{x}, "the operand must be [N D H W C]")
	}
	size, stride := max(o.Size, 1), o.Stride
	for i := range o.Sizes {
		if o.Sizes[i] == 0 {
			o.Sizes[i] = size
		}
		if o.Strides[i] == 0 {
			o.Strides[i] = stride
		}
	}
	n, d, c := x.Dim(0), x.Dim(1), x.Dim(4)
	y := pool(Reshape(x, n.Mul(d), x.Dim(2), x.Dim(3), c), PoolOptions{CountPad: o.CountPad, Sizes: [2]int(o.Sizes[1:]),
		Strides: [2]int(o.Strides[1:]), Dilations: [2]int(o.Dilations[1:]), Pads: [4]int(o.Pads[2:])})
	h, w := y.Dim(1), y.Dim(2)
	y = pool(Reshape(y, n, d, h.Mul(w), c), PoolOptions{CountPad: o.CountPad, Sizes: [2]int{o.Sizes[0], 1},
		Strides: [2]int{o.Strides[0], 1}, Dilations: [2]int{o.Dilations[0], 1}, Pads: [4]int{o.Pads[0], o.Pads[1]}})
	return Reshape(y, n, y.Dim(1), h, w, c)
}

// MaxPool3D takes the maximum of each window of x [N,D,H,W,C]; padding never wins.
func MaxPool3D(x *Node, o Pool3DOptions) *Node { return o.planes("MaxPool3D", x, MaxPool2D) }

// AvgPool3D takes the mean of each window of x [N,D,H,W,C].
func AvgPool3D(x *Node, o Pool3DOptions) *Node { return o.planes("AvgPool3D", x, AvgPool2D) }

// LpPool3D returns (Σ|x|^p)^(1/p) over each window of x [N,D,H,W,C]; see LpPool2D.
func LpPool3D(x *Node, p float32, o Pool3DOptions) *Node {
	return o.planes("LpPool3D", x, func(x *Node, o PoolOptions) *Node { return LpPool2D(x, p, o) })
}
