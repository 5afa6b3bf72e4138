// Package ensemble chooses which candidates to average, and with what weights.
package ensemble

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/produce/search"
)

// Member is a candidate, by its index, with its weight. Weights sum to 1.
type Member struct {
	Index  int
	Weight float64
}

// Options bounds an ensemble.
type Options struct {
	Members int // distinct ones; 0 means 4
	Rounds  int // candidates drawn with replacement; 0 means 12
}

func (o Options) withDefaults() Options {
	if o.Members == 0 {
		o.Members = 4
	}
	if o.Rounds == 0 {
		o.Rounds = 12
	}
	return o
}

// Select adds one candidate after the other, with replacement, always the one
// that makes the average of those chosen so far best on the rows, and stops when
// none does. pred holds each candidate's predictions, [rows, width]; the first
// is the one that is used alone if averaging does not pay.
//
// Source: Caruana, Niculescu-Mizil, Crew, Ksikes 2004, "Ensemble Selection from
// Libraries of Models".
func Select(pred [][]float32, truth search.Truth, o Options) []Member {
	return pick(pred, truth, every(truth.Rows()), o.withDefaults())
}

func every(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func pick(pred [][]float32, truth search.Truth, rows []int, o Options) []Member {
	s := newScorer(truth, rows)
	counts := make([]int, len(pred))
	sum := make([]float32, len(rows)*truth.Width())
	current := math.Inf(1)
	n, distinct := 0, 0
	for n < o.Rounds {
		best, bestLoss := -1, current
		for i, p := range pred {
			if counts[i] == 0 && distinct == o.Members {
				continue
			}
			if loss := s.loss(sum, p, n+1); loss < bestLoss-1e-9 {
				best, bestLoss = i, loss
			}
		}
		if best < 0 {
			break
		}
		s.add(sum, pred[best])
		if counts[best] == 0 {
			distinct++
		}
		counts[best]++
		n++
		current = bestLoss
	}
	return members(counts, n)
}

func members(counts []int, n int) []Member {
	var out []Member
	for i, c := range counts {
		if c > 0 {
			out = append(out, Member{i, float64(c) / float64(n)})
		}
	}
	if out == nil {
		return []Member{{0, 1}}
	}
	slices.SortStableFunc(out, func(a, b Member) int {
		switch {
		case a.Weight > b.Weight:
			return -1
		case a.Weight < b.Weight:
			return 1
		}
		return 0
	})
	return out
}

// Average returns the weighted mean of the members' predictions.
func Average(pred [][]float32, members []Member) []float32 {
	out := make([]float32, len(pred[members[0].Index]))
	for _, m := range members {
		for i, v := range pred[m.Index] {
			out[i] += float32(m.Weight) * v
		}
	}
	return out
}

// scorer measures averages on some rows.
type scorer struct {
	truth    search.Truth
	rows     []int
	variance float64
	row      []float32
}

func newScorer(truth search.Truth, rows []int) *scorer {
	s := &scorer{truth: truth, rows: rows, row: make([]float32, truth.Width())}
	if truth.Classes == 0 {
		s.variance = max(metric.Variance(truth.Targets), 1e-30)
	}
	return s
}

// loss of (sum + p) / n on the rows: log loss plus error rate, or mean squared
// error over the variance. sum is by position in rows, p by row.
func (s *scorer) loss(sum, p []float32, n int) float64 {
	w := s.truth.Width()
	var total float64
	for i, r := range s.rows {
		for k := range w {
			s.row[k] = (sum[i*w+k] + p[r*w+k]) / float32(n)
		}
		total += s.rowLoss(s.row, r)
	}
	return total / float64(max(1, len(s.rows)))
}

func (s *scorer) rowLoss(row []float32, r int) float64 {
	if s.truth.Classes == 0 {
		d := float64(row[0]) - float64(s.truth.Targets[r])
		return d * d / s.variance
	}
	y := s.truth.Labels[r]
	loss := metric.RowLoss(row, y)
	if metric.Argmax(row) != int(y) {
		loss++
	}
	return loss
}

func (s *scorer) add(sum, p []float32) {
	w := s.truth.Width()
	for i, r := range s.rows {
		for k := range w {
			sum[i*w+k] += p[r*w+k]
		}
	}
}
