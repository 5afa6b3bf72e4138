package cpu

import "github.com/macaw-ai/macaw/chip"

// avgPool adds up the window's positions, all channels together.
func (c *call) avgPool(op *chip.AvgPool) kernel {
	g := poolGeometry(op.Window, c.ins[0].Shape, c.outs[0].Shape)
	return c.each(g.n*g.oh, g.grain(), func(lo, hi, _ int) {
		x, y := c.in[0].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			image := x[r/g.oh*g.h*g.w*g.c:]
			for j := range g.ow {
				out := y[(r*g.ow+j)*g.c : (r*g.ow+j+1)*g.c]
				clear(out)
				scale := g.window(r%g.oh, j, op.CountPad, func(pos int) {
					c.tier.add(out, out, image[pos*g.c:pos*g.c+g.c])
				})
				c.tier.scale(out, out, scale)
			}
		}
	})
}

// avgPoolGrad spreads dy image by image.
func (c *call) avgPoolGrad(op *chip.AvgPoolGrad) kernel {
	g := poolGeometry(op.Window, c.outs[0].Shape, c.ins[0].Shape)
	image := g.h * g.w * g.c
	return c.each(g.n, 1, func(lo, hi, _ int) {
		dy, dx := c.in[0].f32(), c.out[0].f32()
		clear(dx[lo*image : hi*image])
		for r := lo * g.oh; r < hi*g.oh; r++ {
			d := dx[r/g.oh*image:]
			for j := range g.ow {
				src := dy[(r*g.ow+j)*g.c : (r*g.ow+j+1)*g.c]
				scale := g.window(r%g.oh, j, op.CountPad, nil)
				g.window(r%g.oh, j, op.CountPad, func(pos int) {
					c.tier.axpy(d[pos*g.c:pos*g.c+g.c], src, scale)
				})
			}
		}
	})
}

// window visits the positions of output (i, j) that lie inside the image and
// returns the weight of one of them.
func (g *pooling) window(i, j int, countPad bool, visit func(pos int)) float32 {
	h0, h1 := g.taps(i, g.StrideH, g.PadTop, g.KH, g.DilationH, g.h)
	w0, w1 := g.taps(j, g.StrideW, g.PadLeft, g.KW, g.DilationW, g.w)
	for kh := h0; kh < h1 && visit != nil; kh++ {
		for kw := w0; kw < w1; kw++ {
			visit((i*g.StrideH-g.PadTop+kh*g.DilationH)*g.w + j*g.StrideW - g.PadLeft + kw*g.DilationW)
		}
	}
	n := (h1 - h0) * (w1 - w0)
	if countPad {
		n = g.KH * g.KW
	}
	return 1 / float32(max(n, 1))
}
