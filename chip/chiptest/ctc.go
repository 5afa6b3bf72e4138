package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// refCTC goes through all K^T paths and counts those that, without repetitions
// and blanks, are the labels.
func refCTC(op *chip.CTC, ins, outs []array) {
	logp, labels, frames, loss, grad := ins[0], ins[1], ins[2], outs[0], outs[1]
	t, k, l := logp.shape[1], logp.shape[2], labels.shape[1]
	for n := range logp.shape[0] {
		var want []int
		for _, y := range labels.v[n*l : (n+1)*l] {
			if y >= 0 {
				want = append(want, int(y))
			}
		}
		p, g, length := logp.v[n*t*k:], grad.v[n*t*k:], int(frames.v[n])
		total := 0.0
		path := make([]int, length)
		for i := range int(math.Pow(float64(k), float64(length))) {
			log := 0.0
			for f := range path {
				path[f] = i % k
				i /= k
				log += p[f*k+path[f]]
			}
			if !collapses(path, want, op.Blank) {
				continue
			}
			total += math.Exp(log)
			for f, y := range path {
				g[f*k+y] -= math.Exp(log)
			}
		}
		loss.v[n] = -math.Log(total)
		for f := range length * k {
			if total > 0 {
				g[f] /= total
			}
		}
	}
}

// collapses reports whether path becomes want without repetitions and blanks.
func collapses(path, want []int, blank int) bool {
	at, last := 0, blank
	for _, y := range path {
		if y != blank && y != last {
			if at == len(want) || want[at] != y {
				return false
			}
			at++
		}
		last = y
	}
	return at == len(want)
}

func ctcRows() []row {
	logs := func(seed uint32, n, t, k int) array {
		return noise(seed, n, t, k).with(func(v float64) float64 { return float64(float32(2*v - 1)) })
	}
	add := func(name string, blank, n, t, k int, labels []float64, frames ...float64) row {
		y := values(chip.Int64, labels...)
		y.shape = []int{n, len(labels) / n}
		return row{name: name, op: &chip.CTC{Blank: blank}, ins: []array{logs(3, n, t, k), y, values(chip.Int64, frames...)},
			outs: []array{f32(n), f32(n, t, k)}, tol: 1e-5}
	}
	return []row{
		add("batch", 0, 3, 5, 3, []float64{1, 2, 1, 1, 2, -1}, 5, 4, 3),
		add("blank last", 3, 2, 6, 4, []float64{0, 0, 1, 2, 1, 0}, 6, 5),
		add("one frame", 0, 1, 1, 4, []float64{2}, 1),
		add("empty", 1, 2, 4, 3, []float64{-1, -1, 0, -1}, 4, 0),
		add("impossible", 0, 2, 3, 3, []float64{1, 1, 2, 2}, 2, 3),
	}
}

// labels is one sequence.
func labels(v ...float64) array { return array{chip.Int64, []int{1, len(v)}, v} }
