package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Conv3D is a 3-D convolution over volumes [N,D,H,W,C].
type Conv3D struct {
	Weight  *graph.Variable // [KD, KH, KW, in/groups, out]
	Bias    *graph.Variable // [out]; nil without
	options graph.Conv3DOptions
}

// NewConv3D makes a layer of kernels of edge k from in to out channels.
func NewConv3D(p *Params, in, out, k int, o ConvOptions) *Conv3D {
	w, b := o.weights(p, out, k, k, k, in/max(o.Groups, 1), out)
	return &Conv3D{Weight: w, Bias: b, options: graph.Conv3DOptions{Stride: o.Stride, Pad: o.Pad, Dilation: o.Dilation, Groups: o.Groups}}
}

// Forward maps x [N,D,H,W,in] to [N,OD,OH,OW,out].
func (c *Conv3D) Forward(x *graph.Node) *graph.Node {
	return graph.Conv3D(x, x.Graph().Var(c.Weight), optional(x, c.Bias), c.options)
}
