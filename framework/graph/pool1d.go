package graph

import "math"

// rows1D pools x [N,L,C] as images of height 1.
func rows1D(name string, x *Node, o PoolOptions, pool func(*Node, PoolOptions) *Node) *Node {
	if x.Rank() != 3 {
		Fail(name, []*Node{x}, "the operand must be [N L C]")
	}
	stride := o.Stride
	if stride == 0 {
		stride = max(o.Size, 1)
	}
	y := pool(Unsqueeze(x, 1), PoolOptions{Sizes: [2]int{1, o.Size}, Strides: [2]int{1, stride},
		Pads: [4]int{0, 0, o.Pad, o.Pad}, Dilation: o.Dilation, CountPad: o.CountPad})
	return Reshape(y, y.Dim(0), y.Dim(2), y.Dim(3))
}

// MaxPool1D takes the maximum of each window of x [N,L,C]; Size, Stride, Pad and
// Dilation act along L, per-axis options are not used.
func MaxPool1D(x *Node, o PoolOptions) *Node { return rows1D("MaxPool1D", x, o, MaxPool2D) }

// AvgPool1D takes the mean of each window of x [N,L,C].
func AvgPool1D(x *Node, o PoolOptions) *Node { return rows1D("AvgPool1D", x, o, AvgPool2D) }

// planes3D pools x [N,D,H,W,C] over height and width, then over depth, which
// for maxima and for means without padding is the pooling of the whole window.
func planes3D(name string, x *Node, size, stride int, pool func(*Node, PoolOptions) *Node) *Node {
	if x.Rank() != 5 {
		Fail(name, []*Node{x}, "the operand must be [N D H W C]")
	}
	if stride == 0 {
		stride = size
	}
	n, d, c := x.Dim(0), x.Dim(1), x.Dim(4)
	y := pool(Reshape(x, n.Mul(d), x.Dim(2), x.Dim(3), c), PoolOptions{Size: size, Stride: stride})
	h, w := y.Dim(1), y.Dim(2)
	y = pool(Reshape(y, n, d, h.Mul(w), c), PoolOptions{Sizes: [2]int{size, 1}, Strides: [2]int{stride, 1}})
	return Reshape(y, n, y.Dim(1), h, w, c)
}

// MaxPool3D takes the maximum of each cube of the given edge of x [N,D,H,W,C];
// stride 0 means size.
func MaxPool3D(x *Node, size, stride int) *Node {
	return planes3D("MaxPool3D", x, size, stride, MaxPool2D)
}

// AvgPool3D takes the mean of each cube of the given edge of x [N,D,H,W,C];
// stride 0 means size.
func AvgPool3D(x *Node, size, stride int) *Node {
	return planes3D("AvgPool3D", x, size, stride, AvgPool2D)
}

// LpPool2D returns (Σ|x|^p)^(1/p) over each window of x [N,H,W,C], p >= 1;
// padding adds nothing. The gradient is undefined where a whole window is 0.
func LpPool2D(x *Node, p float32, o PoolOptions) *Node {
	if p < 1 || math.IsInf(float64(p), 0) {
		Fail("LpPool2D", []*Node{x}, "the exponent %v is not a finite number from 1 on", p)
	}
	o.CountPad = true
	size := o.attrs().Size
	power := Pow(Abs(x), Scalar(x.Graph(), p))
	sum := MulScalar(AvgPool2D(power, o), float32(size[0]*size[1]))
	return Pow(sum, Scalar(x.Graph(), 1/p))
}
