package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// AdaptiveAvgPool2D averages x [N,H,W,C] over an even grid of height by width
// cells, of which row i spans floor(i·H/height) to ceil((i+1)·H/height); the
// result is [N,height,width,C]. H and W may be symbolic.
func AdaptiveAvgPool2D(x *Node, height, width int) *Node {
	if x.Rank() != 4 || height < 1 || width < 1 {
		Fail("AdaptiveAvgPool2D", []*Node{x}, "the operand must be [N H W C] and the grid %dx%d positive", height, width)
	}
	n, h, w, c := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	g := x.Graph()
	y := MatMul(adaptiveWeights(g, h, height), Reshape(x, n, h, w.Mul(c))) // [N, height, W·C]
	y = Reshape(y, n.MulInt(height), w, c)
	return Reshape(MatMul(adaptiveWeights(g, w, width), y), n, Const(height), Const(width), c)
}

// AdaptiveAvgPool1D averages x [N,L,C] over length even parts: [N,length,C].
func AdaptiveAvgPool1D(x *Node, length int) *Node {
	if x.Rank() != 3 || length < 1 {
		Fail("AdaptiveAvgPool1D", []*Node{x}, "the operand must be [N L C] and the length %d positive", length)
	}
	return MatMul(adaptiveWeights(x.Graph(), x.Dim(1), length), x)
}

// adaptiveWeights is the matrix [out, in] whose row i averages the elements of
// cell i. Gradients do not flow into it.
func adaptiveWeights(g *Graph, in Dim, out int) *Node {
	cell, size, cells := Unsqueeze(Positions(g, Const(out)), 1), IntSize(g, in), g.Const(tensor.Scalar(int64(out)))
	start := Div(Mul(cell, size), cells)
	end := Div(Add(Mul(AddScalar(cell, 1), size), AddScalar(cells, -1)), cells)
	at := Unsqueeze(Positions(g, in), 0)
	inside := Cast(And(Ge(at, start), Lt(at, end)), tensor.Float32)
	return Div(inside, Cast(Sub(end, start), tensor.Float32))
}
