package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	networks = append(networks,
		network{name: "upsampling", inputs: []*tensor.Tensor{normal(2, 5, 4, 6)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
			up := nn.NewConvTranspose2D(p.Sub("up"), 6, 4, 3, nn.ConvTransposeOptions{Stride: 2, Pad: 1, OutputPad: 1, Groups: 2})
			x := nn.NewGroupNorm(p.Sub("gn"), 2, 4).Forward(graph.HardSwish(up.Forward(in[0])))
			bilinear := graph.Interpolate(x, graph.InterpolateOptions{Mode: graph.Bilinear}, graph.Ints(7, 9)...)
			return []*graph.Node{x, bilinear, graph.PixelShuffle(x, 2), graph.PadWith(x, []int{0, 1, 2, 0}, []int{0, 2, 1, 0}, graph.PadReflect),
				graph.AdaptiveAvgPool2D(x, 3, 2), graph.MaxPool2D(in[0], graph.PoolOptions{Size: 2, Stride: 1, Dilation: 2})}
		}},
		network{name: "functions", inputs: []*tensor.Tensor{uniform(0.1, 0.9, 4, 6)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
			x := in[0]
			return []*graph.Node{graph.Tan(x), graph.Atan(x), graph.Asin(x), graph.Acos(x), graph.Sinh(x), graph.Cosh(x), graph.Asinh(x), graph.Atanh(x), graph.Log1p(x),
				graph.SELU(graph.AddScalar(x, -0.5)), graph.Mish(x), graph.GELUTanh(x), graph.CumSum(x, 1, graph.CumSumOptions{}), graph.Normalize(x, 1, 1e-6), graph.LogSumExp(x, 1)}
		}},
		network{name: "sorting", inputs: []*tensor.Tensor{uniform(0, 1, 3, 9)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
			top, at := graph.TopK(in[0], 4, 1)
			sorted, _ := graph.Sort(in[0], 1, false)
			counts := graph.ScatterAdd(graph.Reshape(at, graph.Const(-1)), graph.Reshape(top, graph.Const(-1)), graph.Const(9))
			return []*graph.Node{top, sorted, counts, graph.Einsum("nk,k->n", in[0], graph.Mean(in[0], 0)), graph.ScatterElements(in[0], at, top, 1)}
		}})
}
