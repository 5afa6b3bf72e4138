package vision

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// network turns normalised pixels [N,H,W,C] into logits [N,classes].
type network interface {
	forward(x *graph.Node) *graph.Node
}

// normalise brings levels 0 to 255 to mean 0 and variance 1 of every channel, as
// the exported model does.
func normalise(x *graph.Node, o onnx.ImageOptions) *graph.Node {
	scale, shift := make([]float32, o.Channels), make([]float32, o.Channels)
	for c := range o.Channels {
		shift[c] = o.Normalise(0, c)
		scale[c] = (o.Normalise(255, c) - shift[c]) / 255
	}
	g := x.Graph()
	return graph.Add(graph.Mul(x, g.Const(tensor.Of(scale, o.Channels))), g.Const(tensor.Of(shift, o.Channels)))
}

// convNorm is a 3×3 convolution followed by batch normalisation.
type convNorm struct {
	conv *nn.Conv2D
	norm *nn.BatchNorm
}

func newConvNorm(p *nn.Params, in, out, stride int) convNorm {
	return convNorm{
		nn.NewConv2D(p.Sub("conv"), in, out, 3, nn.ConvOptions{Stride: stride, Pad: 1, NoBias: true}),
		nn.NewBatchNorm(p.Sub("norm"), out),
	}
}

func (c convNorm) forward(x *graph.Node) *graph.Node { return c.norm.Forward(c.conv.Forward(x)) }

// resnet is the network of a plan.
type resnet struct {
	stem   convNorm
	stages []pooled
	drop   float32
	head   *nn.Linear
}

// pooled is a stage: relu(norm(pool(conv(x)))), then x + relu(norm(conv(x))).
type pooled struct{ down, residual convNorm }

func newResnet(p *nn.Params, plan plan) *resnet {
	last, stride := plan.stem()
	n := &resnet{drop: plan.drop, stem: newConvNorm(p.Sub("stem"), plan.c, last, stride)}
	for i, s := range plan.stages() {
		sub := p.Subf("stage%d", i)
		n.stages = append(n.stages, pooled{
			newConvNorm(sub.Sub("down"), s.in, s.out, 1), newConvNorm(sub.Sub("residual"), s.out, s.out, 1),
		})
		last = s.out
	}
	n.head = nn.NewLinearWith(p.Sub("head"), last, plan.classes, nn.LinearOptions{Init: nn.Zeros})
	return n
}

func (n *resnet) forward(x *graph.Node) *graph.Node {
	x = graph.Relu(n.stem.forward(x))
	for _, s := range n.stages {
		x = graph.MaxPool2D(s.down.conv.Forward(x), graph.PoolOptions{Size: 2})
		x = graph.Relu(s.down.norm.Forward(x))
		x = graph.Add(x, graph.Relu(s.residual.forward(x)))
	}
	return n.head.Forward(graph.Dropout(graph.ReduceMax(x, 1, 2), n.drop))
}

// softmaxRegression is one linear layer on all pixels.
type softmaxRegression struct {
	head *nn.Linear
}

func newSoftmaxRegression(p *nn.Params, plan plan) *softmaxRegression {
	return &softmaxRegression{nn.NewLinear(p.Sub("head"), plan.h*plan.w*plan.c, plan.classes)}
}

func (s *softmaxRegression) forward(x *graph.Node) *graph.Node {
	return s.head.Forward(graph.Flatten(x, 1))
}
