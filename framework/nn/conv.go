package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Conv2D is a 2-D convolution over images [N,H,W,C].
type Conv2D struct {
	Weight  *graph.Variable // [KH, KW, in/groups, out]
	Bias    *graph.Variable // [out]; nil without
	options graph.ConvOptions
}

// ConvOptions configure a convolution. The zero value has stride 1, no
// padding, one group and a bias.
type ConvOptions struct {
	Stride   int // 0 means 1
	Pad      int // on every side
	Dilation int // 0 means 1
	Groups   int // 0 means 1
	NoBias   bool
	Init     Initialiser // of the weight; nil means HeNormal
}

func (o ConvOptions) geometry() graph.ConvOptions {
	return graph.ConvOptions{Stride: o.Stride, Pad: o.Pad, Dilation: o.Dilation, Groups: o.Groups}
}

// weights makes a weight of shape dims and, unless o says not, a bias for out channels.
func (o ConvOptions) weights(p *Params, out int, dims ...int) (weight, bias *graph.Variable) {
	if o.Init == nil {
		o.Init = HeNormal
	}
	weight = p.Weight("weight", o.Init, dims...)
	if !o.NoBias {
		bias = p.Weight("bias", Zeros, out)
	}
	return weight, bias
}

// NewConv2D makes a layer of k by k kernels from in to out channels.
func NewConv2D(p *Params, in, out, k int, o ConvOptions) *Conv2D {
	w, b := o.weights(p, out, k, k, in/max(o.Groups, 1), out)
	return &Conv2D{Weight: w, Bias: b, options: o.geometry()}
}

// Forward maps x [N,H,W,in] to [N,OH,OW,out].
func (c *Conv2D) Forward(x *graph.Node) *graph.Node {
	return graph.Conv2D(x, x.Graph().Var(c.Weight), optional(x, c.Bias), c.options)
}

// Conv1D is a convolution over sequences [N,L,C].
type Conv1D struct {
	Weight  *graph.Variable // [KL, in/groups, out]
	Bias    *graph.Variable // [out]; nil without
	options graph.ConvOptions
}

// NewConv1D makes a layer of kernels of length k from in to out channels.
func NewConv1D(p *Params, in, out, k int, o ConvOptions) *Conv1D {
	w, b := o.weights(p, out, k, in/max(o.Groups, 1), out)
	return &Conv1D{Weight: w, Bias: b, options: o.geometry()}
}

// Forward maps x [N,L,in] to [N,OL,out].
func (c *Conv1D) Forward(x *graph.Node) *graph.Node {
	return graph.Conv1D(x, x.Graph().Var(c.Weight), optional(x, c.Bias), c.options)
}
