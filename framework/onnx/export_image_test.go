package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	networks = append(networks,
		network{name: "upsampling", inputs: []*tensor.Tensor{normal(2, 6, 8, 4)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
			x := nn.NewGroupNorm(p.Sub("gn"), 2, 4).Forward(graph.HardSwish(in[0]))
			bilinear := graph.Interpolate(x, graph.InterpolateOptions{Mode: graph.Bilinear}, graph.Ints(7, 9)...)
			return []*graph.Node{x, bilinear, graph.PixelShuffle(x, 2), graph.PadWith(x, []int{0, 1, 2, 0}, []int{0, 2, 1, 0}, graph.PadReflect),
				graph.AdaptiveAvgPool2D(x, 3, 2), graph.MaxPool2D(in[0], graph.PoolOptions{Size: 2, Stride: 1, Dilation: 2})}
		}},
		network{name: "cells of any length", ids: true, inputs: []*tensor.Tensor{pickInts(0, 20, 3, 9)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.AdaptiveAvgPool1D(nn.NewEmbedding(p.Sub("e"), 20, 8).Forward(in[0]), 2)}
		}},
		network{name: "functions", inputs: []*tensor.Tensor{uniform(0.1, 0.9, 4, 6)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
			x := in[0]
			return []*graph.Node{graph.Tan(x), graph.Atan(x), graph.Asin(x), graph.Acos(x), graph.Sinh(x), graph.Cosh(x), graph.Asinh(x), graph.Atanh(x), graph.Log1p(x),
				graph.SELU(graph.AddScalar(x, -0.5)), graph.Mish(x), graph.GELUTanh(x), graph.CumSum(x, 1, graph.CumSumOptions{}), graph.CumSum(x, 0, graph.CumSumOptions{Exclusive: true, Reverse: true}), graph.Normalize(x, 1, 1e-6), graph.LogSumExp(x, 1)}
		}})
}
