package cpu

import "github.com/macaw-ai/macaw/chip"

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
	if room := size - first; room > 0 {
		hi = min(k, (room+dilation-1)/dilation)
	}
	return lo, max(lo, hi)
}
