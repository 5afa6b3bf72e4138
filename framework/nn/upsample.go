package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Upsample makes the axes between the first and the last factor times as long;
// see graph.Interpolate.
func Upsample(factor int, o graph.InterpolateOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node {
		if x.Rank() < 3 || factor < 1 {
			graph.Fail("Upsample", []*graph.Node{x}, "the operand must be [N ... C] and the factor %d positive", factor)
		}
		sizes := make([]graph.Dim, x.Rank()-2)
		for i := range sizes {
			sizes[i] = x.Dim(1 + i).MulInt(factor)
		}
		return graph.Interpolate(x, o, sizes...)
	})
}

// Interpolate is a layer of graph.Interpolate to fixed sizes.
func Interpolate(o graph.InterpolateOptions, sizes ...int) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.Interpolate(x, o, graph.Ints(sizes...)...) })
}

// PixelShuffle is a layer of graph.PixelShuffle: [N,H,W,C·r²] to [N,H·r,W·r,C].
func PixelShuffle(r int) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.PixelShuffle(x, r) })
}

// PixelUnshuffle is a layer of graph.PixelUnshuffle: [N,H,W,C] to [N,H/r,W/r,C·r²].
func PixelUnshuffle(r int) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.PixelUnshuffle(x, r) })
}
