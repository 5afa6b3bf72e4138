package cpu

import (
	"math"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// poolRow is a row of windows that lie inside the image, for a tier's kernel.
type poolRow struct {
	x, y, index uintptr // of the first window and its outputs
	n           int     // windows
	step        int     // bytes from one window to the next
	c           int     // channels
	taps        uintptr // of ntaps poolTaps
	ntaps       int
	at, atStep  int32 // position of the first window, and from one to the next
}

// poolTap is a place in a window: bytes and positions from its first.
type poolTap struct{ offset, at int }

// maxPool walks output rows. Windows that lie inside the image go to the
// tier's kernel, those at the border are taken one by one.
func (c *call) maxPool(op *chip.MaxPool) kernel {
	g := poolGeometry(op.Window, c.ins[0].Shape, c.outs[0].Shape)
	var taps []poolTap
	for i := range g.KH * g.KW {
		at := i/g.KW*g.DilationH*g.w + i%g.KW*g.DilationW
		taps = append(taps, poolTap{4 * at * g.c, at})
	}
	indexed := len(c.out) == 2
	if !indexed {
		c.wantLocal(g.ow*g.c + packSlack) // the kernel's index has to go somewhere
	}
	rows := make([]poolRow, c.pool.threads)
	return c.each(g.n*g.oh, g.grain(), func(lo, hi, worker int) {
		x, y := c.in[0].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			out := y[r*g.ow*g.c : (r+1)*g.ow*g.c]
			var index []int32
			if indexed {
				index = c.out[1].i32()[r*g.ow*g.c : (r+1)*g.ow*g.c]
			} else {
				index = unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(c.locals[worker]))), g.ow*g.c)
			}
			g.maxRow(c.tier, &rows[worker], x[r/g.oh*g.h*g.w*g.c:], out, index, r%g.oh, taps)
		}
	})
}

// maxRow computes output row i of an image.
func (g *pooling) maxRow(t *tier, p *poolRow, x, y []float32, index []int32, i int, taps []poolTap) {
	first, last := g.inside(i)
	for j := 0; j < g.ow; j++ {
		if j == first && t.maxPoolRow != nil && last > first && g.c > 0 {
			at := (i*g.StrideH-g.PadTop)*g.w + j*g.StrideW - g.PadLeft
			*p = poolRow{x: addressOf(x[at*g.c:]), y: addressOf(y[j*g.c:]), index: uintptr(unsafe.Pointer(&index[j*g.c])), n: last - first,
				step: 4 * g.StrideW * g.c, c: g.c, taps: uintptr(unsafe.Pointer(&taps[0])), ntaps: len(taps), at: int32(at), atStep: int32(g.StrideW)}
			t.maxPoolRow(p)
			j = last - 1
			continue
		}
		g.maxAt(x, y[j*g.c:(j+1)*g.c], index[j*g.c:(j+1)*g.c], i, j)
	}
}

// inside gives the outputs of row i whose windows lie inside the image.
func (g *pooling) inside(i int) (first, last int) {
	h := i*g.StrideH - g.PadTop
	if h < 0 || h+(g.KH-1)*g.DilationH >= g.h {
		return 0, 0
	}
	first = (g.PadLeft + g.StrideW - 1) / g.StrideW
	room := g.w - 1 - (g.KW-1)*g.DilationW + g.PadLeft
	if room < 0 {
		return 0, 0
	}
	return first, min(g.ow, room/g.StrideW+1)
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
			for q, v := range x[pos*g.c : pos*g.c+g.c] {
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
	return c.each(g.n, 1+16*1024/(image+1), func(lo, hi, _ int) {
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
