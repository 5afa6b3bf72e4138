package data

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// shares returns the part of n samples that is held out for the test, and the
// part of the rest that validates.
func shares(n int) (test, validation float64) {
	if n < 5000 {
		return 0.2, 0.2
	}
	return 0.15, 0.15
}

// strata is the number of quantiles within which a numeric target is split.
const strata = 10

// split fills in the parts that the source did not give.
func (d *draft) split() {
	has := [partCount]bool{}
	for i := range d.given {
		if d.given[i] {
			has[d.samples[i].Part] = true
		}
	}
	d.m.Split.Seed = d.o.Seed
	testShare, valShare := shares(len(d.samples))
	switch {
	case has[Test] && has[Validation]:
		d.m.Split.Method, d.m.Split.Why = "given", "The source names the parts of its samples."
		d.assignRest()
	case has[Test]:
		d.method("given+", "The source names its test part; validation is %.0f %% of its training part.", 100*valShare)
		d.cut(Validation, valShare)
	case has[Validation]:
		d.method("given+", "The source names its validation part; the test part is %.0f %% of its training part.", 100*testShare)
		d.cut(Test, testShare)
	default:
		d.method("", "The source names no parts: %.0f %% of the samples are the test part, at most %.0f %% of the rest validate.", 100*testShare, 100*valShare)
		for i := range d.samples {
			d.samples[i].Part = Train
		}
		d.cut(Test, testShare)
		d.cut(Validation, valShare)
	}
	d.log(d.m.Split.Why)
}

func (d *draft) method(prefix, why string, args ...any) {
	name, by := "stratified", " Each class is cut alike"
	if d.m.Regression() {
		name, by = "quantile", " Each tenth of the target's range is cut alike"
	}
	s := &d.m.Split
	s.Method, s.Why = prefix+name, fmt.Sprintf(why, args...)+by
	if d.groups != nil {
		s.Why += fmt.Sprintf(", and rows with the same %q stay together", s.Group)
		s.Method += "+grouped"
	} else if d.hasTwins() {
		s.Why += ", and duplicates stay together"
		s.Method += "+grouped"
	}
	s.Why = strings.TrimSpace(s.Why) + "."
}

func (d *draft) hasTwins() bool {
	for i := range d.together {
		if d.together.find(i) != i {
			return true
		}
	}
	return false
}

// assignRest puts samples without a given part into training.
func (d *draft) assignRest() {
	for i := range d.samples {
		if !d.given[i] {
			d.samples[i].Part = Train
		}
	}
}

// unit is samples that go into a part together.
type unit struct {
	samples []int
	stratum int
	value   float64
}

// cut moves a share of the training samples to part, each stratum alike.
func (d *draft) cut(part Part, share float64) {
	units := d.units()
	d.stratify(units)
	rng := rand.New(rand.NewPCG(d.o.Seed, uint64(part)+0x6d61636177)) // a stream for each part
	byStratum := map[int][]*unit{}
	for i := range units {
		byStratum[units[i].stratum] = append(byStratum[units[i].stratum], &units[i])
	}
	keys := make([]int, 0, len(byStratum))
	for k := range byStratum {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	debt := 0.0 // what rounding left over from the strata before
	for _, k := range keys {
		debt = d.cutStratum(byStratum[k], part, share, debt, rng)
	}
}

// cutStratum moves about share of the stratum's samples. Every stratum of two
// units or more gives one at least and keeps one at least.
func (d *draft) cutStratum(units []*unit, part Part, share, debt float64, rng *rand.Rand) float64 {
	total := 0
	for _, u := range units {
		total += len(u.samples)
	}
	want := share*float64(total) + debt
	rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	moved, left := 0, len(units)
	for _, u := range units {
		n := len(u.samples)
		need := moved == 0 && len(units) > 1 && n*2 <= total
		if left == 1 || !need && float64(moved)+float64(n)/2 > want {
			continue
		}
		for _, i := range u.samples {
			d.samples[i].Part = part
		}
		moved += n
		left--
	}
	return min(max(want-float64(moved), -1), 1)
}

// units gathers the samples that are still in training, and not given away to
// another part, with those they must stay with.
func (d *draft) units() []unit {
	at := map[int]int{}
	var units []unit
	for i := range d.samples {
		s := &d.samples[i]
		if s.Part != Train {
			continue
		}
		root := i
		if d.together != nil {
			root = d.together.find(i)
		}
		k, ok := at[root]
		if !ok {
			k = len(units)
			at[root] = k
			units = append(units, unit{})
		}
		units[k].samples = append(units[k].samples, i)
		units[k].value += float64(s.Value)
	}
	return units
}

// stratify numbers the units by their most common class, or by tenths of their
// mean target.
func (d *draft) stratify(units []unit) {
	if !d.m.Regression() {
		for i := range units {
			units[i].stratum = d.commonClass(units[i].samples)
		}
		return
	}
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
		units[i].value /= float64(len(units[i].samples))
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case units[a].value < units[b].value:
			return -1
		case units[a].value > units[b].value:
			return 1
		}
		return 0
	})
	n := max(1, min(strata, len(units)/5))
	for rank, i := range order {
		units[i].stratum = rank * n / len(units)
	}
}

func (d *draft) commonClass(samples []int) int {
	if len(samples) == 1 {
		return int(d.samples[samples[0]].Label)
	}
	counts := map[int32]int{}
	best := d.samples[samples[0]].Label
	for _, i := range samples {
		l := d.samples[i].Label
		counts[l]++
		if counts[l] > counts[best] || counts[l] == counts[best] && l < best {
			best = l
		}
	}
	return int(best)
}
