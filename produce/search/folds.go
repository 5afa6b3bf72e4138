package search

import (
	"math/rand/v2"
	"slices"

	"github.com/macaw-ai/macaw/toolbox"
)

// Fold is one division of the samples into those to learn from and those to
// validate on, by sample index.
type Fold struct{ Train, Val []int }

// Folds divides Train and Val of p together into k folds of nearly equal size,
// each stratified by class, or by the order of the targets. Samples of one group
// stay in one fold; groups[i] belongs to sample i and "" is no group. With k = 1
// it gives p's own parts.
func Folds(p *toolbox.Problem, k int, groups []string) []Fold {
	if k <= 1 {
		return []Fold{{Train: p.Train, Val: p.Val}}
	}
	all := slices.Concat(p.Train, p.Val)
	of := assign(p, all, k, groups)
	folds := make([]Fold, k)
	for i, sample := range all {
		for f := range folds {
			if of[i] == f {
				folds[f].Val = append(folds[f].Val, sample)
			} else {
				folds[f].Train = append(folds[f].Train, sample)
			}
		}
	}
	return folds
}

// unit is what stays together: one sample, or the samples of a group.
type unit struct {
	members []int // positions in all
	label   int32
	value   float32
}

// assign gives the fold of each sample of all.
func assign(p *toolbox.Problem, all []int, k int, groups []string) []int {
	units := unitsOf(p, all, groups)
	rng := rand.New(rand.NewPCG(p.Seed, 0x666f6c6473))
	rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	slices.SortStableFunc(units, func(a, b unit) int {
		switch {
		case a.label != b.label:
			return int(a.label - b.label)
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	of := make([]int, len(all))
	order := make([]int, k) // the folds in random order, anew for each k units
	for i := range order {
		order[i] = i
	}
	for i, u := range units {
		if i%k == 0 && p.Regression() {
			rng.Shuffle(k, func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for _, m := range u.members {
			of[m] = order[i%k]
		}
	}
	return of
}

func unitsOf(p *toolbox.Problem, all []int, groups []string) []unit {
	var units []unit
	at := map[string]int{}
	for i, sample := range all {
		g := ""
		if groups != nil {
			g = groups[sample]
		}
		if j, ok := at[g]; ok && g != "" {
			units[j].members = append(units[j].members, i)
			continue
		}
		at[g] = len(units)
		u := unit{members: []int{i}}
		if p.Regression() {
			u.value = p.Targets[sample]
		} else {
			u.label = p.Labels[sample]
		}
		units = append(units, u)
	}
	return units
}
