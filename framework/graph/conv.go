package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ConvOptions are the geometry of a convolution. The zero value has stride 1,
// no padding, no dilation and one group.
type ConvOptions struct {
	Stride   int // 0 means 1
	Pad      int // zeros on every side
	Dilation int // 0 means 1
	Groups   int // 0 means 1

	Strides   [2]int // height and width; 0 means Stride
	Dilations [2]int // height and width; 0 means Dilation
	Pads      [4]int // top, bottom, left, right, in addition to Pad
}

// ConvAttrs are the attributes of "Conv2D".
type ConvAttrs struct {
	Window
	Groups int
}

var _ = register(operator{name: "Conv2D", shape: convShape, vjp: convVJP,
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(ConvAttrs)
		return b.emit(&chip.Conv{Window: a.chip(), Groups: a.Groups, Bias: len(in) > 2}, in, b.types(c)...)
	},
})

func convShape(c *call) []Type {
	x, w, a := c.wantFactor(0), c.wantFactor(1), c.attrs.(ConvAttrs)
	if x.Rank() != 4 {
		c.fail("operand 1 has rank %d, not 4", x.Rank())
	}
	channels, ok1 := x.Dim(3).Known()
	filters, ok2 := w.Dim(3).Known()
	switch {
	case !ok1 || !ok2:
		c.fail("the numbers of channels must be constants")
	case a.Groups < 1 || channels%a.Groups != 0 || filters%a.Groups != 0:
		c.fail("%d groups do not divide %d channels and %d filters", a.Groups, channels, filters)
	case !w.Dim(2).Is(channels / a.Groups):
		c.fail("weights must have %d input channels", channels/a.Groups)
	}
	if len(c.in) > 2 {
		c.wantShape(2, tensor.Float32, w.Dim(3))
	}
	a.check(c, x)
	return one(tensor.Float32, x.Dim(0), a.out(0, x.Dim(1)), a.out(1, x.Dim(2)), w.Dim(3))
}

func convVJP(c *call, dy []*Node) []*Node {
	x, w, a := c.in[0], c.in[1], c.attrs.(ConvAttrs)
	grads := []*Node{
		on("Conv2DGradInput", convGradAttrs{a, x.shape}, dy[0], w),
		on("Conv2DGradWeight", convGradAttrs{a, w.shape}, x, dy[0]),
	}
	if len(c.in) > 2 {
		grads = append(grads, Sum(dy[0], 0, 1, 2))
	}
	return grads
}

// convGradAttrs add the shape of the gradient.
type convGradAttrs struct {
	ConvAttrs
	shape Shape
}

func (a convGradAttrs) types(*call) []Type { return one(tensor.Float32, a.shape...) }

var _ = register(operator{
	name:  "Conv2DGradInput",
	shape: func(c *call) []Type { return c.attrs.(convGradAttrs).types(c) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(convGradAttrs)
		return b.emit(&chip.ConvGradInput{Window: a.chip(), Groups: a.Groups}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name:  "Conv2DGradWeight",
	shape: func(c *call) []Type { return c.attrs.(convGradAttrs).types(c) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(convGradAttrs)
		return b.emit(&chip.ConvGradWeight{Window: a.chip(), Groups: a.Groups}, in, b.types(c)...)
	},
})

// Conv2D is the 2-D cross-correlation of x [N,H,W,C] with w [KH,KW,C/groups,K]
// plus bias [K], which may be nil; the result is [N,OH,OW,K] with
// OH = (H + pads - dilation·(KH-1) - 1)/stride + 1.
func Conv2D(x, w, bias *Node, o ConvOptions) *Node {
	if w.Rank() != 4 {
		Fail("Conv2D", []*Node{x, w}, "weights must be [KH KW C/groups K]")
	}
	kh, ok1 := w.Dim(0).Known()
	kw, ok2 := w.Dim(1).Known()
	if !ok1 || !ok2 {
		Fail("Conv2D", []*Node{x, w}, "the kernel's size must be constant")
	}
	a := ConvAttrs{Window: Window{Size: [2]int{kh, kw}, Stride: pair(o.Stride, o.Strides, 1),
		Dilation: pair(o.Dilation, o.Dilations, 1), Pad: padding(o.Pad, o.Pads)}, Groups: max(o.Groups, 1)}
	if bias == nil {
		return on("Conv2D", a, x, w)
	}
	return on("Conv2D", a, x, w, bias)
}

// Conv1D is the 1-D cross-correlation of x [N,L,C] with w [KL,C/groups,K] plus
// bias [K], which may be nil. Pad, Stride and Dilation act along L, and Pads
// pads its ends with the last two of its lengths; the other per-axis options are not used.
func Conv1D(x, w, bias *Node, o ConvOptions) *Node {
	if x.Rank() != 3 || w.Rank() != 3 {
		Fail("Conv1D", []*Node{x, w}, "operands must be [N L C] and [KL C/groups K]")
	}
	flat := ConvOptions{Strides: [2]int{1, o.Stride}, Dilations: [2]int{1, o.Dilation},
		Pads: [4]int{0, 0, o.Pad + o.Pads[2], o.Pad + o.Pads[3]}, Groups: o.Groups}
	y := Conv2D(Unsqueeze(x, 1), Unsqueeze(w, 0), bias, flat)
	return Reshape(y, y.Dim(0), y.Dim(2), y.Dim(3))
}
