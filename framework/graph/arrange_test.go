package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func resize(mode graph.InterpolateMode, corners bool, sizes ...int) func(x *node) *node {
	return func(x *node) *node {
		return graph.Interpolate(graph.Sin(x), graph.InterpolateOptions{Mode: mode, AlignCorners: corners}, graph.Ints(sizes...)...)
	}
}

func init() {
	sin := graph.Sin
	addRows(gradientCases, map[string]graphtest.Case{
		"GroupNorm": of(func(in nodes) *node { return graph.GroupNorm(in[0], in[1], in[2], 2, 1e-3) },
			values(1, -1, 1, 2, 3, 2, 4), values(2, 0.5, 1.5, 4), values(3, -1, 1, 4)),
		"GroupNorm/bare": images(func(x *node) *node { return graph.GroupNorm(x, nil, nil, 3, 1e-3) }, 2, 5, 6),
		"InstanceNorm": of(func(in nodes) *node { return graph.InstanceNorm(in[0], in[1], in[2], 1e-3) },
			values(1, -1, 1, 2, 3, 3, 2), values(2, 0.5, 1.5, 2), values(3, -1, 1, 2)),
		"LocalResponseNorm": images(func(x *node) *node {
			return graph.LocalResponseNorm(x, graph.LocalResponseOptions{Size: 3, Alpha: 0.5, K: 2})
		}, 2, 3, 2, 5),

		"PixelShuffle":   images(func(x *node) *node { return graph.PixelShuffle(sin(x), 2) }, 2, 3, 2, 8),
		"PixelUnshuffle": images(func(x *node) *node { return graph.PixelUnshuffle(sin(x), 2) }, 2, 4, 6, 2),
		"DepthToSpace":   images(func(x *node) *node { return graph.DepthToSpace(sin(x), 2) }, 2, 3, 2, 8),
		"SpaceToDepth":   images(func(x *node) *node { return graph.SpaceToDepth(sin(x), 2) }, 2, 4, 6, 2),

		"Interpolate/nearest twice":   images(resize(graph.Nearest, false, 6, 4), 2, 3, 2, 2),
		"Interpolate/nearest":         images(resize(graph.Nearest, false, 3, 7), 1, 5, 4, 2),
		"Interpolate/bilinear":        images(resize(graph.Bilinear, false, 7, 3), 1, 4, 5, 2),
		"Interpolate/bilinear align":  images(resize(graph.Bilinear, true, 7, 1), 1, 4, 5, 2),
		"Interpolate/bicubic":         images(resize(graph.Bicubic, false, 7, 3), 1, 4, 5, 2),
		"Interpolate/bicubic align":   images(resize(graph.Bicubic, true, 3, 8), 1, 4, 5, 2),
		"Interpolate/one dimension":   images(resize(graph.Bilinear, false, 8), 2, 3, 2),
		"Interpolate/three dimension": images(resize(graph.Bilinear, false, 3, 4, 2), 1, 2, 3, 4, 2),

		"Repeat":         images(func(x *node) *node { return graph.Repeat(sin(x), 1, 3) }, 2, 3, 2),
		"Tile":           images(func(x *node) *node { return graph.Tile(sin(x), 2, 1, 3) }, 2, 3, 2),
		"Stack":          images(func(x *node) *node { return graph.Stack(-1, sin(x), x) }, 2, 3),
		"Flip":           images(func(x *node) *node { return graph.Flip(sin(x), 0, 2) }, 2, 3, 4),
		"Roll":           images(func(x *node) *node { return graph.Roll(graph.Roll(sin(x), 1, 2), 0, -1) }, 3, 5),
		"Triu":           images(func(x *node) *node { return graph.Triu(sin(x), 1) }, 2, 3, 4),
		"Tril":           images(func(x *node) *node { return graph.Tril(sin(x), -1) }, 2, 4, 3),
		"PadWith/edge":   images(func(x *node) *node { return graph.PadWith(sin(x), []int{1, 2}, []int{2, 0}, graph.PadEdge) }, 2, 3),
		"PadWith/mirror": images(func(x *node) *node { return graph.PadWith(sin(x), []int{1, 2}, []int{2, 0}, graph.PadReflect) }, 3, 3),
		"PadWith/wrap":   images(func(x *node) *node { return graph.PadWith(sin(x), []int{1, 2}, []int{2, 1}, graph.PadWrap) }, 2, 3),

		"CumSum":         images(func(x *node) *node { return graph.CumSum(sin(x), 1, graph.CumSumOptions{}) }, 2, 5, 3),
		"CumSum/options": images(func(x *node) *node { return graph.CumSum(x, 0, graph.CumSumOptions{Exclusive: true, Reverse: true}) }, 4, 2),
		"CumSum/first":   images(func(x *node) *node { return graph.CumSum(sin(x), -3, graph.CumSumOptions{Exclusive: true}) }, 4, 2, 3),
		"CumSum/vector":  images(func(x *node) *node { return graph.CumSum(x, 0, graph.CumSumOptions{}) }, 6),

		"L1Norm":    of(func(in nodes) *node { return graph.L1Norm(in[0], 1) }, spread(1, 2, 3, 4)),
		"L2Norm":    images(func(x *node) *node { return graph.L2Norm(x, 0, 2) }, 2, 3, 4),
		"LogSumExp": images(func(x *node) *node { return graph.LogSumExp(graph.MulScalar(x, 5), -1) }, 3, 4),
		"Normalize": images(func(x *node) *node { return graph.Normalize(x, 1, 1e-6) }, 3, 4),
	})
}

// TestArrangements compares operators that move elements with values written
// out by hand.
func TestArrangements(t *testing.T) {
	line := tensor.Of([]float32{1, 2, 3, 4}, 1, 4, 1)
	scaled := func(mode graph.InterpolateMode, corners bool, n int) func(x *node) *node {
		return func(x *node) *node {
			return graph.Interpolate(x, graph.InterpolateOptions{Mode: mode, AlignCorners: corners}, graph.Const(n))
		}
	}
	padded := func(mode graph.PadMode) func(x *node) *node {
		return func(x *node) *node { return graph.PadWith(x, []int{0, 2, 0}, []int{0, 1, 0}, mode) }
	}
	cases := map[string]struct {
		x    *tensor.Tensor
		f    func(x *node) *node
		want []float32
	}{
		"pixel shuffle":  {sequence(1, 1, 1, 8), func(x *node) *node { return graph.PixelShuffle(x, 2) }, []float32{0, 4, 1, 5, 2, 6, 3, 7}},
		"depth to space": {sequence(1, 1, 1, 8), func(x *node) *node { return graph.DepthToSpace(x, 2) }, []float32{0, 1, 2, 3, 4, 5, 6, 7}},
		"and back":       {sequence(1, 4, 4, 3), func(x *node) *node { return graph.PixelShuffle(graph.PixelUnshuffle(x, 2), 2) }, sequence(48).Float32s()},
		"depth and back": {sequence(1, 4, 4, 3), func(x *node) *node { return graph.DepthToSpace(graph.SpaceToDepth(x, 2), 2) }, sequence(48).Float32s()},
		"nearest":        {line, scaled(graph.Nearest, false, 3), []float32{1, 3, 4}},
		"nearest twice":  {line, scaled(graph.Nearest, false, 8), []float32{1, 1, 2, 2, 3, 3, 4, 4}},
		"linear":         {line, scaled(graph.Bilinear, false, 8), []float32{1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4}},
		"linear down":    {line, scaled(graph.Bilinear, false, 2), []float32{1.5, 3.5}},
		"linear corners": {line, scaled(graph.Bilinear, true, 7), []float32{1, 1.5, 2, 2.5, 3, 3.5, 4}},
		// Weights at ¼ are -27/256, 225/256, 67/256, -9/256.
		"cubic":       {line, scaled(graph.Bicubic, false, 8), []float32{0.89453125, 1.19140625, 1.66796875, 2.296875, 2.703125, 3.33203125, 3.80859375, 4.10546875}},
		"zeros":       {line, padded(graph.PadZeros), []float32{0, 0, 1, 2, 3, 4, 0}},
		"edge":        {line, padded(graph.PadEdge), []float32{1, 1, 1, 2, 3, 4, 4}},
		"reflect":     {line, padded(graph.PadReflect), []float32{3, 2, 1, 2, 3, 4, 3}},
		"wrap":        {line, padded(graph.PadWrap), []float32{3, 4, 1, 2, 3, 4, 1}},
		"repeat":      {line, func(x *node) *node { return graph.Repeat(x, 1, 2) }, []float32{1, 1, 2, 2, 3, 3, 4, 4}},
		"tile":        {line, func(x *node) *node { return graph.Tile(x, 1, 2, 1) }, []float32{1, 2, 3, 4, 1, 2, 3, 4}},
		"roll":        {line, func(x *node) *node { return graph.Roll(x, 1, 1) }, []float32{4, 1, 2, 3}},
		"roll back":   {line, func(x *node) *node { return graph.Roll(x, 1, -1) }, []float32{2, 3, 4, 1}},
		"triu":        {sequence(2, 3), func(x *node) *node { return graph.Triu(x, 1) }, []float32{0, 1, 2, 0, 0, 5}},
		"tril":        {sequence(2, 3), func(x *node) *node { return graph.Tril(x, 0) }, []float32{0, 0, 0, 3, 4, 0}},
		"sums":        {line, func(x *node) *node { return graph.CumSum(x, 1, graph.CumSumOptions{}) }, []float32{1, 3, 6, 10}},
		"sums after":  {line, func(x *node) *node { return graph.CumSum(x, 1, graph.CumSumOptions{Reverse: true, Exclusive: true}) }, []float32{9, 7, 4, 0}},
		"log-sum-exp": {tensor.Of([]float32{1000, 1000}, 1, 2), func(x *node) *node { return graph.LogSumExp(x) }, []float32{1000.6931}},
		"response": {tensor.Of([]float32{1, 2, 3}, 1, 3), func(x *node) *node {
			return graph.LocalResponseNorm(x, graph.LocalResponseOptions{Size: 2, Alpha: 2, Beta: 1})
		}, []float32{1. / 6, 2. / 14, 3. / 10}}, // 1+(1+4), 1+(4+9), 1+9: one after, none before
		"group norm": {tensor.Of([]float32{1, 3, 5, 9}, 1, 1, 4), func(x *node) *node { return graph.GroupNorm(x, nil, nil, 2, 0) }, []float32{-1, 1, -1, 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { wantFloats(t, evaluate(t, c.x, c.f), c.want...) })
	}
}
