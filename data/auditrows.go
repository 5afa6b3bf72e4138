package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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
// value; 0 when that could be chance. Neighbouring numbers of one class count as
// one stretch, and many stretches as chance.
func (d *draft) predicts(s *Series) float64 {
	n := len(d.samples)
	counts := d.classCounts()
	others := n - slices.Max(counts) // rows outside of the largest class
	order, stretches := d.byValue(s)
	hits, values, runs, last := 0, 0, 0, -1
	for at := 0; at < n; {
		end := at + 1
		for end < n && s.equal(order[end], order[at]) {
			end++
		}
		best, k := d.majority(order[at:end])
		hits += k
		values++
		if best != last {
			runs, last = runs+1, best
		}
		at = end
	}
	if stretches && runs > max(4*len(counts), others/5) || !stretches && values*5 > n || values < 2 || others*50 < n {
		return 0
	}
	if 50*(n-hits) > others {
		return 0
	}
	return float64(hits) / float64(n)
}

// byValue orders the rows by value; stretches is true for numbers.
func (d *draft) byValue(s *Series) (order []int, stretches bool) {
	order = make([]int, s.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if s.Floats != nil {
			return cmp.Compare(s.Floats[a], s.Floats[b]) // NaN comes first
		}
		return strings.Compare(s.Strings[a], s.Strings[b])
	})
	return order, s.Floats != nil
}

func (s *Series) equal(i, j int) bool {
	if s.Floats != nil {
		return cmp.Compare(s.Floats[i], s.Floats[j]) == 0
	}
	return s.Strings[i] == s.Strings[j]
}

// majority returns the most common class among rows and its count.
func (d *draft) majority(rows []int) (class, count int) {
	counts := make(map[int32]int, 4)
	for _, i := range rows {
		l := d.samples[i].Label
		counts[l]++
		if counts[l] > count || counts[l] == count && int(l) < class {
			class, count = int(l), counts[l]
		}
	}
	return class, count
}

func (d *draft) classCounts() []int {
	counts := make([]int, len(d.m.Classes))
	for i := range d.samples {
		counts[d.samples[i].Label]++
	}
	return counts
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
