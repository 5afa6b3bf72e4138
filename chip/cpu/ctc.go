package cpu

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/macaw-ai/macaw/chip"
)

// ctc runs the forward and backward recursions of each sample, in float64 and
// logarithms.
func (c *call) ctc(op *chip.CTC) kernel {
	n, t, k := c.ins[0].Shape[0], c.ins[0].Shape[1], c.ins[0].Shape[2]
	l := c.ins[1].Shape[1]
	workers := make([]trellis, c.pool.threads)
	for i := range workers {
		s := 2*l + 1
		workers[i] = trellis{blank: op.Blank, k: k, states: make([]int, s), forward: make([]float64, t*s), backward: make([]float64, 2*s)}
	}
	var bad atomic.Int64
	run := c.each(n, 1, func(lo, hi, worker int) {
		logp, labels, frames := c.in[0].f32(), c.in[1].i64(), c.in[2].i64()
		loss, grad := c.out[0].f32(), c.out[1].f32()
		for i := lo; i < hi; i++ {
			w, g := &workers[worker], grad[i*t*k:(i+1)*t*k]
			clear(g)
			if !w.spread(labels[i*l:(i+1)*l]) || frames[i] < 0 || frames[i] > int64(t) {
				bad.Store(int64(i) + 1)
				return
			}
			loss[i] = w.loss(logp[i*t*k:(i+1)*t*k], g, int(frames[i]))
		}
	})
	return func() error {
		bad.Store(0)
		if err := run(); err != nil {
			return err
		}
		if i := int(bad.Load()) - 1; i >= 0 {
			return fmt.Errorf("sample %d has a label or a number of frames that does not fit", i)
		}
		return nil
	}
}

// trellis is the scratch memory of one worker: states are the labels with
// blanks around them, size of them in use.
type trellis struct {
	blank, k int
	states   []int
	size     int
	forward  []float64 // [frames, states]: log of the paths up to a state, its own frame included
	backward []float64 // two rows: of the paths after it
}

// spread sets the states of a sample; false where a label is none.
func (w *trellis) spread(labels []int64) bool {
	w.states[0], w.size = w.blank, 1
	for _, y := range labels {
		if y < 0 {
			break
		}
		if y >= int64(w.k) || int(y) == w.blank {
			return false
		}
		w.states[w.size], w.states[w.size+1] = int(y), w.blank
		w.size += 2
	}
	return true
}

// skips reports whether a path may come to state s from s-2.
func (w *trellis) skips(s int) bool {
	return s >= 2 && w.states[s] != w.blank && w.states[s] != w.states[s-2]
}

// loss fills grad and returns -log p.
func (w *trellis) loss(logp, grad []float32, frames int) float32 {
	inf := math.Inf(-1)
	s := w.size
	if frames == 0 { // only the empty sequence has a path
		if s == 1 {
			return 0
		}
		return float32(math.Inf(1))
	}
	for t := range frames {
		row, p := w.forward[t*s:(t+1)*s], logp[t*w.k:]
		for i, y := range w.states[:s] {
			sum := inf
			if t == 0 {
				if i < 2 {
					sum = 0
				}
			} else {
				before := w.forward[(t-1)*s : t*s]
				sum = before[i]
				if i > 0 {
					sum = logAdd(sum, before[i-1])
				}
				if w.skips(i) {
					sum = logAdd(sum, before[i-2])
				}
			}
			row[i] = sum + float64(p[y])
		}
	}
	end := w.forward[(frames-1)*s : frames*s]
	total := end[s-1]
	if s > 1 {
		total = logAdd(total, end[s-2])
	}
	if math.IsInf(total, -1) {
		return float32(math.Inf(1))
	}
	w.share(logp, grad, frames, total)
	return float32(-total)
}

// share subtracts from grad the share of the paths that pass each state.
func (w *trellis) share(logp, grad []float32, frames int, total float64) {
	s, inf := w.size, math.Inf(-1)
	row, next := w.backward[:s], w.backward[len(w.states):][:s]
	for t := frames - 1; t >= 0; t-- {
		for i := range s {
			sum := inf
			if t == frames-1 {
				if i >= s-2 {
					sum = 0
				}
			} else {
				p := logp[(t+1)*w.k:]
				sum = next[i] + float64(p[w.states[i]])
				if i+1 < s {
					sum = logAdd(sum, next[i+1]+float64(p[w.states[i+1]]))
				}
				if i+2 < s && w.skips(i+2) {
					sum = logAdd(sum, next[i+2]+float64(p[w.states[i+2]]))
				}
			}
			row[i] = sum
			grad[t*w.k+w.states[i]] -= float32(math.Exp(w.forward[t*s+i] + sum - total))
		}
		row, next = next, row
	}
}

// logAdd is log(exp(a)+exp(b)).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
