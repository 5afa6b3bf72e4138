package nn

import "github.com/macaw-ai/macaw/framework/graph"

// MaxPool1D is a layer of graph.MaxPool1D over sequences [N,L,C].
func MaxPool1D(o graph.PoolOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.MaxPool1D(x, o) })
}

// AvgPool1D is a layer of graph.AvgPool1D over sequences [N,L,C].
func AvgPool1D(o graph.PoolOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.AvgPool1D(x, o) })
}

// MaxPool3D is a layer of graph.MaxPool3D over volumes [N,D,H,W,C].
func MaxPool3D(size, stride int) Layer {
	return Func(func(x *graph.Node) *graph.Node {
		return graph.MaxPool3D(x, graph.Pool3DOptions{Size: size, Stride: stride})
	})
}

// AvgPool3D is a layer of graph.AvgPool3D over volumes [N,D,H,W,C].
func AvgPool3D(size, stride int) Layer {
	return Func(func(x *graph.Node) *graph.Node {
		return graph.AvgPool3D(x, graph.Pool3DOptions{Size: size, Stride: stride})
	})
}

// LpPool is a layer of graph.LpPool2D.
func LpPool(p float32, o graph.PoolOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.LpPool2D(x, p, o) })
}

// AdaptiveAvgPool is a layer of graph.AdaptiveAvgPool2D: images of any size to
// height by width.
func AdaptiveAvgPool(height, width int) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.AdaptiveAvgPool2D(x, height, width) })
}

// GlobalMaxPool takes the maximum over height and width: [N,H,W,C] to [N,C].
var GlobalMaxPool Layer = Func(func(x *graph.Node) *graph.Node {
	if x.Rank() != 4 {
		graph.Fail("GlobalMaxPool", []*graph.Node{x}, "the operand must be [N H W C]")
	}
	return graph.ReduceMax(x, 1, 2)
})
