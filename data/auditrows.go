package data

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// auditRows looks for repeated rows and for columns that give the answer away.
func (d *draft) auditRows(series []*Series) {
	d.repeatedRows(series)
	d.leakingColumns(series)
}

// oftenRepeated is the share of rows with a twin from which repetition is in the
// nature of the table, such as one of few categories.
const oftenRepeated = 0.2

// repeatedRows finds rows whose features are equal and keeps them in one part.
func (d *draft) repeatedRows(series []*Series) {
	features := d.features(series)
	keys := make([]string, len(d.samples))
	parallel(len(keys), func(i int) {
		var b strings.Builder
		for _, s := range features {
			if s.Floats != nil {
				fmt.Fprintf(&b, "%x", math.Float32bits(s.Floats[i]))
			} else {
				b.WriteString(s.Strings[i])
			}
			b.WriteByte(0x1f)
		}
		keys[i] = b.String()
	})
	c := newClusters(len(d.samples))
	twins := c.joinEqual(func(i int) string { return keys[i] })
	if float64(twins) > oftenRepeated*float64(len(c)) {
		d.find(Finding{Code: "repeating-rows", Severity: Info, Count: twins,
			Message: fmt.Sprintf("%d of %d rows repeat the features of another; so many lie in the nature of the table, and they are not kept together.", twins, len(c))})
		c = newClusters(len(d.samples))
	} else {
		d.reportTwins("exact-duplicates", "exact duplicates", c, twins)
	}
	d.keepTogether(c)
}

// The figures from which a column is said to give the answer away.
const (
	leakAccuracy = 0.995
	leakR2       = 0.9999
	leakRows     = 50 // fewer rows prove nothing
	binRows      = 25 // rows for each value or bin at least, in the mean
)

// leakingColumns reports columns that alone predict the target almost perfectly.
func (d *draft) leakingColumns(series []*Series) {
	if len(d.samples) < leakRows {
		return
	}
	features := d.features(series)
	scores := make([]float64, len(features))
	parallel(len(features), func(j int) {
		if d.m.Regression() {
			scores[j] = d.explains(features[j])
		} else {
			scores[j] = d.predicts(features[j])
		}
	})
	for j, s := range features {
		limit := leakAccuracy
		if d.m.Regression() {
			limit = leakR2
		}
		if scores[j] < limit {
			continue
		}
		d.find(Finding{Code: "leaking-column", Severity: Warning, Column: s.Name,
			Message: fmt.Sprintf("%q alone predicts the target almost perfectly (%.4g %%); take it out if it is not known when predictions are made.", s.Name, 100*scores[j])})
	}
}

// predicts returns the accuracy of answering with the most common class of each
// value, or of each of some bins of numbers; 0 when that could be chance.
func (d *draft) predicts(s *Series) float64 {
	n := len(d.samples)
	most := slices.Max(d.classCounts())
	if float64(most) > 0.98*float64(n) {
		return 0
	}
	bins := d.bins(s)
	counts := map[[2]int]int{}
	best := map[int]int{}
	for i, b := range bins {
		k := [2]int{b, int(d.samples[i].Label)}
		counts[k]++
		best[b] = max(best[b], counts[k])
	}
	if len(best)*5 > n || len(best) < 2 {
		return 0
	}
	hits := 0
	for _, k := range best {
		hits += k
	}
	accuracy := float64(hits) / float64(n)
	if base := float64(most) / float64(n); 1-accuracy > 0.02*(1-base) {
		return 0
	}
	return accuracy
}

func (d *draft) classCounts() []int {
	counts := make([]int, len(d.m.Classes))
	for i := range d.samples {
		counts[d.samples[i].Label]++
	}
	return counts
}

// bins numbers the values of a column: each string its own, numbers by bins of
// equal counts unless there are few.
func (d *draft) bins(s *Series) []int {
	out := make([]int, s.Len())
	if s.Floats == nil {
		index := map[string]int{}
		for i, v := range s.Strings {
			k, ok := index[v]
			if !ok {
				k = len(index)
				index[v] = k
			}
			out[i] = k
		}
		return out
	}
	order := sortedRows(s.Floats)
	size := max(1, len(order)/max(1, min(64, len(order)/binRows)))
	if s.Distinct*binRows <= len(order) {
		size = 1
	}
	bin, filled := 0, 0
	for rank, i := range order {
		if rank > 0 && filled >= size && s.Floats[i] != s.Floats[order[rank-1]] {
			bin, filled = bin+1, 0
		}
		out[i] = bin
		filled++
	}
	return out
}

// sortedRows returns the row numbers by value, missing ones last.
func sortedRows(v []float32) []int {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := v[order[a]], v[order[b]]
		return x < y || math.IsNaN(float64(y)) && !math.IsNaN(float64(x))
	})
	return order
}

// explains returns the share of the target's variance that a line through a
// number column, or the mean of each category, explains.
func (d *draft) explains(s *Series) float64 {
	if s.Floats != nil {
		var n, sx, sy, sxx, syy, sxy float64
		x0, y0 := s.Mean, float64(d.samples[0].Value)
		for i, v := range s.Floats {
			x, y := float64(v)-x0, float64(d.samples[i].Value)-y0
			if math.IsNaN(x) {
				continue
			}
			n, sx, sy, sxx, syy, sxy = n+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
		}
		vx, vy, c := sxx-sx*sx/n, syy-sy*sy/n, sxy-sx*sy/n
		if n < leakRows || vx <= 0 || vy <= 0 {
			return 0
		}
		return c * c / (vx * vy)
	}
	if s.Distinct*5 > len(d.samples) {
		return 0
	}
	return d.meansExplain(s)
}

func (d *draft) meansExplain(s *Series) float64 {
	sum, count := map[string]float64{}, map[string]float64{}
	total, n := 0.0, float64(len(d.samples))
	for i, v := range s.Strings {
		y := float64(d.samples[i].Value)
		sum[v] += y
		count[v]++
		total += y
	}
	within, all := 0.0, 0.0
	for i, v := range s.Strings {
		y := float64(d.samples[i].Value)
		a, b := y-sum[v]/count[v], y-total/n
		within, all = within+a*a, all+b*b
	}
	if all <= 0 {
		return 0
	}
	return 1 - within/all
}
