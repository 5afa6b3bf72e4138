package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ConvTransposeOptions are the geometry of a transposed convolution: that of
// the convolution whose input gradient it is. The zero value has stride 1, no
// padding, no dilation and one group.
type ConvTransposeOptions struct {
	Stride    int // 0 means 1
	Pad       int // taken off every side of the result
	OutputPad int // added to the result's bottom and right; smaller than Stride
	Dilation  int // 0 means 1
	Groups    int // 0 means 1

	Strides    [2]int // height and width; 0 means Stride
	Dilations  [2]int // height and width; 0 means Dilation
	OutputPads [2]int // height and width, in addition to OutputPad
	Pads       [4]int // top, bottom, left, right, in addition to Pad
}

// ConvTransposeAttrs are the attributes of "ConvTranspose2D".
type ConvTransposeAttrs struct {
	ConvAttrs
	OutputPad [2]int
}

var _ = register(operator{
	name:  "ConvTranspose2D",
	shape: convTransposeShape,
	vjp: func(c *call, dy []*Node) []*Node {
		x, w, a := c.in[0], c.in[1], c.attrs.(ConvTransposeAttrs).ConvAttrs
		return []*Node{on("Conv2D", a, dy[0], w), on("Conv2DGradWeight", convGradAttrs{a, w.shape}, dy[0], x)}
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(ConvTransposeAttrs)
		return b.emit(&chip.ConvGradInput{Window: a.chip(), Groups: a.Groups}, in, b.types(c)...)
	},
})

func convTransposeShape(c *call) []Type {
	x, w, a := c.wantRank(0, tensor.Float32, 4), c.wantRank(1, tensor.Float32, 4), c.attrs.(ConvTransposeAttrs)
	in, ok1 := w.Dim(3).Known()
	perGroup, ok2 := w.Dim(2).Known()
	switch {
	case !ok1 || !ok2:
		c.fail("the numbers of channels must be constants")
	case !x.Dim(3).Is(in):
		c.fail("weights must have %v input channels", x.Dim(3))
	case a.Groups < 1 || in%a.Groups != 0:
		c.fail("%d groups do not divide %d channels", a.Groups, in)
	}
	out := Shape{x.Dim(0), {}, {}, Const(perGroup * a.Groups)}
	for i := range 2 {
		if a.Size[i] < 1 || a.Stride[i] < 1 || a.Dilation[i] < 1 || a.Pad[2*i] < 0 || a.Pad[2*i+1] < 0 {
			c.fail("the window %+v is not possible", a.Window)
		}
		if a.OutputPad[i] < 0 || a.OutputPad[i] >= a.Stride[i] {
			c.fail("the output padding %d is not in 0..%d, below the stride", a.OutputPad[i], a.Stride[i]-1)
		}
		grown := a.Dilation[i]*(a.Size[i]-1) + 1 + a.OutputPad[i] - a.Pad[2*i] - a.Pad[2*i+1]
		out[1+i] = x.Dim(1 + i).AddInt(-1).MulInt(a.Stride[i]).AddInt(grown)
		if n, ok := out[1+i].Known(); ok && n < 1 {
			c.fail("the padding leaves nothing")
		}
	}
	return one(tensor.Float32, out...)
}

// ConvTranspose2D is the transposed convolution of x [N,H,W,C] with
// w [KH,KW,K/groups,C] plus bias [K], which may be nil: the gradient of Conv2D by
// its input, which spreads each pixel over a window. The result is [N,OH,OW,K]
// with OH = (H-1)·stride - pads + dilation·(KH-1) + 1 + output padding.
// Source: Zeiler et al. 2010, "Deconvolutional Networks"; Dumoulin and Visin
// 2016, arXiv:1603.07285, §4.
func ConvTranspose2D(x, w, bias *Node, o ConvTransposeOptions) *Node {
	if w.Rank() != 4 {
		Fail("ConvTranspose2D", []*Node{x, w}, "weights must be [KH KW K/groups C]")
	}
	kh, ok1 := w.Dim(0).Known()
	kw, ok2 := w.Dim(1).Known()
	if !ok1 || !ok2 {
		Fail("ConvTranspose2D", []*Node{x, w}, "the kernel's size must be constant")
	}
	window := Window{Size: [2]int{kh, kw}, Stride: pair(o.Stride, o.Strides, 1),
		Dilation: pair(o.Dilation, o.Dilations, 1), Pad: padding(o.Pad, o.Pads)}
	y := on("ConvTranspose2D", ConvTransposeAttrs{ConvAttrs{window, max(o.Groups, 1)},
		[2]int{o.OutputPad + o.OutputPads[0], o.OutputPad + o.OutputPads[1]}}, x, w)
	if bias == nil {
		return y
	}
	if bias.Rank() != 1 || !bias.Dim(0).Equal(y.Dim(3)) {
		Fail("ConvTranspose2D", []*Node{x, w, bias}, "the bias must be [%v]", y.Dim(3))
	}
	return Add(y, bias)
}

// ConvTranspose1D is the transposed convolution of x [N,L,C] with
// w [KL,K/groups,C] plus bias [K], which may be nil. Stride, Pad, OutputPad and
// Dilation act along L; per-axis options are not used.
func ConvTranspose1D(x, w, bias *Node, o ConvTransposeOptions) *Node {
	if x.Rank() != 3 || w.Rank() != 3 {
		Fail("ConvTranspose1D", []*Node{x, w}, "operands must be [N L C] and [KL K/groups C]")
	}
	flat := ConvTransposeOptions{Strides: [2]int{1, o.Stride}, Dilations: [2]int{1, o.Dilation},
		OutputPads: [2]int{0, o.OutputPad}, Pads: [4]int{0, 0, o.Pad, o.Pad}, Groups: o.Groups}
	y := ConvTranspose2D(Unsqueeze(x, 1), Unsqueeze(w, 0), bias, flat)
	return Reshape(y, y.Dim(0), y.Dim(2), y.Dim(3))
}
