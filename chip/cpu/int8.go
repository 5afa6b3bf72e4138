package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// gemmInt8 adds up rows of the weights, four inputs at a time, where the tier
// has no kernel for integers.
func (c *call) gemmInt8(op *chip.GemmInt8) kernel {
	if c.tier.integers.usable() && c.outs[0].Len() > 0 {
		return c.intGemm(op)
	}
	k, n := c.ins[1].Shape[0], c.ins[1].Shape[1]
	c.wantLocal(n)
	rows := c.outs[0].Len() / max(n, 1)
	return c.each(rows, 1+16*1024/max(k*n, 1), func(lo, hi, worker int) {
		acc, q := c.sums(worker, n), c.requant(op.Integer)
		x, w := of[uint8](c.in[0]), of[int8](c.in[1])
		for r := lo; r < hi; r++ {
			clear(acc)
			addProducts(acc, x[r*k:(r+1)*k], w, n, int32(op.ZeroX))
			q.row(c, r*n, acc)
		}
	})
}

// convInt8 adds up the taps of one output position after the other, all
// channels together, where the tier has no kernel for integers or the groups are
// small. A tap outside of the image adds nothing.
func (c *call) convInt8(op *chip.ConvInt8) kernel {
	if c.tier.integers.usable() && c.outs[0].Len() > 0 && c.outs[0].Shape[3]/op.Groups >= 4 {
		return c.intConv(op)
	}
	g := poolGeometry(op.Window, c.ins[0].Shape, c.outs[0].Shape)
	filters := c.outs[0].Shape[3]
	in, out := g.c/op.Groups, filters/op.Groups
	c.wantLocal(filters)
	return c.each(g.n*g.oh, 1, func(lo, hi, worker int) {
		acc, q := c.sums(worker, filters), c.requant(op.Integer)
		x, w := of[uint8](c.in[0]), of[int8](c.in[1])
		for r := lo; r < hi; r++ {
			image := x[r/g.oh*g.h*g.w*g.c:]
			h0, h1 := g.taps(r%g.oh, op.StrideH, op.PadTop, op.KH, op.DilationH, g.h)
			for j := range g.ow {
				clear(acc)
				w0, w1 := g.taps(j, op.StrideW, op.PadLeft, op.KW, op.DilationW, g.w)
				for kh := h0; kh < h1; kh++ {
					for kw := w0; kw < w1; kw++ {
						h, v := r%g.oh*op.StrideH-op.PadTop+kh*op.DilationH, j*op.StrideW-op.PadLeft+kw*op.DilationW
						pixel, tap := image[(h*g.w+v)*g.c:], w[(kh*op.KW+kw)*in*filters:]
						for group := range op.Groups {
							addProducts(acc[group*out:(group+1)*out], pixel[group*in:(group+1)*in], tap[group*out:], filters, int32(op.ZeroX))
						}
					}
				}
				q.row(c, (r*g.ow+j)*filters, acc)
			}
		}
	})
}

// sums views a worker's scratch as n integers.
func (c *call) sums(worker, n int) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(c.locals[worker]))), n)
}

// addProducts adds (x[i]-zero)·w[i·stride+j] to acc[j] for all i and j.
func addProducts(acc []int32, x []uint8, w []int8, stride int, zero int32) {
	n, i := len(acc), 0
	for ; i+4 <= len(x); i += 4 {
		a, b, c, d := int32(x[i])-zero, int32(x[i+1])-zero, int32(x[i+2])-zero, int32(x[i+3])-zero
		if a|b|c|d == 0 {
			continue
		}
		wa, wb, wc, wd := w[i*stride:][:n], w[(i+1)*stride:][:n], w[(i+2)*stride:][:n], w[(i+3)*stride:][:n]
		for j := range acc {
			acc[j] += a*int32(wa[j]) + b*int32(wb[j]) + c*int32(wc[j]) + d*int32(wd[j])
		}
	}
	for ; i < len(x); i++ {
		a := int32(x[i]) - zero
		for j, v := range w[i*stride:][:n] {
			acc[j] += a * int32(v)
		}
	}
}
