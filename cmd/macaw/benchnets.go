package main

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
)

// lenet5 is the network of LeCun et al. 1998 with ReLU and maximum pooling.
func lenet5(p *nn.Params) nn.Layer {
	relu, pool := nn.Act("relu"), nn.MaxPool(graph.PoolOptions{Size: 2})
	return nn.Sequential{
		nn.NewConv2D(p.Sub("conv1"), 1, 6, 5, nn.ConvOptions{Pad: 2}), relu, pool,
		nn.NewConv2D(p.Sub("conv2"), 6, 16, 5, nn.ConvOptions{}), relu, pool, nn.Flatten,
		nn.NewLinear(p.Sub("fc1"), 400, 120), relu, nn.NewLinear(p.Sub("fc2"), 120, 84), relu, nn.NewLinear(p.Sub("fc3"), 84, 10)}
}

// resnet18 has the blocks of He et al. 2016, arXiv:1512.03385, with the stem
// for images of 32 by 32: a 3 by 3 convolution and no pooling.
func resnet18(p *nn.Params) nn.Layer {
	net := nn.Sequential{nn.NewConv2D(p.Sub("stem"), 3, 64, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("norm"), 64), nn.Act("relu")}
	in := 64
	for stage, out := range []int{64, 128, 256, 512} {
		for i := range 2 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			net = append(net, residual(p.Subf("stage%d", stage+1).Subf("block%d", i+1), in, out, stride))
			in = out
		}
	}
	return append(net, nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), in, 10))
}

func residual(p *nn.Params, in, out, stride int) nn.Layer {
	o := nn.ConvOptions{Stride: stride, Pad: 1, NoBias: true}
	conv1, norm1 := nn.NewConv2D(p.Sub("conv1"), in, out, 3, o), nn.NewBatchNorm(p.Sub("norm1"), out)
	o.Stride = 1
	conv2, norm2 := nn.NewConv2D(p.Sub("conv2"), out, out, 3, o), nn.NewBatchNorm(p.Sub("norm2"), out)
	short := nn.Sequential{}
	if stride != 1 || in != out {
		short = nn.Sequential{nn.NewConv2D(p.Sub("short"), in, out, 1, nn.ConvOptions{Stride: stride, NoBias: true}), nn.NewBatchNorm(p.Sub("shortnorm"), out)}
	}
	return nn.Func(func(x *graph.Node) *graph.Node {
		y := norm2.Forward(conv2.Forward(graph.Relu(norm1.Forward(conv1.Forward(x)))))
		return graph.Relu(graph.Add(y, short.Forward(x)))
	})
}

// mlp has two hidden layers.
func mlp(p *nn.Params) nn.Layer {
	relu := nn.Act("relu")
	return nn.Sequential{nn.NewLinear(p.Sub("fc1"), 784, 512), relu, nn.NewLinear(p.Sub("fc2"), 512, 512), relu, nn.NewLinear(p.Sub("fc3"), 512, 10)}
}

// gptContext is how many tokens a sample of gpt has, gptVocab how many there are.
const (
	gptContext = 256
	gptVocab   = 256
)

// gpt is a decoder with the blocks of Radford et al. 2019 (GPT-2), 10.9 million parameters.
func gpt(p *nn.Params) nn.Layer {
	const width, heads, layers = 384, 6, 6
	net := nn.Sequential{nn.NewEmbedding(p.Sub("tokens"), gptVocab, width), nn.NewLearnedPositions(p.Sub("positions"), gptContext, width)}
	for i := range layers {
		net = append(net, gptBlock(p.Subf("block%d", i+1), width, heads))
	}
	return append(net, nn.NewLayerNorm(p.Sub("norm"), width), nn.NewLinearWith(p.Sub("head"), width, gptVocab, nn.LinearOptions{NoBias: true}))
}

func gptBlock(p *nn.Params, width, heads int) nn.Layer {
	norm1, norm2 := nn.NewLayerNorm(p.Sub("norm1"), width), nn.NewLayerNorm(p.Sub("norm2"), width)
	attention := nn.NewMultiHeadAttention(p.Sub("attention"), width, heads, nn.AttentionOptions{Causal: true})
	up, down := nn.NewLinear(p.Sub("up"), width, 4*width), nn.NewLinear(p.Sub("down"), 4*width, width)
	return nn.Func(func(x *graph.Node) *graph.Node {
		x = graph.Add(x, attention.Forward(norm1.Forward(x), nil))
		return graph.Add(x, down.Forward(graph.GELU(up.Forward(norm2.Forward(x)))))
	})
}
