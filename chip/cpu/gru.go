package cpu

import "github.com/macaw-ai/macaw/chip"

// gru keeps the state in its second result while it runs. The gates z and r
// and the new state need products of their own, as r comes between them.
func (c *call) gru(op *chip.GRU) kernel {
	r := c.recurrence(3, op.Reverse, op.Lengths)
	h := r.h
	zr := c.stepProduct(h, 2*h, 0)
	new := c.stepProduct(h, h, zr.end())
	y, hs, gates, before, hidden := c.out[0], c.out[1], c.out[2], c.out[3], c.out[4]
	prepare := func() {
		zr.pack(plain(c.in[1], 3*h))
		new.pack(matrixAt{address(c.in[1]) + uintptr(8*h), 3 * h, 1})
		if xw := c.in[0]; xw.p != gates.p {
			copy(gates.f32(), xw.f32())
		}
		copy(hs.f32(), c.in[2].f32())
	}
	sigmoid, tanh, mul := c.tier.maps[chip.FnSigmoid], c.tier.maps[chip.FnTanh], c.tier.maps[chip.FnMul]
	return r.overRows(prepare, func(lo, hi, worker int) {
		for s := range r.t {
			t := r.step(s)
			zr.add(worker, plain(hs, h), r.matrix(gates, t, 3*h, 0), lo, hi)
			for i := lo; i < hi; i++ {
				g, state, q := r.row(gates, i, t, 3*h), r.row(hs, i, -1, h), r.row(hidden, i, t, h)
				copy(r.row(before, i, t, h), state)
				sigmoid(g[:2*h], g[:2*h], nil, nil)
				if op.ResetAfter {
					copy(q, c.in[3].f32())
				} else {
					mul(q, g[h:2*h], state, nil)
				}
			}
			if op.ResetAfter {
				new.add(worker, plain(hs, h), r.matrix(hidden, t, h, 0), lo, hi)
			} else {
				new.add(worker, r.matrix(hidden, t, h, 0), r.matrix(gates, t, 3*h, 2*h), lo, hi)
			}
			for i := lo; i < hi; i++ {
				g, state, q, out := r.row(gates, i, t, 3*h), r.row(hs, i, -1, h), r.row(hidden, i, t, h), r.row(y, i, t, h)
				if !r.live(i, t) {
					clear(g)
					clear(q)
					clear(out)
					continue
				}
				z, n := g[:h], g[2*h:]
				if op.ResetAfter {
					c.tier.mulAdd(n, g[h:2*h], q)
				}
				tanh(n, n, nil, nil)
				for j := range out {
					out[j] = n[j] + z[j]*(state[j]-n[j])
				}
				copy(state, out)
			}
		}
	})
}

// gruGrad keeps the gradient of the state in dh0 while it runs.
func (c *call) gruGrad(op *chip.GRUGrad) kernel {
	r := c.recurrence(3, op.Reverse, op.Lengths)
	h := r.h
	zr := c.stepProduct(2*h, h, 0)
	new := c.stepProduct(h, h, zr.end())
	c.wantShared(new.end() + 2*r.n*h)
	gates, before, hidden, dy, dxw, dhs := c.in[0], c.in[1], c.in[2], c.in[4], c.out[0], c.out[1]
	prepare := func() {
		zr.pack(matrixAt{address(c.in[3]), 1, 3 * h})
		new.pack(matrixAt{address(c.in[3]) + uintptr(8*h), 1, 3 * h})
		copy(dhs.f32(), c.in[5].f32())
	}
	return r.overRows(prepare, func(lo, hi, worker int) {
		inner, products := c.shared[new.end():][:r.n*h], c.shared[new.end()+r.n*h:][:r.n*h]
		clear(inner[lo*h : hi*h])
		for s := r.t - 1; s >= 0; s-- {
			t := r.step(s)
			clear(products[lo*h : hi*h]) // of the new state's gradient by r's last columns
			for i := lo; i < hi; i++ {
				d, g, w := r.row(dxw, i, t, 3*h), r.row(gates, i, t, 3*h), inner[i*h:(i+1)*h]
				if !r.live(i, t) {
					clear(d)
					clear(w)
					continue
				}
				dh, state := r.row(dhs, i, -1, h), r.row(before, i, t, h)
				c.tier.add(dh, dh, r.row(dy, i, t, h))
				for j, v := range dh {
					z, n := g[j], g[2*h+j]
					d[j] = v * (state[j] - n) * z * (1 - z)
					d[2*h+j] = v * (1 - z) * (1 - n*n)
					w[j] = d[2*h+j]
					if op.ResetAfter {
						w[j] *= g[h+j]
					}
					dh[j] = v * z
				}
			}
			new.add(worker, matrixAt{addressOf(inner), h, 1}, matrixAt{addressOf(products), h, 1}, lo, hi)
			for i := lo; i < hi; i++ {
				if !r.live(i, t) {
					continue
				}
				d, g, dh, dq := r.row(dxw, i, t, 3*h), r.row(gates, i, t, 3*h), r.row(dhs, i, -1, h), products[i*h:(i+1)*h]
				state, q := r.row(before, i, t, h), r.row(hidden, i, t, h)
				for j := range dh {
					reset := g[h+j]
					if op.ResetAfter {
						dh[j] += dq[j]
						d[h+j] = d[2*h+j] * q[j] * reset * (1 - reset)
					} else {
						dh[j] += dq[j] * reset
						d[h+j] = dq[j] * state[j] * reset * (1 - reset)
					}
				}
			}
			zr.add(worker, r.matrix(dxw, t, 3*h, 0), plain(dhs, h), lo, hi)
		}
	})
}
