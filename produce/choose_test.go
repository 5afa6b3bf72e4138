package produce

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/train"
)

// What was held back to choose by is learnt from in the end, by a training that
// has no score and is averaged with those that have one.
func TestLastTrainingJoins(t *testing.T) {
	recipes(t, "grows")
	st := openStore(t, t.TempDir())
	l := &log{}
	out, err := Make(t.Context(), st, Options{Path: table(t.TempDir(), 12000), Budget: 6 * time.Second, Observe: l.observe, Device: testDevice})
	if err != nil {
		t.Fatal(err)
	}
	run, err := train.NewRuns(st).List(t.Context())
	if err != nil || len(run) != 1 {
		t.Fatalf("runs = %v, %v", run, err)
	}
	parts := out.Result.Data.Parts
	held := map[string]bool{}
	all := 0
	for _, e := range l.all(EventScore) {
		if e.Score != nil {
			held[e.Message] = true
			continue
		}
		all = e.Trial
		if want := fmt.Sprintf("%d samples", parts["train"]+parts["validation"]); e.Message != want || held[want] {
			t.Errorf("the training without a score learnt from %s, want %s", e.Message, want)
		}
		points, err := train.NewRuns(st).Points(t.Context(), run[0].ID, e.Trial)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			if strings.HasPrefix(p.Name, "val_") {
				t.Errorf("a curve %s of samples that were learnt from", p.Name)
			}
		}
	}
	pkg, err := model.NewRegistry(st).Open(t.Context(), out.Model)
	if err != nil {
		t.Fatal(err)
	}
	weight, sum := 0.0, 0.0
	for _, m := range pkg.Card.Members {
		sum += m.Weight
		if m.Trial == all {
			weight = m.Weight
		}
	}
	if all == 0 || weight != 1/float64(len(pkg.Card.Members)) || sum < 0.999 || sum > 1.001 {
		t.Errorf("trial %d is a member with weight %v of %+v", all, weight, pkg.Card.Members)
	}
}

// A network that time did not suffice for does not win over a baseline that is
// certainly better.
func TestLead(t *testing.T) {
	work := &assignment{Problem: &toolbox.Problem{Classes: []string{"a", "b"}}, folds: make([]search.Fold, 1)}
	e := &ending{maker: &maker{work: work, runner: &search.Runner{Plan: &search.Plan{Folds: 1, Rows: 1000, Classes: 2}}}}
	full := search.Trial{Number: 1, Rung: 2, Fidelity: 1, Folds: 1, Status: search.Done, Artifact: "x", Crit: 0.5}
	for crit, want := range map[float64]int{0.1: 2, 0.48: 1} {
		early := full
		early.Number, early.Rung, early.Fidelity, early.Crit = 2, 0, 0.11, crit
		got, err := e.lead(search.Usable([]search.Trial{full, early}, 1))
		if err != nil || got[0].Number != want {
			t.Errorf("a full trial at 0.5, an early one at %v: trial %d leads, want %d", crit, got[0].Number, want)
		}
	}
}
