package graph

// Conv3DOptions are the geometry of a 3-D convolution. The zero value has stride
// 1, no padding, no dilation and one group.
type Conv3DOptions struct {
	Stride   int // 0 means 1
	Pad      int // zeros on every side
	Dilation int // 0 means 1
	Groups   int // 0 means 1

	Strides   [3]int // depth, height and width; 0 means Stride
	Dilations [3]int // depth, height and width; 0 means Dilation
	Pads      [3]int // depth, height and width, each on both sides, in addition to Pad
	Sides     [6]int // front, back, top, bottom, left, right, in addition to Pad and Pads
}

// Conv3D is the 3-D cross-correlation of x [N,D,H,W,C] with w
// [KD,KH,KW,C/groups,K] plus bias [K], which may be nil; the result is
// [N,OD,OH,OW,K] with OD = (D + pads - dilation·(KD-1) - 1)/stride + 1.
//
// It is the sum of KD two-dimensional convolutions, one for each plane of w.
func Conv3D(x, w, bias *Node, o Conv3DOptions) *Node {
	if x.Rank() != 5 || w.Rank() != 5 {
		Fail("Conv3D", []*Node{x, w}, "operands must be [N D H W C] and [KD KH KW C/groups K]")
	}
	kd, ok := w.Dim(0).Known()
	if !ok {
		Fail("Conv3D", []*Node{x, w}, "the kernel's size must be constant")
	}
	stride := pair(o.Stride, [2]int{o.Strides[0]}, 1)[0]
	dilation := pair(o.Dilation, [2]int{o.Dilations[0]}, 1)[0]
	plane := ConvOptions{Stride: o.Stride, Pad: o.Pad, Dilation: o.Dilation, Groups: o.Groups,
		Strides: [2]int(o.Strides[1:]), Dilations: [2]int(o.Dilations[1:]), Pads: [4]int(o.Sides[2:])}
	for i := range plane.Pads {
		plane.Pads[i] += o.Pads[1+i/2]
	}
	front, back := o.Pad+o.Pads[0]+o.Sides[0], o.Pad+o.Pads[0]+o.Sides[1]
	if front != 0 || back != 0 {
		x = Pad(x, []int{0, front, 0, 0, 0}, []int{0, back, 0, 0, 0}, 0)
	}
	depth := x.Dim(1).AddInt(-dilation*(kd-1) - 1).Div(Const(stride)).AddInt(1)
	if n, ok := depth.Known(); ok && n < 1 {
		Fail("Conv3D", []*Node{x, w}, "the window does not fit into the depth %v", x.Dim(1))
	}
	var sum *Node
	for k := range kd {
		planes := strided(x, 1, Const(k*dilation), depth, stride)
		y := Conv2D(Reshape(planes, x.Dim(0).Mul(depth), x.Dim(2), x.Dim(3), x.Dim(4)), Squeeze(Slice(w, 0, k, k+1), 0), bias, plane)
		bias = nil // the first plane has added it
		if sum != nil {
			y = Add(sum, y)
		}
		sum = y
	}
	return Reshape(sum, x.Dim(0), depth, sum.Dim(1), sum.Dim(2), sum.Dim(3))
}
