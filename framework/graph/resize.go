package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ResizeAttrs are the attributes of "Resize".
type ResizeAttrs struct {
	Height, Width Dim
	Mode          chip.ResizeMode
	Antialias     bool
}

var _ = register(operator{
	name: "Resize",
	shape: func(c *call) []Type {
		x, a := c.wantRank(0, tensor.Float32, 4), c.attrs.(ResizeAttrs)
		if (x.shape[1].Is(0) || x.shape[2].Is(0)) && !a.Height.Is(0) && !a.Width.Is(0) {
			c.fail("the image is empty")
		}
		return one(tensor.Float32, x.Dim(0), a.Height, a.Width, x.Dim(3))
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(ResizeAttrs)
		return b.emit(&chip.Resize{Mode: a.Mode, Antialias: a.Antialias}, in, b.types(c)...)
	},
})

// Resize scales x [N,H,W,C] to the given height and width with half-pixel
// centres; antialias widens the linear filter when shrinking. It has no gradient;
// Interpolate has.
func Resize(x *Node, height, width Dim, mode chip.ResizeMode, antialias bool) *Node {
	return on("Resize", ResizeAttrs{height, width, mode, antialias}, x)
}
