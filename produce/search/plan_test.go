package search

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/toolbox"
)

// world simulates trials on a clock of its own: each recipe has a cost of a full
// fit and an error that falls with fidelity and depends on "x".
type world struct {
	plan   *Plan
	cost   map[string]float64 // seconds of a full fit
	err    map[string]float64 // of the best configuration at full fidelity
	trials []Trial
	now    time.Duration
}

func fake(name string, anytime bool) *toolbox.Recipe {
	return &toolbox.Recipe{
		Name: name, Anytime: anytime, Tasks: []string{"any"},
		Space: toolbox.Space{
			{Name: "x", Low: 0, High: 1, Default: 0.2},
			{Name: "kind", Choices: []any{"a", "b", "c"}, Default: "a"},
		},
		Portfolio: []toolbox.Config{{}, {"x": 0.9}, {"kind": "b"}, {"x": 0.5}},
	}
}

// do carries out a job as a Runner with fits of the recipe would.
func (w *world) do(j Job) Trial {
	t := Trial{Number: len(w.trials) + 1, Recipe: j.Recipe.Name, Config: j.Config, Rung: j.Rung, Fidelity: j.Fidelity, Folds: j.Folds, Final: j.Final, All: j.All, Status: Done, Artifact: "a"}
	effort := j.Fidelity
	t.Seconds = w.cost[t.Recipe] * j.Fidelity * float64(j.Folds)
	if j.Time > 0 && j.Recipe.Anytime {
		t.Limit = j.Time.Seconds() / float64(j.Folds)
		if t.Seconds > j.Time.Seconds() {
			t.Share = j.Time.Seconds() / t.Seconds
			effort *= t.Share
			t.Seconds = j.Time.Seconds()
		}
	}
	if bound := w.plan.bound(w.trials, j, w.plan.Total-w.now).Seconds(); w.plan.Trials == 0 && t.Seconds > bound {
		t.Seconds, t.Status, t.Artifact = bound, Failed, ""
	}
	x := j.Config.Float("x") - 0.7
	t.Crit = w.err[t.Recipe]*(1+x*x) + 0.1*(1-effort)
	t.Score = 1 - t.Crit
	return t
}

func (w *world) run(t *testing.T) {
	t.Helper()
	for range 5000 {
		j, ok := w.plan.Next(w.trials, w.plan.Total-w.now)
		if !ok {
			return
		}
		tr := w.do(j)
		w.now += time.Duration(tr.Seconds * float64(time.Second))
		w.trials = append(w.trials, tr)
	}
	t.Fatal("the search does not end")
}

func TestNetworkGetsMostOfTheTime(t *testing.T) {
	w := &world{
		plan: &Plan{Recipes: []*toolbox.Recipe{fake("baseline", false), fake("net", true)}, Folds: 1, Rows: 300, Classes: 10, Total: 300 * time.Second},
		cost: map[string]float64{"baseline": 4, "net": 5000}, err: map[string]float64{"baseline": 0.4, "net": 0.2},
	}
	w.run(t)
	if got := w.now; got < 285*time.Second || got > 300*time.Second {
		t.Errorf("the search took %v of 300s", got)
	}
	last := w.trials[len(w.trials)-1]
	if !last.Final || last.Recipe != "net" || last.Fidelity < 1 || last.Seconds < 200 {
		t.Errorf("last trial = %+v, want a long training of the net", last)
	}
	if w.trials[0].Recipe != "baseline" {
		t.Errorf("the first trial is of %s, want the quick baseline", w.trials[0].Recipe)
	}
}

// A schedule that is shorter than the time is stretched or trained again, so that
// the time is used.
func TestTrainingsFillTheTime(t *testing.T) {
	for _, cost := range []float64{50, 70, 100, 130, 180, 240, 400} {
		w := &world{
			plan: &Plan{Recipes: []*toolbox.Recipe{fake("baseline", false), fake("net", true)}, Folds: 1, Rows: 300, Classes: 10, Total: 300 * time.Second, Networks: true},
			cost: map[string]float64{"baseline": 1, "net": cost}, err: map[string]float64{"baseline": 0.4, "net": 0.2},
		}
		w.run(t)
		if w.now < 280*time.Second || w.now > 300*time.Second {
			t.Errorf("full trainings of %v s: the search took %v of 300s in %d trials", cost, w.now, len(w.trials))
		}
	}
}

// Where the validation samples may be learnt from, only the last training does,
// and never the only one.
func TestLastTrainingLearnsFromAll(t *testing.T) {
	for cost, want := range map[float64]int{60: 1, 150: 1, 5000: 0} {
		w := &world{
			plan: &Plan{Recipes: []*toolbox.Recipe{fake("baseline", false), fake("net", true)}, Folds: 1, Rows: 300, Classes: 10, Total: 300 * time.Second, Networks: true, Whole: true},
			cost: map[string]float64{"baseline": 1, "net": cost}, err: map[string]float64{"baseline": 0.4, "net": 0.2},
		}
		w.run(t)
		all, finals := 0, 0
		for _, tr := range w.trials {
			switch {
			case tr.All && finals == 0:
				t.Errorf("full trainings of %v s: trial %d learns from all samples before any was validated", cost, tr.Number)
			case tr.All:
				all++
			case tr.Final:
				finals++
			}
		}
		if all != want || finals == 0 {
			t.Errorf("full trainings of %v s: %d validated ones, %d on all samples, want %d", cost, finals, all, want)
		}
		if u := Usable(w.trials, 1); len(u)+all != len(w.trials) {
			t.Errorf("%d of %d trials are ranked", len(u), len(w.trials))
		}
	}
}

// A long training that breaks at once is not tried again and again.
func TestFailingTrainingsEnd(t *testing.T) {
	for _, every := range []bool{false, true} { // of the long trainings; or those on all samples alone
		p := &Plan{Recipes: []*toolbox.Recipe{fake("baseline", false), fake("net", true)}, Folds: 1, Rows: 300, Classes: 10, Total: 300 * time.Second, Networks: true, Whole: true}
		w := &world{plan: p, cost: map[string]float64{"baseline": 1, "net": 80}, err: map[string]float64{"baseline": 0.4, "net": 0.2}}
		failed := 0
		for range 2000 {
			j, ok := p.Next(w.trials, p.Total-w.now)
			if !ok {
				break
			}
			tr := w.do(j)
			if j.Final && (j.All || every) {
				tr.Status, tr.Artifact, tr.Seconds = Failed, "", 0.001
				failed++
			}
			w.now += time.Duration(tr.Seconds * float64(time.Second))
			w.trials = append(w.trials, tr)
		}
		if failed == 0 || failed > mostFinals {
			t.Errorf("every long training %v: %d of them failed", every, failed)
		}
	}
}

// On images a network at chance after a short trial still gets the long one.
func TestNetworksLead(t *testing.T) {
	for _, networks := range []bool{true, false} {
		w := &world{
			plan: &Plan{Recipes: []*toolbox.Recipe{fake("baseline", false), fake("net", true)}, Folds: 1, Rows: 300, Classes: 10, Total: 100 * time.Second, Networks: networks},
			cost: map[string]float64{"baseline": 1, "net": 5000}, err: map[string]float64{"baseline": 0.03, "net": 0.8},
		}
		w.run(t)
		if got := w.plan.finals(newHistory(w.plan, w.trials)); got != networks {
			t.Errorf("Networks %v: a long training was made: %v", networks, got)
		}
	}
}

func TestShortTrialsDoNotUnseatTheDefault(t *testing.T) {
	p := &Plan{Recipes: []*toolbox.Recipe{fake("net", true)}, Folds: 1, Rows: 300, Classes: 10, Total: 300 * time.Second}
	first := Trial{Number: 1, Recipe: "net", Config: p.Recipes[0].Space.Fill(nil), Fidelity: 1.0 / 9, Folds: 1, Status: Done, Crit: 0.30, Seconds: 18, Limit: 18}
	rival := first
	rival.Number, rival.Config = 2, p.Recipes[0].Space.Fill(toolbox.Config{"x": 0.9})
	for _, tc := range []struct {
		crit float64
		want int
	}{{0.29, 1}, {0.2, 2}} {
		rival.Crit = tc.crit
		got := p.champion(newHistory(p, []Trial{first, rival}))
		if got == nil || got.Number != tc.want {
			t.Errorf("rival at %v: champion %+v, want trial %d", tc.crit, got, tc.want)
		}
	}
}

func TestTreesGetManyFullTrials(t *testing.T) {
	w := &world{
		plan: &Plan{Recipes: []*toolbox.Recipe{fake("linear", false), fake("trees", false)}, Folds: 5, Rows: 2000, Learn: 1600, Classes: 2, Total: 300 * time.Second},
		cost: map[string]float64{"linear": 0.1, "trees": 1}, err: map[string]float64{"linear": 0.3, "trees": 0.1},
	}
	w.run(t)
	full := Usable(w.trials, 5)
	n := 0
	for _, tr := range full {
		if tr.Rung == top {
			n++
		}
	}
	if w.now > 300*time.Second || w.now < 200*time.Second || n < 40 {
		t.Errorf("%v spent, %d full trials", w.now, n)
	}
	if full[0].Recipe != "trees" || full[0].Crit > 0.101 {
		t.Errorf("best = %+v, want trees near x = 0.7", full[0])
	}
}

// Where a full trial is dear, only promoted configurations get one.
func TestHalvingWhenTrialsAreDear(t *testing.T) {
	w := &world{
		plan: &Plan{Recipes: []*toolbox.Recipe{fake("trees", false)}, Folds: 5, Rows: 8000, Learn: 6400, Classes: 2, Total: 300 * time.Second},
		cost: map[string]float64{"trees": 5}, err: map[string]float64{"trees": 0.1},
	}
	w.run(t)
	var on [3]int
	for _, tr := range w.trials {
		on[tr.Rung]++
		if tr.Rung == top && on[top] > 1 { // the default goes up at once
			peers := 0
			for _, o := range w.trials[:tr.Number-1] {
				if o.Rung == 1 && o.Crit < w.do(Job{Recipe: w.plan.Recipes[0], Config: tr.Config, Fidelity: 1, Folds: 1}).Crit {
					peers++
				}
			}
			if peers > on[1]/3 {
				t.Errorf("trial %d went to the top though %d of %d were better", tr.Number, peers, on[1])
			}
		}
	}
	if on[1] < 2*on[top] || on[top] < 3 || w.now > 300*time.Second || w.now < 230*time.Second {
		t.Errorf("trials by rung %v in %v", on, w.now)
	}
}

func TestByTrialsHalvesAndRepeats(t *testing.T) {
	run := func(seed uint64) []Trial {
		w := &world{
			plan: &Plan{Recipes: []*toolbox.Recipe{fake("a", false), fake("b", true)}, Folds: 1, Rows: 5000, Learn: 20000, Classes: 2, Trials: 26, Seed: seed},
			cost: map[string]float64{"a": 1, "b": 1}, err: map[string]float64{"a": 0.2, "b": 0.1},
		}
		w.run(t)
		return w.trials
	}
	one, two, other := run(1), run(1), run(2)
	if len(one) != 26 {
		t.Fatalf("%d trials, want 26", len(one))
	}
	same := true
	var on [3]int
	for i := range one {
		on[one[i].Rung]++
		if one[i].Key() != two[i].Key() || one[i].Rung != two[i].Rung {
			t.Errorf("trial %d differs between equal searches", i+1)
		}
		same = same && one[i].Key() == other[i].Key()
		if i > 0 && one[i].Rung < one[i-1].Rung {
			t.Errorf("trial %d falls back to rung %d", i+1, one[i].Rung)
		}
	}
	if on != [3]int{18, 6, 2} {
		t.Errorf("trials by rung = %v, want 18, 6, 2", on)
	}
	if same {
		t.Error("another seed gave the same trials")
	}
	for i := 18; i < 24; i++ { // the six promoted are the six best of rung 0
		for j := range 18 {
			if one[j].Crit < one[i].Crit-0.1 && !promoted(one[18:24], one[j].Key()) {
				t.Errorf("trial %d was promoted though trial %d was better", i+1, j+1)
			}
		}
	}
}

func promoted(ts []Trial, key string) bool {
	for _, t := range ts {
		if t.Key() == key {
			return true
		}
	}
	return false
}

func TestFewTrialsNeedNoRungs(t *testing.T) {
	p := &Plan{Recipes: []*toolbox.Recipe{fake("a", false), fake("b", false)}, Folds: 1, Rows: 100, Classes: 2, Trials: 2}
	w := &world{plan: p, err: map[string]float64{"a": 0.2, "b": 0.1}}
	w.run(t)
	if len(w.trials) != 2 || w.trials[0].Recipe == w.trials[1].Recipe || w.trials[0].Rung != top {
		t.Errorf("trials = %+v, want the default of each recipe in full", w.trials)
	}
}

func TestFailuresDoNotStopTheSearch(t *testing.T) {
	p := &Plan{Recipes: []*toolbox.Recipe{fake("broken", false), fake("net", true), fake("ok", false)}, Folds: 5, Rows: 500, Learn: 400, Classes: 2, Total: 60 * time.Second}
	w := &world{plan: p, cost: map[string]float64{"net": 1, "ok": 0.1}, err: map[string]float64{"net": 0.3, "ok": 0.2}}
	broken := 0
	for range 1000 {
		j, ok := p.Next(w.trials, p.Total-w.now)
		if !ok {
			break
		}
		tr := w.do(j)
		if j.Recipe.Name == "broken" {
			tr.Status = Failed
			broken++
		}
		w.now += time.Duration(tr.Seconds*1e9) + time.Millisecond
		w.trials = append(w.trials, tr)
	}
	if broken > 4 || len(w.trials) < 20 {
		t.Errorf("%d trials, %d of the broken recipe", len(w.trials), broken)
	}
}

func TestOnlyFailures(t *testing.T) {
	p := &Plan{Recipes: []*toolbox.Recipe{fake("broken", false)}, Folds: 1, Rows: 500, Classes: 2, Total: 60 * time.Second}
	var trials []Trial
	for range 100 {
		j, ok := p.Next(trials, 50*time.Second)
		if !ok {
			if len(trials) > 5 {
				t.Errorf("%d failing trials before the search gave up", len(trials))
			}
			return
		}
		trials = append(trials, Trial{Number: len(trials) + 1, Recipe: j.Recipe.Name, Config: j.Config, Rung: j.Rung, Status: Failed, Error: "no"})
	}
	t.Error("the search of a broken recipe does not end")
}

func TestFolds(t *testing.T) {
	p := &toolbox.Problem{Classes: []string{"a", "b"}, Seed: 3}
	groups := make([]string, 103)
	for i := range 103 {
		p.Labels = append(p.Labels, int32(i%4/3))
		if i%10 == 0 {
			groups[i] = "g"
		}
		p.Train = append(p.Train, i)
	}
	p.Train, p.Val = p.Train[:80], p.Train[80:]
	folds := Folds(p, 5, groups)
	seen := map[int]int{}
	held := map[int]bool{}
	for f, fold := range folds {
		if len(fold.Train)+len(fold.Val) != 103 || len(fold.Val) < 15 {
			t.Errorf("fold %d: %d and %d samples", f, len(fold.Train), len(fold.Val))
		}
		for _, i := range fold.Val {
			seen[i]++
			if groups[i] == "g" {
				held[f] = true
			}
		}
	}
	if len(seen) != 103 || len(held) != 1 {
		t.Errorf("%d samples are held out once, the group lies in %d folds", len(seen), len(held))
	}
	if got := Folds(p, 1, nil); len(got) != 1 || len(got[0].Val) != 23 {
		t.Errorf("one fold = %v", got)
	}
}

func TestFitGuards(t *testing.T) {
	p := &toolbox.Problem{Classes: []string{"a", "b"}, Val: []int{0}}
	for name, f := range map[string]func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget, func(toolbox.Progress)) (*toolbox.Candidate, error){
		"panic": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget, func(toolbox.Progress)) (*toolbox.Candidate, error) {
			panic("boom")
		},
		"error": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget, func(toolbox.Progress)) (*toolbox.Candidate, error) {
			return nil, errors.New("no")
		},
		"nothing": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget, func(toolbox.Progress)) (*toolbox.Candidate, error) {
			return nil, nil
		},
		"empty": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget, func(toolbox.Progress)) (*toolbox.Candidate, error) {
			return &toolbox.Candidate{}, nil
		},
	} {
		if _, err := fit(t.Context(), &toolbox.Recipe{Name: name, Fit: f}, p, nil, toolbox.Budget{}, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(uint64(1), 5, 60)
	f.Fuzz(func(t *testing.T, seed uint64, folds, seconds int) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := &Plan{Recipes: []*toolbox.Recipe{fake("a", false), fake("b", true)}, Folds: 1 + max(0, folds)%10, Rows: 1 + rng.IntN(2000), Learn: rng.IntN(3000), Classes: rng.IntN(5), Total: time.Duration(1+max(0, seconds)%1000) * time.Second,
			Whole: rng.IntN(2) == 0, Networks: rng.IntN(2) == 0}
		w := &world{plan: p, cost: map[string]float64{"a": rng.ExpFloat64(), "b": 100 * rng.ExpFloat64()}, err: map[string]float64{"a": rng.Float64(), "b": rng.Float64()}}
		w.run(t)
		var first time.Duration // until something is usable, which may take longer
		for _, tr := range w.trials {
			first += time.Duration(tr.Seconds * float64(time.Second))
			if tr.Status == Done {
				break
			}
		}
		if w.now > max(p.Total*11/10, first+time.Millisecond) {
			t.Errorf("%v spent of %v in %d trials", w.now, p.Total, len(w.trials))
		}
	})
}
