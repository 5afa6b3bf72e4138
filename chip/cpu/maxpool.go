package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// maxPool walks output rows; the channels of one position are compared together.
func (c *call) maxPool(op *chip.MaxPool) kernel {
	g := poolGeometry(op.Window, c.ins[0].Shape, c.outs[0].Shape)
	return c.each(g.n*g.oh, g.grain(), func(lo, hi, _ int) {
		x, y := c.in[0].f32(), c.out[0].f32()
		var index []int32
		if len(c.out) == 2 {
			index = c.out[1].i32()
		}
		for r := lo; r < hi; r++ {
			for j := range g.ow {
				at := (r*g.ow + j) * g.c
				var ix []int32
				if index != nil {
					ix = index[at : at+g.c]
				}
				g.maxAt(x[r/g.oh*g.h*g.w*g.c:], y[at:at+g.c], ix, r%g.oh, j)
			}
		}
	})
}

// maxAt takes the maximum of the window of output position (i, j).
func (g *pooling) maxAt(x, y []float32, index []int32, i, j int) {
	fill(y, float32(math.Inf(-1)))
	fill(index, -1)
	h0, h1 := g.taps(i, g.StrideH, g.PadTop, g.KH, g.DilationH, g.h)
	w0, w1 := g.taps(j, g.StrideW, g.PadLeft, g.KW, g.DilationW, g.w)
	for kh := h0; kh < h1; kh++ {
		for kw := w0; kw < w1; kw++ {
			pos := (i*g.StrideH-g.PadTop+kh*g.DilationH)*g.w + j*g.StrideW - g.PadLeft + kw*g.DilationW
			xs := x[pos*g.c : pos*g.c+g.c]
			if index == nil {
				for q, v := range xs {
					y[q] = max(y[q], v)
				}
				continue
			}
			for q, v := range xs {
				if v > y[q] || index[q] < 0 || v != v {
					y[q], index[q] = v, int32(pos)
				}
			}
		}
	}
}

// maxPoolGrad scatters image by image, so that no two workers add to one place.
func (c *call) maxPoolGrad(op *chip.MaxPoolGrad) kernel {
	g := poolGeometry(op.Window, c.outs[0].Shape, c.ins[0].Shape)
	image, out := g.h*g.w*g.c, g.oh*g.ow*g.c
	return c.each(g.n, 1, func(lo, hi, _ int) {
		dy, index, dx := c.in[0].f32(), c.in[1].i32(), c.out[0].f32()
		clear(dx[lo*image : hi*image])
		for n := lo; n < hi; n++ {
			d := dx[n*image : (n+1)*image]
			for p := n * out; p < (n+1)*out; p += g.c {
				ix := index[p : p+g.c]
				for q, v := range dy[p : p+g.c] {
					if at := int(ix[q])*g.c + q; uint(at) < uint(len(d)) {
						d[at] += v
					}
				}
			}
		}
	})
}

// pooling is the geometry of a pooling operator.
type pooling struct {
	chip.Window
	n, h, w, c, oh, ow int
}

func poolGeometry(g chip.Window, x, y []int) *pooling {
	return &pooling{g, x[0], x[1], x[2], x[3], y[1], y[2]}
}

// grain is how many output rows are worth a part of their own.
func (g *pooling) grain() int { return 1 + 16*1024/(g.ow*g.c*g.KH*g.KW+1) }

// taps gives the range of window positions that lie inside the image along one axis.
func (g *pooling) taps(i, stride, pad, k, dilation, size int) (lo, hi int) {
	first := i*stride - pad
	if first < 0 {
		lo = (-first + dilation - 1) / dilation
	}
	if room := size - first; room <= 0 {
		hi = 0
	} else {
		hi = min(k, (room+dilation-1)/dilation)
	}
	return lo, max(lo, hi)
}
