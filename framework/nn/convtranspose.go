package nn

import "github.com/macaw-ai/macaw/framework/graph"

// ConvTransposeOptions configure a transposed convolution. The zero value has
// stride 1, no padding, one group and a bias.
type ConvTransposeOptions struct {
	Stride    int // 0 means 1
	Pad       int // taken off every side of the result
	OutputPad int // added to the result's end; smaller than Stride
	Dilation  int // 0 means 1
	Groups    int // 0 means 1
	NoBias    bool
	Init      Initialiser // of the weight; nil means HeNormal
}

// conv has the options of the convolution that is turned around.
func (o ConvTransposeOptions) conv() ConvOptions {
	return ConvOptions{Stride: o.Stride, Pad: o.Pad, Dilation: o.Dilation, Groups: o.Groups, NoBias: o.NoBias, Init: o.Init}
}

func (o ConvTransposeOptions) geometry() graph.ConvTransposeOptions {
	return graph.ConvTransposeOptions{ConvOptions: o.conv().geometry(), OutPad: [2]int{o.OutputPad, o.OutputPad}}
}

// ConvTranspose2D is a transposed convolution over images, which makes them
// larger; see graph.ConvTranspose2D.
type ConvTranspose2D struct {
	Weight  *graph.Variable // [KH, KW, out/groups, in]
	Bias    *graph.Variable // [out]; nil without
	options graph.ConvTransposeOptions
}

// NewConvTranspose2D makes a layer of k by k kernels from in to out channels.
func NewConvTranspose2D(p *Params, in, out, k int, o ConvTransposeOptions) *ConvTranspose2D {
	w, b := o.conv().weights(p, out, k, k, out/max(o.Groups, 1), in)
	return &ConvTranspose2D{Weight: w, Bias: b, options: o.geometry()}
}

// Forward maps x [N,H,W,in] to [N,OH,OW,out].
func (c *ConvTranspose2D) Forward(x *graph.Node) *graph.Node {
	return graph.ConvTranspose2D(x, x.Graph().Var(c.Weight), optional(x, c.Bias), c.options)
}

// ConvTranspose1D is a transposed convolution over sequences [N,L,C].
type ConvTranspose1D struct {
	Weight  *graph.Variable // [KL, out/groups, in]
	Bias    *graph.Variable // [out]; nil without
	options graph.ConvTransposeOptions
}

// NewConvTranspose1D makes a layer of kernels of length k from in to out channels.
func NewConvTranspose1D(p *Params, in, out, k int, o ConvTransposeOptions) *ConvTranspose1D {
	w, b := o.conv().weights(p, out, k, out/max(o.Groups, 1), in)
	return &ConvTranspose1D{Weight: w, Bias: b, options: o.geometry()}
}

// Forward maps x [N,L,in] to [N,OL,out].
func (c *ConvTranspose1D) Forward(x *graph.Node) *graph.Node {
	return graph.ConvTranspose1D(x, x.Graph().Var(c.Weight), optional(x, c.Bias), c.options)
}
