package cpu

import "github.com/macaw-ai/macaw/chip"

// lstm keeps the state in its last two short results while it runs.
func (c *call) lstm(op *chip.LSTM) kernel {
	r := c.recurrence(4, op.Reverse, op.Lengths)
	h := r.h
	product := c.stepProduct(h, 4*h, 0)
	y, hs, cs, gates, hsBefore, csBefore := c.out[0], c.out[1], c.out[2], c.out[3], c.out[4], c.out[5]
	prepare := func() {
		product.pack(plain(c.in[1], 4*h))
		if xw := c.in[0]; xw.p != gates.p {
			copy(gates.f32(), xw.f32())
		}
		copy(hs.f32(), c.in[2].f32())
		copy(cs.f32(), c.in[3].f32())
	}
	return r.overRows(prepare, func(lo, hi, worker int) {
		var peep []float32
		if op.Peephole {
			peep = c.in[4].f32()
		}
		for s := range r.t {
			t := r.step(s)
			product.add(worker, plain(hs, h), r.matrix(gates, t, 4*h, 0), lo, hi)
			for i := lo; i < hi; i++ {
				hidden, cell := r.row(hs, i, -1, h), r.row(cs, i, -1, h)
				copy(r.row(hsBefore, i, t, h), hidden)
				copy(r.row(csBefore, i, t, h), cell)
				g, out := r.row(gates, i, t, 4*h), r.row(y, i, t, h)
				if !r.live(i, t) {
					clear(g)
					clear(out)
					continue
				}
				c.tier.lstmStep(g, peep, cell, out)
				copy(hidden, out)
			}
		}
	})
}

// lstmStep turns the sums g into gates, moves the cell and writes y.
func (t *tier) lstmStep(g, peep, cell, y []float32) {
	h := len(cell)
	in, out, forget, new := g[:h], g[h:2*h], g[2*h:3*h], g[3*h:]
	sigmoid, mul := t.maps[chip.FnSigmoid], t.maps[chip.FnMul]
	if peep != nil {
		t.mulAdd(in, peep[:h], cell)
		t.mulAdd(forget, peep[2*h:], cell)
	}
	sigmoid(in, in, nil, nil)
	sigmoid(forget, forget, nil, nil)
	t.maps[chip.FnTanh](new, new, nil, nil)
	mul(cell, cell, forget, nil)
	t.mulAdd(cell, in, new)
	if peep != nil {
		t.mulAdd(out, peep[h:2*h], cell)
	}
	sigmoid(out, out, nil, nil)
	t.maps[chip.FnTanh](y, cell, nil, nil)
	mul(y, y, out, nil)
}

// lstmGrad keeps the gradients of the state in dh0 and dc0 while it runs.
func (c *call) lstmGrad(op *chip.LSTMGrad) kernel {
	r := c.recurrence(4, op.Reverse, op.Lengths)
	h := r.h
	product := c.stepProduct(4*h, h, 0)
	c.wantLocal(h)
	gates, csBefore, dy, dxw, dhs, dcs := c.in[0], c.in[1], c.in[3], c.out[0], c.out[1], c.out[2]
	prepare := func() {
		product.pack(matrixAt{address(c.in[2]), 1, 4 * h})
		copy(dhs.f32(), c.in[4].f32())
		copy(dcs.f32(), c.in[5].f32())
	}
	return r.overRows(prepare, func(lo, hi, worker int) {
		var peep []float32
		if op.Peephole {
			peep = c.in[6].f32()
		}
		for s := r.t - 1; s >= 0; s-- {
			t := r.step(s)
			for i := lo; i < hi; i++ {
				d := r.row(dxw, i, t, 4*h)
				if !r.live(i, t) {
					clear(d)
					continue
				}
				dh := r.row(dhs, i, -1, h)
				c.tier.add(dh, dh, r.row(dy, i, t, h))
				c.tier.lstmStepGrad(d, r.row(gates, i, t, 4*h), peep, r.row(csBefore, i, t, h), dh, r.row(dcs, i, -1, h), c.locals[worker][:h])
				clear(dh)
			}
			product.add(worker, r.matrix(dxw, t, 4*h, 0), plain(dhs, h), lo, hi)
		}
	})
}

// lstmStepGrad writes the gradients d of the sums before the gates and moves dc
// to the cell before the step.
func (t *tier) lstmStepGrad(d, g, peep, before, dh, dc, tmp []float32) {
	h := len(dc)
	in, out, forget, new := g[:h], g[h:2*h], g[2*h:3*h], g[3*h:]
	t.maps[chip.FnMul](tmp, forget, before, nil)
	t.mulAdd(tmp, in, new)
	t.maps[chip.FnTanh](tmp, tmp, nil, nil)
	for j := range dc {
		i, o, f, z, th := in[j], out[j], forget[j], new[j], tmp[j]
		do := dh[j] * th * o * (1 - o)
		dcj := dc[j] + dh[j]*o*(1-th*th)
		if peep != nil {
			dcj += do * peep[h+j]
		}
		di, df := dcj*z*i*(1-i), dcj*before[j]*f*(1-f)
		d[j], d[h+j], d[2*h+j], d[3*h+j] = di, do, df, dcj*i*(1-z*z)
		dc[j] = dcj * f
		if peep != nil {
			dc[j] += di*peep[j] + df*peep[2*h+j]
		}
	}
}
