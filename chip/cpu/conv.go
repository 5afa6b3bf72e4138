package cpu

import "github.com/macaw-ai/macaw/chip"

// conv prepares a convolution.
func (c *call) conv(op *chip.Conv) kernel {
	x, y := c.ins[0].Shape, c.outs[0].Shape
	h, w, ch := x[1], x[2], x[3]
	oh, ow, ko := y[1], y[2], y[3]
	cg, kg := ch/op.Groups, ko/op.Groups
	return c.each(x[0]*oh, 1, func(lo, hi, _ int) {
		xv, wv, yv := c.in[0].f32(), c.in[1].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			n, i := r/oh, r%oh
			for j := range ow {
				out := yv[(r*ow+j)*ko : (r*ow+j+1)*ko]
				clear(out)
				if op.Bias {
					copy(out, c.in[2].f32())
				}
				for kh := range op.KH {
					for kw := range op.KW {
						ih, iw := i*op.StrideH-op.PadTop+kh*op.DilationH, j*op.StrideW-op.PadLeft+kw*op.DilationW
						if ih < 0 || iw < 0 || ih >= h || iw >= w {
							continue
						}
						for g := range op.Groups {
							o := out[g*kg : (g+1)*kg]
							for cc := range cg {
								xx := xv[((n*h+ih)*w+iw)*ch+g*cg+cc]
								ww := wv[((kh*op.KW+kw)*cg+cc)*ko+g*kg:]
								for q := range o {
									o[q] += xx * ww[q]
								}
							}
						}
					}
				}
				c.tier.activate(out, op.Act)
			}
		}
	})
}

func (c *call) convGradInput(op *chip.ConvGradInput) kernel {
	x, y := c.outs[0].Shape, c.ins[0].Shape
	h, w, ch := x[1], x[2], x[3]
	oh, ow, ko := y[1], y[2], y[3]
	cg, kg := ch/op.Groups, ko/op.Groups
	return c.each(x[0], 1, func(lo, hi, _ int) {
		dy, wv, dx := c.in[0].f32(), c.in[1].f32(), c.out[0].f32()
		clear(dx[lo*h*w*ch : hi*h*w*ch])
		for n := lo; n < hi; n++ {
			for r := range oh * ow {
				i, j := r/ow, r%ow
				d := dy[(n*oh*ow+r)*ko : (n*oh*ow+r+1)*ko]
				for kh := range op.KH {
					for kw := range op.KW {
						ih, iw := i*op.StrideH-op.PadTop+kh*op.DilationH, j*op.StrideW-op.PadLeft+kw*op.DilationW
						if ih < 0 || iw < 0 || ih >= h || iw >= w {
							continue
						}
						for g := range op.Groups {
							o := d[g*kg : (g+1)*kg]
							for cc := range cg {
								ww := wv[((kh*op.KW+kw)*cg+cc)*ko+g*kg:]
								s := float32(0)
								for q := range o {
									s += o[q] * ww[q]
								}
								dx[((n*h+ih)*w+iw)*ch+g*cg+cc] += s
							}
						}
					}
				}
			}
		}
	})
}

func (c *call) convGradWeight(op *chip.ConvGradWeight) kernel {
	x, y := c.ins[0].Shape, c.ins[1].Shape
	h, w, ch := x[1], x[2], x[3]
	oh, ow, ko := y[1], y[2], y[3]
	cg, kg := ch/op.Groups, ko/op.Groups
	return c.each(op.KH*op.KW*cg, 1, func(lo, hi, _ int) {
		xv, dy, dw := c.in[0].f32(), c.in[1].f32(), c.out[0].f32()
		for t := lo; t < hi; t++ {
			kh, kw, cc := t/cg/op.KW, t/cg%op.KW, t%cg
			row := dw[t*ko : (t+1)*ko]
			clear(row)
			for n := range x[0] {
				for r := range oh * ow {
					i, j := r/ow, r%ow
					ih, iw := i*op.StrideH-op.PadTop+kh*op.DilationH, j*op.StrideW-op.PadLeft+kw*op.DilationW
					if ih < 0 || iw < 0 || ih >= h || iw >= w {
						continue
					}
					d := dy[(n*oh*ow+r)*ko : (n*oh*ow+r+1)*ko]
					for g := range op.Groups {
						xx := xv[((n*h+ih)*w+iw)*ch+g*cg+cc]
						for q := range kg {
							row[g*kg+q] += xx * d[g*kg+q]
						}
					}
				}
			}
		}
	})
}
