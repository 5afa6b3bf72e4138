package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// PoolOptions are the geometry of a pooling.
type PoolOptions struct {
	Size     int  // height and width of the window
	Stride   int  // 0 means Size
	Pad      int  // on every side
	CountPad bool // for averages: padding counts as zeros
	Dilation int  // distance of the elements of a window; 0 means 1

	Sizes     [2]int // height and width; 0 means Size
	Strides   [2]int // height and width; 0 means Stride
	Dilations [2]int // height and width; 0 means Dilation
	Pads      [4]int // top, bottom, left, right, in addition to Pad
}

// PoolAttrs are the attributes of "MaxPool2D" and "AvgPool2D".
type PoolAttrs struct {
	Window
	CountPad bool
}

func (o PoolOptions) attrs() PoolAttrs {
	size := pair(o.Size, o.Sizes, 1)
	stride := pair(o.Stride, o.Strides, 0)
	for i := range stride {
		if stride[i] == 0 {
			stride[i] = size[i]
		}
	}
	return PoolAttrs{Window: Window{Size: size, Stride: stride, Dilation: pair(o.Dilation, o.Dilations, 1), Pad: padding(o.Pad, o.Pads)}, CountPad: o.CountPad}
}

func poolType(c *call) Type {
	x, a := c.wantRank(0, tensor.Float32, 4), c.attrs.(PoolAttrs)
	a.check(c, x)
	for i, p := range a.Pad {
		if p >= a.Size[i/2] {
			c.fail("padding must be smaller than the window")
		}
	}
	return Type{tensor.Float32, Shape{x.Dim(0), a.out(0, x.Dim(1)), a.out(1, x.Dim(2)), x.Dim(3)}}
}

// poolGradAttrs add the shape of the gradient.
type poolGradAttrs struct {
	PoolAttrs
	shape Shape
}

var _ = register(operator{
	name: "MaxPool2D",
	shape: func(c *call) []Type {
		t := poolType(c)
		return []Type{t, {tensor.Int32, t.Shape}}
	},
	vjp: func(c *call, dy []*Node) []*Node {
		return []*Node{on("MaxPool2DGrad", poolGradAttrs{c.attrs.(PoolAttrs), c.in[0].shape}, dy[0], c.out[1])}
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.MaxPool{Window: c.attrs.(PoolAttrs).chip()}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name:  "MaxPool2DGrad",
	shape: func(c *call) []Type { return one(tensor.Float32, c.attrs.(poolGradAttrs).shape...) },
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.MaxPoolGrad{Window: c.attrs.(poolGradAttrs).chip()}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name:  "AvgPool2D",
	shape: func(c *call) []Type { return []Type{poolType(c)} },
	vjp: func(c *call, dy []*Node) []*Node {
		return []*Node{on("AvgPool2DGrad", poolGradAttrs{c.attrs.(PoolAttrs), c.in[0].shape}, dy[0])}
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(PoolAttrs)
		return b.emit(&chip.AvgPool{Window: a.chip(), CountPad: a.CountPad}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name:  "AvgPool2DGrad",
	shape: func(c *call) []Type { return one(tensor.Float32, c.attrs.(poolGradAttrs).shape...) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(poolGradAttrs)
		return b.emit(&chip.AvgPoolGrad{Window: a.chip(), CountPad: a.CountPad}, in, b.types(c)...)
	},
})

// MaxPool2D takes the maximum of each window of x [N,H,W,C]; padding never wins.
func MaxPool2D(x *Node, o PoolOptions) *Node { return on("MaxPool2D", o.attrs(), x) }

// AvgPool2D takes the mean of each window of x [N,H,W,C].
func AvgPool2D(x *Node, o PoolOptions) *Node { return on("AvgPool2D", o.attrs(), x) }

// GlobalAvgPool returns the mean over height and width: [N,H,W,C] to [N,C].
func GlobalAvgPool(x *Node) *Node {
	if x.Rank() != 4 {
		Fail("GlobalAvgPool", []*Node{x}, "the operand must be [N H W C]")
	}
	return Mean(x, 1, 2)
}
