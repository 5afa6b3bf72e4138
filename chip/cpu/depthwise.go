package cpu

import "github.com/macaw-ai/macaw/chip"

// depthwise prepares a convolution with as many groups as channels: all
// channels of one output position are computed together.
func (s *sliding) depthwise(w *view) kernel {
	t := s.tier
	return s.each(s.n*s.rows, 1+16*1024/(s.cols*s.c*max(1, len(s.taps))), func(lo, hi, _ int) {
		x, weights, out := s.in.f32(), w.f32(), s.out.f32()
		for r := lo; r < hi; r++ {
			n, a := r/s.rows, r%s.rows
			for b := range s.cols {
				at := s.outAt + n*s.outImage + a*s.outRow + b*s.outCol
				y := out[at : at+s.c]
				if s.bias != nil {
					copy(y, s.bias.f32())
				} else {
					clear(y)
				}
				for _, tp := range s.taps {
					h, ww := a*s.stepH+s.originH+tp.h, b*s.stepW+s.originW+tp.w
					if uint(h) < uint(s.h) && uint(ww) < uint(s.w) {
						from := ((n*s.h+h)*s.w + ww) * s.c
						t.mulAdd(y, x[from:from+s.c], weights[tp.at*s.c:(tp.at+1)*s.c])
					}
				}
				if s.act != chip.NoActivation {
					t.activate(y, s.act)
				}
			}
		}
	})
}

// depthwiseGradWeight gives each part some output rows and its own sums, which
// are added in order.
func (c *call) depthwiseGradWeight(op *chip.ConvGradWeight) kernel {
	x, y, g := c.ins[0].Shape, c.ins[1].Shape, op.Window
	ch, t := x[3], c.tier
	size := g.KH * g.KW * ch
	parts := max(1, min(c.pool.threads, x[0]*y[1]/4))
	c.wantShared(parts * size)
	part := func(i, _ int) {
		xs, dy, dw := c.in[0].f32(), c.in[1].f32(), c.shared[i*size:(i+1)*size]
		clear(dw)
		for r := i * x[0] * y[1] / parts; r < (i+1)*x[0]*y[1]/parts; r++ {
			n, a := r/y[1], r%y[1]
			for b := range y[2] {
				d := dy[(r*y[2]+b)*ch : (r*y[2]+b+1)*ch]
				for k := range g.KH * g.KW {
					h, w := a*g.StrideH-g.PadTop+k/g.KW*g.DilationH, b*g.StrideW-g.PadLeft+k%g.KW*g.DilationW
					if uint(h) < uint(x[1]) && uint(w) < uint(x[2]) {
						from := ((n*x[1]+h)*x[2] + w) * ch
						t.mulAdd(dw[k*ch:(k+1)*ch], xs[from:from+ch], d)
					}
				}
			}
		}
	}
	return func() error {
		c.pool.run(parts, part)
		out := c.out[0].f32()
		copy(out, c.shared[:size])
		for i := 1; i < parts; i++ {
			t.add(out, out, c.shared[i*size:(i+1)*size])
		}
		return nil
	}
}
