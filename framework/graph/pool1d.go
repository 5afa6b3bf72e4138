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
		Pads: [4]int{0, 0, o.Pad + o.Pads[2], o.Pad + o.Pads[3]}, Dilation: o.Dilation, CountPad: o.CountPad})
	return Reshape(y, y.Dim(0), y.Dim(2), y.Dim(3))
}

// MaxPool1D takes the maximum of each window of x [N,L,C]; Size, Stride, Pad and
// Dilation act along L, and Pads pads its ends with the last two of its lengths;
// the other per-axis options are not used.
func MaxPool1D(x *Node, o PoolOptions) *Node { return rows1D("MaxPool1D", x, o, MaxPool2D) }

// AvgPool1D takes the mean of each window of x [N,L,C].
func AvgPool1D(x *Node, o PoolOptions) *Node { return rows1D("AvgPool1D", x, o, AvgPool2D) }

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

// LpPool1D returns (Σ|x|^p)^(1/p) over each window of x [N,L,C]; see LpPool2D and
// MaxPool1D.
func LpPool1D(x *Node, p float32, o PoolOptions) *Node {
	return rows1D("LpPool1D", x, o, func(x *Node, o PoolOptions) *Node { return LpPool2D(x, p, o) })
}
