package feature

import (
	"cmp"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/data"
)

// TreeOptions configures FitTrees.
type TreeOptions struct {
	OneHot int     // categories of up to so many levels also have a column per level
	Order  int     // categories of up to so many levels are ordered by the target; larger ones become cross-fitted target means; 0 means 20
	Smooth float64 // rows that the prior weighs in target statistics; 0 means 10
	Folds  int     // of the cross-fit; 0 means 5
	Words  int     // columns of a text column at most; 0 means 40
	Seed   uint64
}

// FitTrees makes features for trees: numbers as they are, missing ones NaN, and
// categories as numbers that stand in the order of the target. It returns the
// encoder and the matrix of the training rows, which differs from Transform's
// where a row's own target must not show: statistics of large categories are
// taken from the other folds.
//
// Source: Micci-Barreca 2001, "A preprocessing scheme for high-cardinality
// categorical attributes" (smoothed target statistics).
func FitTrees(s *Source, target Target, rows []int, o TreeOptions) (Encoder, []float32) {
	if o.Order == 0 {
		o.Order = 20
	}
	if o.Smooth == 0 {
		o.Smooth = 10
	}
	if o.Folds == 0 {
		o.Folds = 5
	}
	if o.Words == 0 {
		o.Words = 40
	}
	var parts join
	var train [][]float32
	if raw := newRaw(s); raw.width > 0 {
		parts, train = append(parts, raw), append(train, raw.Transform(rows))
	}
	st := newStatistics(target, rows)
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Type != data.Category {
			continue
		}
		names, _ := levels(c, rows, 1)
		switch {
		case len(names) == 0:
		case len(names) > o.Order:
			l := st.means(c, rows, o.Smooth)
			parts, train = append(parts, l), append(train, st.crossFit(c, rows, o))
		default:
			l := st.order(c, names, rows, o.OneHot)
			parts, train = append(parts, l), append(train, l.Transform(rows))
		}
	}
	for _, e := range st.treeWords(s, rows, o.Words) {
		parts, train = append(parts, e), append(train, e.Transform(rows))
	}
	w, at := parts.Width(), 0
	x := make([]float32, len(rows)*w)
	for p, e := range parts {
		k := e.Width()
		for i := range rows {
			copy(x[i*w+at:], train[p][i*k:(i+1)*k])
		}
		at += k
	}
	return parts, x
}

// statistics are the target as columns: the target itself, the second of two
// classes, or the most frequent of more classes.
type statistics struct {
	columns [][]float32 // by column, by row of the table
	prior   []float64   // mean of each column on the training rows
}

const maxStatistics = 8

func newStatistics(t Target, rows []int) *statistics {
	st := &statistics{}
	switch {
	case t.Classes == 0:
		st.columns = [][]float32{t.Values}
	case t.Classes == 2:
		st.columns = [][]float32{indicator(t.Labels, 1)}
	default:
		count := make([]int, t.Classes)
		order := make([]int, t.Classes)
		for i := range order {
			order[i] = i
		}
		for _, r := range rows {
			count[t.Labels[r]]++
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
		for _, c := range order[:min(len(order), maxStatistics)] {
			st.columns = append(st.columns, indicator(t.Labels, int32(c)))
		}
	}
	for _, c := range st.columns {
		sum := 0.0
		for _, r := range rows {
			sum += float64(c[r])
		}
		st.prior = append(st.prior, sum/float64(max(1, len(rows))))
	}
	return st
}

func indicator(labels []int32, class int32) []float32 {
	out := make([]float32, len(labels))
	for i, l := range labels {
		if l == class {
			out[i] = 1
		}
	}
	return out
}

// order codes levels by the rank of their smoothed target mean, one column per
// statistic, and adds a column per level when there are few. Unknown is NaN.
func (st *statistics) order(c *Column, names []string, rows []int, oneHot int) *Lookup {
	extra := 0
	if len(names) > 2 && len(names) <= oneHot {
		extra = len(names)
	}
	k := len(st.columns)
	if len(names) == 2 {
		k = 1
	}
	l := newLookup(c, names, k+extra)
	for s := range k {
		means := st.level(l, rows, s, 1)
		rank := make([]int, len(names))
		for i := range rank {
			rank[i] = i
		}
		slices.SortStableFunc(rank, func(a, b int) int { return cmp.Compare(means[a], means[b]) })
		for at, i := range rank {
			l.Row(i)[s] = float32(at)
		}
	}
	for i := range names {
		for j := range extra {
			l.Row(i)[k+j] = 0
		}
		if extra > 0 {
			l.Row(i)[k+i] = 1
		}
	}
	for j := range l.Row(len(names)) {
		l.Row(len(names))[j] = float32(math.NaN())
	}
	return l
}

// level returns the smoothed mean of statistic s for each level of l.
func (st *statistics) level(l *Lookup, rows []int, s int, smooth float64) []float64 {
	sum, n := make([]float64, len(l.Levels)+1), make([]float64, len(l.Levels)+1)
	for _, r := range rows {
		i := l.Code(l.column.Strings[r])
		sum[i] += float64(st.columns[s][r])
		n[i]++
	}
	for i := range sum {
		sum[i] = (sum[i] + smooth*st.prior[s]) / (n[i] + smooth)
	}
	return sum[:len(l.Levels)]
}

// means codes levels by their smoothed target means and the logarithm of their
// count. An unknown level has the prior and count 0; a missing one is NaN.
func (st *statistics) means(c *Column, rows []int, smooth float64) *Lookup {
	names, counts := levels(c, rows, 2)
	k := len(st.columns)
	l := newLookup(c, append(names, ""), k+1)
	for s := range k {
		for i, m := range st.level(l, rows, s, smooth) {
			l.Row(i)[s] = float32(m)
		}
		l.Row(len(names))[s] = float32(math.NaN())
		l.Row(len(names) + 1)[s] = float32(st.prior[s])
	}
	for i, n := range counts {
		l.Row(i)[k] = float32(math.Log(float64(n)))
	}
	l.Row(len(names))[k] = float32(math.NaN())
	l.Row(len(names) + 1)[k] = 0
	return l
}

// crossFit codes rows as means does, each row from the folds it is not in.
func (st *statistics) crossFit(c *Column, rows []int, o TreeOptions) []float32 {
	width := len(st.columns) + 1
	out := make([]float32, len(rows)*width)
	part := make([]int, len(rows))
	for i, r := range rows {
		part[i] = int(mix(o.Seed+uint64(r)) % uint64(o.Folds))
	}
	for f := range o.Folds {
		var others []int
		for i, r := range rows {
			if part[i] != f {
				others = append(others, r)
			}
		}
		l := st.means(c, others, o.Smooth)
		for i, r := range rows {
			if part[i] == f {
				copy(out[i*width:], l.Row(l.Code(c.Strings[r])))
			}
		}
	}
	return out
}

// mix is splitmix64's output function.
func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
