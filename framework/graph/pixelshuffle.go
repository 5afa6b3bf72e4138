package graph

// PixelShuffle moves channels into space: [N,H,W,C·r²] to [N,H·r,W·r,C], channel
// c·r² + i·r + j becoming pixel (i, j) of channel c.
// Source: Shi et al. 2016, arXiv:1609.05158, §3.2 (ONNX DepthToSpace, mode CRD).
func PixelShuffle(x *Node, r int) *Node {
	n, h, w, c := shuffled("PixelShuffle", x, r)
	y := Reshape(x, n, h, w, c, Const(r), Const(r))
	return Reshape(Transpose(y, 0, 1, 4, 2, 5, 3), n, h.MulInt(r), w.MulInt(r), c)
}

// DepthToSpace is PixelShuffle with channel (i·r + j)·C + c becoming pixel (i, j)
// of channel c, as in TensorFlow and ONNX's mode DCR.
func DepthToSpace(x *Node, r int) *Node {
	n, h, w, c := shuffled("DepthToSpace", x, r)
	y := Reshape(x, n, h, w, Const(r), Const(r), c)
	return Reshape(Transpose(y, 0, 1, 3, 2, 4, 5), n, h.MulInt(r), w.MulInt(r), c)
}

func shuffled(op string, x *Node, r int) (n, h, w, c Dim) {
	if x.Rank() != 4 || r < 1 {
		Fail(op, []*Node{x}, "the operand must be [N H W C] and the factor %d positive", r)
	}
	if k, ok := x.Dim(3).Known(); !ok || k%(r*r) != 0 {
		Fail(op, []*Node{x}, "%d² does not divide the channels %v", r, x.Dim(3))
	}
	return x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3).Div(Const(r * r))
}

// PixelUnshuffle is the inverse of PixelShuffle: [N,H,W,C] to [N,H/r,W/r,C·r²].
func PixelUnshuffle(x *Node, r int) *Node {
	y, h, w := unshuffled("PixelUnshuffle", x, r)
	return Reshape(Transpose(y, 0, 1, 3, 5, 2, 4), x.Dim(0), h, w, x.Dim(3).MulInt(r*r))
}

// SpaceToDepth is the inverse of DepthToSpace: [N,H,W,C] to [N,H/r,W/r,r²·C].
func SpaceToDepth(x *Node, r int) *Node {
	y, h, w := unshuffled("SpaceToDepth", x, r)
	return Reshape(Transpose(y, 0, 1, 3, 2, 4, 5), x.Dim(0), h, w, x.Dim(3).MulInt(r*r))
}

// unshuffled cuts x into blocks: [N,H/r,r,W/r,r,C].
func unshuffled(op string, x *Node, r int) (y *Node, h, w Dim) {
	if x.Rank() != 4 || r < 1 {
		Fail(op, []*Node{x}, "the operand must be [N H W C] and the factor %d positive", r)
	}
	for i, d := range x.shape[1:3] {
		if k, ok := d.Known(); ok && k%r != 0 {
			Fail(op, []*Node{x}, "%d does not divide axis %d", r, 1+i)
		}
	}
	h, w = x.Dim(1).Div(Const(r)), x.Dim(2).Div(Const(r))
	return Reshape(x, x.Dim(0), h, Const(r), w, Const(r), x.Dim(3)), h, w
}
