package ensemble

import (
	"math"
	"math/rand/v2"

	"github.com/macaw-ai/macaw/produce/search"
)

// Choose selects an ensemble and keeps it only if averaging is better than the
// best candidate alone on rows that did not choose: the selection of both is
// repeated on four fifths of the rows and measured on the rest. Otherwise it
// returns the best candidate alone.
func Choose(pred [][]float32, truth search.Truth, o Options, seed uint64) []Member {
	if len(pred) < 2 {
		return []Member{{0, 1}}
	}
	o = o.withDefaults()
	alone := Options{Members: 1, Rounds: 1}
	gain, noise := honest(pred, truth, o, alone, seed)
	if gain <= 0.1*noise {
		return Select(pred, truth, alone)
	}
	return Select(pred, truth, o)
}

// honest returns by how much a's loss is below b's on rows that did not choose,
// and the standard error of that.
func honest(pred [][]float32, truth search.Truth, a, b Options, seed uint64) (gain, noise float64) {
	const k = 5
	rows := truth.Rows()
	fold := make([]int, rows)
	for i := range fold {
		fold[i] = i % k
	}
	rng := rand.New(rand.NewPCG(seed, 0x656e73))
	rng.Shuffle(rows, func(i, j int) { fold[i], fold[j] = fold[j], fold[i] })
	var sum, squares float64
	for f := range k {
		var choose, measure []int
		for r := range rows {
			if fold[r] == f {
				measure = append(measure, r)
			} else {
				choose = append(choose, r)
			}
		}
		s := newScorer(truth, measure)
		with := Average(pred, pick(pred, truth, choose, a))
		without := Average(pred, pick(pred, truth, choose, b))
		w := truth.Width()
		for _, r := range measure {
			d := s.rowLoss(without[r*w:(r+1)*w], r) - s.rowLoss(with[r*w:(r+1)*w], r)
			sum += d
			squares += d * d
		}
	}
	n := float64(max(1, rows))
	gain = sum / n
	return gain, math.Sqrt(max(0, squares/n-gain*gain) / n)
}
