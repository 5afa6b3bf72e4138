package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ConvTransposeOptions are the geometry of a transposed convolution: that of the
// convolution which it turns around, and what its division by the stride loses.
type ConvTransposeOptions struct {
	ConvOptions
	OutPad [2]int // rows and columns added at the bottom and right; less than the stride
}

// ConvTransposeAttrs are the attributes of "ConvTranspose2D".
type ConvTransposeAttrs struct {
	ConvAttrs
	OutPad [2]int
}

// length is that of the result along axis i, where the operand has n.
func (a ConvTransposeAttrs) length(i int, n Dim) Dim {
	return n.AddInt(-1).MulInt(a.Stride[i]).AddInt(a.Dilation[i]*(a.Size[i]-1) + 1 + a.OutPad[i] - a.Pad[2*i] - a.Pad[2*i+1])
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
	x, w, a := c.wantRank(0, tensor.Float32, 4), c.in[1], c.attrs.(ConvTransposeAttrs)
	channels, ok1 := x.Dim(3).Known()
	part, ok2 := w.Dim(2).Known()
	switch {
	case !ok1 || !ok2:
		c.fail("the numbers of channels must be constants")
	case a.Groups < 1 || channels%a.Groups != 0:
		c.fail("%d groups do not divide %d channels", a.Groups, channels)
	case !w.Dim(3).Is(channels):
		c.fail("weights must have %d channels as their last axis", channels)
	}
	shape := Shape{x.Dim(0), a.length(0, x.Dim(1)), a.length(1, x.Dim(2)), Const(part * a.Groups)}
	for i := range 2 {
		if a.Pad[2*i] < 0 || a.Pad[2*i+1] < 0 || a.OutPad[i] < 0 || a.OutPad[i] >= a.Stride[i] && a.OutPad[i] > 0 {
			c.fail("padding must not be negative and the added rows less than the stride")
		}
		if n, ok := shape[1+i].Known(); ok && n < 1 {
			c.fail("nothing is left of axis %d", 1+i)
		}
	}
	return one(tensor.Float32, shape...)
}

// ConvTranspose2D is the transpose of Conv2D as a linear map, which its gradient by
// x is: x [N,H,W,K] with w [KH,KW,C/groups,K] plus bias [C], which may be nil,
// gives [N,OH,OW,C] with OH = (H-1)·stride + dilation·(KH-1) + 1 + out - pads.
// Source: Dumoulin and Visin 2016, arXiv:1603.07285, §4.
func ConvTranspose2D(x, w, bias *Node, o ConvTransposeOptions) *Node {
	if w.Rank() != 4 {
		Fail("ConvTranspose2D", []*Node{x, w}, "weights must be [KH KW C/groups K]")
	}
	kh, ok1 := w.Dim(0).Known()
	kw, ok2 := w.Dim(1).Known()
	if !ok1 || !ok2 {
		Fail("ConvTranspose2D", []*Node{x, w}, "the kernel's size must be constant")
	}
	a := ConvTransposeAttrs{OutPad: o.OutPad, ConvAttrs: ConvAttrs{Window: Window{Size: [2]int{kh, kw}, Stride: pair(o.Stride, o.Strides, 1),
		Dilation: pair(o.Dilation, o.Dilations, 1), Pad: padding(o.Pad, o.Pads)}, Groups: max(o.Groups, 1)}}
	y := on("ConvTranspose2D", a, x, w)
	if bias != nil {
		y = Add(y, bias)
	}
	return y
}

// ConvTranspose1D is ConvTranspose2D over one axis: x [N,L,K] with w [KL,C/groups,K].
// Stride, Pad, Dilation and OutPad[1] act along L, and Pads pads its ends with the
// last two of its lengths; the other per-axis options are not used.
func ConvTranspose1D(x, w, bias *Node, o ConvTransposeOptions) *Node {
	if x.Rank() != 3 || w.Rank() != 3 {
		Fail("ConvTranspose1D", []*Node{x, w}, "operands must be [N L K] and [KL C/groups K]")
	}
	flat := ConvTransposeOptions{ConvOptions: ConvOptions{Strides: [2]int{1, o.Stride}, Dilations: [2]int{1, o.Dilation},
		Pads: [4]int{0, 0, o.Pad + o.Pads[2], o.Pad + o.Pads[3]}, Groups: o.Groups}, OutPad: [2]int{0, o.OutPad[1]}}
	y := ConvTranspose2D(Unsqueeze(x, 1), Unsqueeze(w, 0), bias, flat)
	return Reshape(y, y.Dim(0), y.Dim(2), y.Dim(3))
}
