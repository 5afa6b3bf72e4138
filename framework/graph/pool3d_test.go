package graph_test

import (
	"maps"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
)

func init() {
	uneven := graph.Pool3DOptions{Sizes: [3]int{2, 3, 1}, Strides: [3]int{1, 2, 1}, Dilations: [3]int{2, 1, 1}, Pads: [6]int{1, 0, 1, 2, 0, 0}}
	maps.Copy(gradientCases, map[string]graphtest.Case{
		"MaxPool3D/uneven": of(func(in nodes) *node { return graph.MaxPool3D(in[0], uneven) }, spread(1, 1, 4, 4, 3, 2)),
		"AvgPool3D/uneven": images(func(x *node) *node { return graph.AvgPool3D(x, uneven) }, 1, 4, 4, 3, 2),
		"LpPool3D":         of(func(in nodes) *node { return graph.LpPool3D(in[0], 3, graph.Pool3DOptions{Size: 2, Stride: 1}) }, spread(2, 1, 3, 3, 3, 2)),
		"LpPool1D": of(func(in nodes) *node {
			return graph.LpPool1D(in[0], 2, graph.PoolOptions{Size: 3, Pads: [4]int{0, 0, 1, 0}})
		}, spread(2, 2, 5, 2)),
		"AvgPool2D/dilated": images(func(x *node) *node {
			return graph.AvgPool2D(x, graph.PoolOptions{Size: 2, Stride: 1, Pad: 1, Dilations: [2]int{2, 1}})
		}, 1, 5, 4, 2),
		"Conv1D/uneven": of(func(in nodes) *node {
			return graph.Conv1D(in[0], in[1], nil, graph.ConvOptions{Pads: [4]int{0, 0, 2, 1}})
		}, values(1, -1, 1, 2, 5, 3), values(2, -1, 1, 3, 3, 2)),
		"ConvTranspose1D/uneven": of(func(in nodes) *node {
			return graph.ConvTranspose1D(in[0], in[1], nil, graph.ConvTransposeOptions{ConvOptions: graph.ConvOptions{Stride: 2, Pads: [4]int{0, 0, 2, 0}}})
		}, values(1, -1, 1, 2, 4, 2), values(2, -1, 1, 3, 3, 2)),
		"Conv3D/sides": of(func(in nodes) *node {
			return graph.Conv3D(in[0], in[1], nil, graph.Conv3DOptions{Pads: [3]int{0, 1, 0}, Sides: [6]int{0, 1, 1, 0, 2, 0}})
		}, values(1, -1, 1, 1, 3, 3, 3, 2), values(2, -1, 1, 2, 2, 2, 2, 2)),
		"Shrink":        kinked(func(x *node) *node { return graph.Shrink(x, 0.5, 0.2) }),
		"HardSigmoidOf": kinked(func(x *node) *node { return graph.HardSigmoidOf(x, 0.2, 0.5) }),
		"TileDims": images(func(x *node) *node {
			return graph.TileDims(graph.Sin(x), graph.Const(2), graph.Const(1), graph.Const(3))
		}, 2, 3, 2),
		"LocalResponseNorm/zeros": of(func(in nodes) *node {
			return graph.LocalResponseNorm(in[0], graph.LocalResponseOptions{Size: 3, Alpha: 0.5, Beta: 0.6, Given: true})
		}, values(3, 1, 2, 2, 4)),
	})
	maps.Copy(mistakes, map[string]mistake{
		"LpPool1D":      wrong(func(b *bench) { graph.LpPool1D(b.f(2, 3), 2, graph.PoolOptions{Size: 2}) }, "LpPool1D(float32[2 3])"),
		"LpPool3D":      wrong(func(b *bench) { graph.LpPool3D(b.f(2, 3), 2, graph.Pool3DOptions{Size: 2}) }, "LpPool3D(float32[2 3])"),
		"Shrink":        {func(b *bench) { graph.Shrink(b.text(3), 1, 1) }, []string{"bool[3]"}, nil},
		"HardSigmoidOf": {func(b *bench) { graph.HardSigmoidOf(b.text(3), 1, 1) }, []string{"bool[3]"}, nil},
		"TileDims":      wrong(func(b *bench) { graph.TileDims(b.f(2, 3), graph.Const(2)) }, "TileDims(float32[2 3])"),
		"WrapIndex":     wrong(func(b *bench) { graph.WrapIndex(b.text(3), graph.Const(3)) }, "WrapIndex(bool[3])"),
	})
}
