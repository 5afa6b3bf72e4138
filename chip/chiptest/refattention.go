package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// attended is an attention in float64 with its scores kept.
type attended struct {
	chip.AttentionSizes
	scale             float64
	causal, timeFirst bool
}

func newAttended(ins []array, scale float32, causal, timeFirst bool) attended {
	value := func(a array) chip.Value { return chip.Value{Shape: a.shape} }
	return attended{chip.SizesOf(value(ins[0]), value(ins[1]), value(ins[2]), timeFirst), float64(scale), causal, timeFirst}
}

// row is the features of one query or key.
func (a attended) row(x array, sample, head, i int) []float64 {
	w := x.shape[3]
	at := (sample*x.shape[1]+head)*x.shape[2] + i
	if a.timeFirst {
		at = (sample*x.shape[1]+i)*x.shape[2] + head
	}
	return x.v[at*w : (at+1)*w]
}

// each calls f for each query with its place in lse and the head of its keys.
func (a attended) each(f func(sample, head, shared, i, at int)) {
	for s := range a.N {
		for h := range a.H {
			for i := range a.T {
				f(s, h, h*a.K/a.H, i, (s*a.H+h)*a.T+i)
			}
		}
	}
}

// weights are those of a query, and the logarithm of the sum of exponentials.
func (a attended) weights(q, k array, sample, head, shared, i int) (w []float64, lse float64) {
	w = make([]float64, a.S)
	if a.causal {
		w = w[:min(a.S, i+1)]
	}
	most := math.Inf(-1)
	for j := range w {
		w[j] = a.scale * dot64(a.row(q, sample, head, i), a.row(k, sample, shared, j))
		most = max(most, w[j])
	}
	sum := 0.0
	for _, s := range w {
		sum += math.Exp(s - most)
	}
	lse = most + math.Log(sum)
	for j := range w {
		w[j] = math.Exp(w[j] - lse)
	}
	return w, lse
}

func dot64(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

func addScaled(dst []float64, s float64, x []float64) {
	for i := range dst {
		dst[i] += s * x[i]
	}
}

// refAttention computes the attentions and reports whether op is one.
func refAttention(op chip.Op, ins, outs []array) bool {
	switch op := op.(type) {
	case *chip.Attention:
		a := newAttended(ins, op.Scale, op.Causal, op.TimeFirst)
		a.each(func(sample, head, shared, i, at int) {
			w, lse := a.weights(ins[0], ins[1], sample, head, shared, i)
			for j, p := range w {
				addScaled(a.row(outs[0], sample, head, i), p, a.row(ins[2], sample, shared, j))
			}
			outs[1].v[at] = lse
		})
	case *chip.AttentionGrad:
		a := newAttended(ins, op.Scale, op.Causal, op.TimeFirst)
		a.each(func(sample, head, shared, i, at int) {
			w, _ := a.weights(ins[0], ins[1], sample, head, shared, i)
			dy := a.row(ins[5], sample, head, i)
			delta := dot64(a.row(ins[3], sample, head, i), dy)
			for j, p := range w {
				ds := p * (dot64(dy, a.row(ins[2], sample, shared, j)) - delta) * a.scale
				addScaled(a.row(outs[0], sample, head, i), ds, a.row(ins[1], sample, shared, j))
				addScaled(a.row(outs[1], sample, shared, j), ds, a.row(ins[0], sample, head, i))
				addScaled(a.row(outs[2], sample, shared, j), p, dy)
			}
		})
	default:
		return false
	}
	return true
}
