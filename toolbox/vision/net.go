package vision

import (
	"fmt"

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

// residual adds two convolutions to what it is given. The second normalisation
// starts at 0, so that the block starts as the identity (Goyal et al. 2017,
// arXiv:1706.02677, §5.1).
type residual struct{ first, second convNorm }

func newResidual(p *nn.Params, channels int) (*residual, error) {
	r := &residual{newConvNorm(p.Sub("first"), channels, channels, 1), newConvNorm(p.Sub("second"), channels, channels, 1)}
	return r, r.second.norm.Gamma.Set(tensor.New(tensor.Float32, channels))
}

func (r *residual) forward(x *graph.Node) *graph.Node {
	return graph.Relu(graph.Add(x, r.second.forward(graph.Relu(r.first.forward(x)))))
}

// resnet is the network of a plan.
type resnet struct {
	downs  []convNorm
	blocks []*residual // nil where a stage is not deep
	drop   float32
	head   *nn.Linear
}

func newResnet(p *nn.Params, plan plan) (*resnet, error) {
	n := &resnet{drop: plan.drop}
	var last int
	for i, s := range plan.stages() {
		sub := p.Sub(fmt.Sprintf("stage%d", i))
		n.downs = append(n.downs, newConvNorm(sub, s.in, s.out, s.stride))
		var block *residual
		if s.deep {
			var err error
			if block, err = newResidual(sub.Sub("block"), s.out); err != nil {
				return nil, err
			}
		}
		n.blocks = append(n.blocks, block)
		last = s.out
	}
	n.head = nn.NewLinear(p.Sub("head"), last, plan.classes)
	return n, nil
}

func (n *resnet) forward(x *graph.Node) *graph.Node {
	for i, down := range n.downs {
		x = graph.Relu(down.forward(x))
		if n.blocks[i] != nil {
			x = n.blocks[i].forward(x)
		}
	}
	x = graph.Dropout(graph.GlobalAvgPool(x), n.drop)
	return n.head.Forward(x)
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
