package produce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
)

// assignment is a problem with what the search needs besides.
type assignment struct {
	*toolbox.Problem
	version *data.Version
	samples []data.Sample
	test    []int
	folds   []search.Fold
}

// pose turns a dataset version into a problem.
func pose(v *data.Version, seed uint64, threads int, dev chip.Device) (*assignment, error) {
	samples, err := v.Samples()
	if err != nil {
		return nil, err
	}
	p := &toolbox.Problem{
		Task: v.Task, Data: v, Device: dev, Threads: threads, Seed: seed, Shared: &toolbox.Shared{},
		Train: data.InPart(samples, data.Train), Val: data.InPart(samples, data.Validation),
	}
	a := &assignment{Problem: p, version: v, samples: samples, test: data.InPart(samples, data.Test)}
	if v.Regression() {
		p.Targets = make([]float32, len(samples))
		for i, s := range samples {
			p.Targets[i] = s.Value
		}
	} else {
		p.Classes = v.Classes
		p.Labels = make([]int32, len(samples))
		for i, s := range samples {
			p.Labels[i] = s.Label
		}
		p.Train, p.Val, a.test = labelled(p, p.Train), labelled(p, p.Val), labelled(p, a.test)
	}
	if len(p.Train) == 0 {
		return nil, fault.Errorf(fault.Invalid, "There is no sample to learn from: the train part of %s is empty.", v.Ref())
	}
	k := foldsFor(a)
	if k == 1 {
		a.shrink()
	}
	a.folds = search.Folds(p, k, groups(samples))
	if len(p.Val) == 0 && len(a.folds) == 1 {
		return nil, fault.Errorf(fault.Invalid, "There are too few samples in %s to hold some back for validation; bring more.", v.Ref())
	}
	return a, nil
}

// Bounds of a validation part that Macaw made itself: what it holds back is not
// learnt from, and so many samples are enough to choose by.
const (
	valShare = 0.1
	valLeast = 150
	valMost  = 3000
)

// shrink gives some of a validation part that the user did not make to the
// samples to learn from. Every class keeps its share.
func (a *assignment) shrink() {
	if a.givenVal() {
		return
	}
	n := len(a.Train) + len(a.Val)
	want := min(max(int(valShare*float64(n)), valLeast), valMost)
	k := (len(a.Val) + want/2) / want
	if k < 2 {
		return
	}
	val := *a.Problem
	val.Train, val.Val = a.Val, nil
	part := search.Folds(&val, k, groups(a.samples))[0]
	a.Val = part.Val
	a.Train = append(slices.Clone(a.Train), part.Train...)
	slices.Sort(a.Train)
}

// givenVal reports whether the user said what to validate on.
func (a *assignment) givenVal() bool {
	split := a.version.Split
	return split.Method == "given" && a.version.Parts[data.Validation] > 0 ||
		strings.HasPrefix(split.Method, "given+") && strings.Contains(split.Why, "names its validation part")
}

// labelled leaves out samples without a class.
func labelled(p *toolbox.Problem, samples []int) []int {
	return slices.DeleteFunc(slices.Clone(samples), func(i int) bool { return p.Labels[i] < 0 })
}

func groups(samples []data.Sample) []string {
	var out []string
	for i, s := range samples {
		if s.Group != "" && out == nil {
			out = make([]string, len(samples))
		}
		if out != nil {
			out[i] = s.Group
		}
	}
	return out
}

// foldsFor says how many folds of cross-validation choose best: more where
// samples are few, none where a validation part of them is large enough, was
// given by the user, or training takes long.
func foldsFor(a *assignment) int {
	n := len(a.Train) + len(a.Val)
	k := 5
	switch {
	case a.version.Kind == data.KindImage, n > 8000, a.givenVal() && len(a.Val) >= 100:
		return 1
	case a.version.Kind == data.KindText:
		k = 3
	case n < 400:
		k = 10
	}
	return max(2, min(k, n/2))
}

// describe is the one sentence about a problem that people see first.
func (a *assignment) describe() string {
	what := fmt.Sprintf("%d samples", a.version.Count)
	if a.Regression() {
		what += fmt.Sprintf(", predicting %q", a.version.Target)
	} else {
		what += fmt.Sprintf(" of %d classes", len(a.Classes))
		if a.version.Target != "" {
			what += fmt.Sprintf(", predicting %q", a.version.Target)
		}
	}
	how := fmt.Sprintf("%d to learn from, %d to validate on, %d for the test", len(a.Train), len(a.Val), len(a.test))
	if k := len(a.folds); k > 1 {
		how = fmt.Sprintf("%d to learn from in %d-fold cross-validation, %d for the test", len(a.Train)+len(a.Val), k, len(a.test))
	}
	return what + ": " + how + "."
}
