package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// refRecurrent computes the operators over sequences, and reports whether op is one.
func refRecurrent(op chip.Op, ins, outs []array) bool {
	switch op := op.(type) {
	case *chip.LSTM:
		refLSTM(op, ins, outs)
	case *chip.LSTMGrad:
		refLSTMGrad(op, ins, outs)
	case *chip.GRU:
		refGRU(op, ins, outs)
	case *chip.GRUGrad:
		refGRUGrad(op, ins, outs)
	default:
		return false
	}
	return true
}

// steps lists the positions of row n in the order of the layer, and how many of
// them a row takes part in by the lengths, which are the last argument.
func steps(ins []array, n, t int, reverse, lengths bool) (order []int, live func(t int) bool) {
	for s := range t {
		order = append(order, s)
		if reverse {
			order[s] = t - 1 - s
		}
	}
	return order, func(t int) bool { return !lengths || float64(t) < ins[len(ins)-1].v[n] }
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// column is Σ_k x_k·w[k][j].
func column(x []float64, w array, j int) (s float64) {
	for k, v := range x {
		s += v * w.get(k, j)
	}
	return s
}

// transposedColumn is Σ_j d_j·w[k][from+j].
func transposedColumn(d []float64, w array, k, from int) (s float64) {
	for j, v := range d {
		s += v * w.get(k, from+j)
	}
	return s
}

func (a array) part(width, i int) []float64 { return a.v[i*width : (i+1)*width] }

func refLSTM(op *chip.LSTM, ins, outs []array) {
	n, t, h := ins[2].shape[0], ins[0].shape[1], ins[2].shape[1]
	peep := make([]float64, 3*h)
	if op.Peephole {
		peep = ins[4].v
	}
	copy(outs[1].v, ins[2].v)
	copy(outs[2].v, ins[3].v)
	for row := range n {
		order, live := steps(ins, row, t, op.Reverse, op.Lengths)
		hs, cs := outs[1].part(h, row), outs[2].part(h, row)
		for _, at := range order {
			i := row*t + at
			copy(outs[4].part(h, i), hs)
			copy(outs[5].part(h, i), cs)
			if !live(at) {
				continue
			}
			g := outs[3].part(4*h, i)
			for j := range g {
				g[j] = ins[0].v[i*4*h+j] + column(outs[4].part(h, i), ins[1], j)
			}
			for j := range h {
				old := cs[j]
				g[j], g[2*h+j], g[3*h+j] = sigmoid(g[j]+peep[j]*old), sigmoid(g[2*h+j]+peep[2*h+j]*old), math.Tanh(g[3*h+j])
				cs[j] = g[2*h+j]*old + g[j]*g[3*h+j]
				g[h+j] = sigmoid(g[h+j] + peep[h+j]*cs[j])
				hs[j] = g[h+j] * math.Tanh(cs[j])
			}
			copy(outs[0].part(h, i), hs)
		}
	}
}

func refLSTMGrad(op *chip.LSTMGrad, ins, outs []array) {
	n, t, h := ins[4].shape[0], ins[0].shape[1], ins[4].shape[1]
	peep := make([]float64, 3*h)
	if op.Peephole {
		peep = ins[6].v
	}
	copy(outs[1].v, ins[4].v)
	copy(outs[2].v, ins[5].v)
	for row := range n {
		order, live := steps(ins, row, t, op.Reverse, op.Lengths)
		dh, dc := outs[1].part(h, row), outs[2].part(h, row)
		for s := t - 1; s >= 0; s-- {
			i := row*t + order[s]
			if !live(order[s]) {
				continue
			}
			g, before, d := ins[0].part(4*h, i), ins[1].part(h, i), outs[0].part(4*h, i)
			for j := range h {
				in, out, forget, new := g[j], g[h+j], g[2*h+j], g[3*h+j]
				th, dy := math.Tanh(forget*before[j]+in*new), dh[j]+ins[3].v[i*h+j]
				d[h+j] = dy * th * out * (1 - out)
				dcell := dc[j] + dy*out*(1-th*th) + d[h+j]*peep[h+j]
				d[j], d[2*h+j], d[3*h+j] = dcell*new*in*(1-in), dcell*before[j]*forget*(1-forget), dcell*in*(1-new*new)
				dc[j] = dcell*forget + d[j]*peep[j] + d[2*h+j]*peep[2*h+j]
			}
			for k := range h {
				dh[k] = transposedColumn(d, ins[2], k, 0)
			}
		}
	}
}

func refGRU(op *chip.GRU, ins, outs []array) {
	n, t, h := ins[2].shape[0], ins[0].shape[1], ins[2].shape[1]
	copy(outs[1].v, ins[2].v)
	for row := range n {
		order, live := steps(ins, row, t, op.Reverse, op.Lengths)
		hs := outs[1].part(h, row)
		for _, at := range order {
			i := row*t + at
			g, before, q := outs[2].part(3*h, i), outs[3].part(h, i), outs[4].part(h, i)
			copy(before, hs)
			if !live(at) {
				continue
			}
			for j := range 2 * h {
				g[j] = sigmoid(ins[0].v[i*3*h+j] + column(before, ins[1], j))
			}
			for j := range h {
				q[j] = g[h+j] * before[j]
				if op.ResetAfter {
					q[j] = column(before, ins[1], 2*h+j) + ins[3].v[j]
				}
			}
			for j := range h {
				inner := column(q, ins[1], 2*h+j)
				if op.ResetAfter {
					inner = g[h+j] * q[j]
				}
				g[2*h+j] = math.Tanh(ins[0].v[i*3*h+2*h+j] + inner)
				hs[j] = (1-g[j])*g[2*h+j] + g[j]*before[j]
			}
			copy(outs[0].part(h, i), hs)
		}
	}
}

func refGRUGrad(op *chip.GRUGrad, ins, outs []array) {
	n, t, h := ins[5].shape[0], ins[0].shape[1], ins[5].shape[1]
	copy(outs[1].v, ins[5].v)
	for row := range n {
		order, live := steps(ins, row, t, op.Reverse, op.Lengths)
		dh := outs[1].part(h, row)
		for s := t - 1; s >= 0; s-- {
			i := row*t + order[s]
			if !live(order[s]) {
				continue
			}
			g, before, q, d := ins[0].part(3*h, i), ins[1].part(h, i), ins[2].part(h, i), outs[0].part(3*h, i)
			next, inner := make([]float64, h), make([]float64, h) // inner: of the hidden part's recurrent product
			for j := range h {
				dy := dh[j] + ins[4].v[i*h+j]
				d[j] = dy * (before[j] - g[2*h+j]) * g[j] * (1 - g[j])
				d[2*h+j] = dy * (1 - g[j]) * (1 - g[2*h+j]*g[2*h+j])
				next[j], inner[j] = dy*g[j], d[2*h+j]
				if op.ResetAfter {
					inner[j] *= g[h+j]
				}
			}
			for k := range h {
				dq, reset := transposedColumn(inner, ins[3], k, 2*h), g[h+k]
				if op.ResetAfter {
					next[k] += dq
					d[h+k] = d[2*h+k] * q[k] * reset * (1 - reset)
				} else {
					next[k] += dq * reset
					d[h+k] = dq * before[k] * reset * (1 - reset)
				}
			}
			for k := range h {
				dh[k] = next[k] + transposedColumn(d[:2*h], ins[3], k, 0)
			}
		}
	}
}
