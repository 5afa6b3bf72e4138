// Package models has networks that papers and benchmarks name. Each function
// makes a network with fresh weights in the given parameters.
package models

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
)

// MLP maps [N,widths[0]] to [N,last of widths] with ReLU behind all layers but
// the last.
func MLP(p *nn.Params, widths ...int) nn.Layer {
	var net nn.Sequential
	for i, out := range widths[1:] {
		if i > 0 {
			net = append(net, nn.Act("relu"))
		}
		net = append(net, nn.NewLinear(p.Subf("fc%d", i+1), widths[i], out))
	}
	return net
}

// LeNet5 maps images [N,28,28,1] to the logits [N,10] of digits: the network of
// LeCun et al. 1998, doi:10.1109/5.726791, with ReLU and maximum pooling.
func LeNet5(p *nn.Params) nn.Layer {
	relu, pool := nn.Act("relu"), nn.MaxPool(graph.PoolOptions{Size: 2})
	return nn.Sequential{
		nn.NewConv2D(p.Sub("conv1"), 1, 6, 5, nn.ConvOptions{Pad: 2}), relu, pool,
		nn.NewConv2D(p.Sub("conv2"), 6, 16, 5, nn.ConvOptions{}), relu, pool, nn.Flatten,
		nn.NewLinear(p.Sub("fc1"), 400, 120), relu, nn.NewLinear(p.Sub("fc2"), 120, 84), relu, nn.NewLinear(p.Sub("fc3"), 84, 10)}
}

// ResNet18 is ResNet with the widths 64, 128, 256 and 512: 11.2 million parameters.
func ResNet18(p *nn.Params) nn.Layer { return ResNet(p, 64, 128, 256, 512) }

// ResNet maps images [N,H,W,3] to logits [N,10]: two basic blocks for each of
// the widths, every width but the first at half the resolution of the one
// before. The stem is that for small images, a 3 by 3 convolution without
// pooling. Source: He et al. 2016, arXiv:1512.03385.
func ResNet(p *nn.Params, widths ...int) nn.Layer {
	in := widths[0]
	net := nn.Sequential{nn.NewConv2D(p.Sub("stem"), 3, in, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("norm"), in), nn.Act("relu")}
	for stage, out := range widths {
		for i := range 2 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			net = append(net, BasicBlock(p.Subf("stage%d", stage+1).Subf("block%d", i+1), in, out, stride))
			in = out
		}
	}
	return append(net, nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), in, 10))
}

// BasicBlock maps [N,H,W,in] to [N,⌈H/stride⌉,⌈W/stride⌉,out]: two 3 by 3
// convolutions around which the input goes, through a 1 by 1 convolution where
// shapes differ. Source: He et al. 2016, arXiv:1512.03385, fig. 2 and option B.
func BasicBlock(p *nn.Params, in, out, stride int) nn.Layer {
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
