package train

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

func openRuns(t *testing.T, home string) *Runs {
	t.Helper()
	st, err := store.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return NewRuns(st)
}

var exampleRun = Run{
	Name: "digits", DatasetHash: "d1", Task: "image-classification", Metric: "accuracy", SearchKey: "k",
	Seed: math.MaxUint64, BudgetSeconds: 40.5, Config: map[string]any{"folds": 5.0},
	Validation: math.NaN(), Test: math.NaN(),
}

func TestRunsRoundTrip(t *testing.T) {
	ctx := context.Background()
	rs := openRuns(t, t.TempDir())
	o, err := rs.Begin(ctx, exampleRun)
	if err != nil {
		t.Fatal(err)
	}
	defer o.End()
	want := o.Run
	want.Started = want.Started.Truncate(time.Millisecond)
	check := func() {
		t.Helper()
		got, err := rs.Get(ctx, want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !equalRuns(*got, want) {
			t.Errorf("Get = %+v\nwant  %+v", *got, want)
		}
	}
	check()
	want.Status, want.Best, want.Validation, want.Test = Done, 3, 0.985, math.Inf(1)
	want.Model, want.ReportBlob, want.Error, want.SpentSeconds = "digits@1", "r", "e", 39.5
	want.Finished = want.Started.Add(time.Minute)
	if err := rs.Update(ctx, want); err != nil {
		t.Fatal(err)
	}
	check()
	list, err := rs.List(ctx)
	if err != nil || len(list) != 1 || !equalRuns(list[0], want) {
		t.Errorf("List = %+v, %v", list, err)
	}
	if _, err := rs.Get(ctx, "nope"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("Get of no run = %v, want NotFound", err)
	}
}

// equalRuns compares with NaN equal to NaN and times by instant.
func equalRuns(a, b Run) bool {
	same := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
	ok := same(a.Validation, b.Validation) && same(a.Test, b.Test) && a.Started.Equal(b.Started) && a.Finished.Equal(b.Finished)
	for _, r := range []*Run{&a, &b} {
		r.Validation, r.Test, r.Started, r.Finished = 0, 0, time.Time{}, time.Time{}
	}
	return ok && reflect.DeepEqual(a, b)
}

func TestSecondSearchIsRefused(t *testing.T) {
	ctx := context.Background()
	rs := openRuns(t, t.TempDir())
	first, err := rs.Begin(ctx, exampleRun)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rs.Begin(ctx, exampleRun); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the same search = %v, want a conflict", err)
	}
	other := exampleRun
	other.SearchKey = "k2"
	second, err := rs.Begin(ctx, other)
	if err != nil {
		t.Fatalf("another search: %v", err)
	}
	defer second.End()

	first.Run.Status = Done
	if err := rs.Update(ctx, first.Run); err != nil {
		t.Fatal(err)
	}
	first.End()
	third, err := rs.Begin(ctx, exampleRun)
	if err != nil {
		t.Fatal(err)
	}
	defer third.End()
	if third.Resumed || third.Run.ID == first.Run.ID {
		t.Errorf("a finished run is resumed: %+v", third)
	}
}

// TestChildProcess is no test of its own: the process that TestResumeAfterKill kills.
func TestChildProcess(t *testing.T) {
	home := os.Getenv("MACAW_TRAIN_CHILD_HOME")
	if home == "" {
		t.Skip("runs only as a child of TestResumeAfterKill")
	}
	ctx := context.Background()
	rs := openRuns(t, home)
	o, err := rs.Begin(ctx, exampleRun)
	if err != nil {
		t.Fatal(err)
	}
	for i, status := range []Status{Done, Running} {
		tr := Trial{Run: o.Run.ID, Number: i + 1, Recipe: "r", Status: status, Metric: 0.5, Loss: math.NaN()}
		if err := rs.AddTrial(ctx, tr); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("begun")
	time.Sleep(time.Minute)
}

func TestResumeAfterKill(t *testing.T) {
	ctx := context.Background()
	home := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChildProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "MACAW_TRAIN_CHILD_HOME="+home)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "begun"; {
	}
	rs := openRuns(t, home)
	status := func() (string, Status) {
		t.Helper()
		list, err := rs.List(ctx)
		if err != nil || len(list) != 1 {
			t.Fatalf("List = %v, %v", list, err)
		}
		return list[0].ID, list[0].Status
	}
	if _, got := status(); got != Running {
		t.Errorf("status while the owner lives = %v", got)
	}
	if _, err := rs.Begin(ctx, exampleRun); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("Begin while the owner lives = %v, want a conflict", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	id, got := status()
	if got != Stopped {
		t.Errorf("status after kill = %v, want stopped", got)
	}
	o, err := rs.Begin(ctx, exampleRun)
	if err != nil {
		t.Fatal(err)
	}
	defer o.End()
	if !o.Resumed || o.Run.ID != id {
		t.Errorf("Begin after kill = %+v, want run %s resumed", o, id)
	}
	trials, err := rs.Trials(ctx, id)
	if err != nil || len(trials) != 2 || trials[0].Status != Done || trials[1].Status != Stopped {
		t.Errorf("Trials = %+v, %v, want done and stopped", trials, err)
	}
}

func TestTrialsAndPoints(t *testing.T) {
	ctx := context.Background()
	rs := openRuns(t, t.TempDir())
	o, err := rs.Begin(ctx, exampleRun)
	if err != nil {
		t.Fatal(err)
	}
	defer o.End()
	id := o.Run.ID
	tr := Trial{Run: id, Number: 2, Recipe: "tree", Config: map[string]any{"depth": 6.0}, Rung: 1, Fidelity: 0.25, Status: Running, Metric: math.NaN(), Loss: math.NaN(), Detail: map[string]any{}}
	if err := rs.AddTrial(ctx, tr); err != nil {
		t.Fatal(err)
	}
	tr.Status, tr.Metric, tr.Loss, tr.Steps, tr.Seconds, tr.Artifact = Done, 0.9, 0.3, 12, 1.5, "blob"
	tr.Detail = map[string]any{"note": "6 deep"}
	if err := rs.FinishTrial(ctx, tr); err != nil {
		t.Fatal(err)
	}
	trials, err := rs.Trials(ctx, id)
	if err != nil || len(trials) != 1 {
		t.Fatalf("Trials = %+v, %v", trials, err)
	}
	trials[0].Created = time.Time{}
	if !reflect.DeepEqual(trials[0], tr) {
		t.Errorf("Trials = %+v\nwant     %+v", trials[0], tr)
	}
	points := []Point{{Trial: 2, Step: 2, Name: "loss", Value: 0.4}, {Trial: 2, Step: 1, Name: "loss", Value: math.NaN()}, {Trial: 1, Step: 5, Name: "lr", Value: 1}}
	if err := rs.AddPoints(ctx, id, points); err != nil {
		t.Fatal(err)
	}
	if err := rs.AddPoints(ctx, id, []Point{{Trial: 2, Step: 2, Name: "loss", Value: 0.2}}); err != nil {
		t.Fatal(err)
	}
	got, err := rs.Points(ctx, id, 2)
	if err != nil || len(got) != 2 || !math.IsNaN(got[0].Value) || got[1].Value != 0.2 || got[1].Step != 2 {
		t.Errorf("Points(2) = %+v, %v", got, err)
	}
	if all, err := rs.Points(ctx, id, 0); err != nil || len(all) != 3 || all[0].Trial != 1 {
		t.Errorf("Points(0) = %+v, %v", all, err)
	}
	if err := rs.AddPoints(ctx, "nope", points); err == nil {
		t.Error("points of no run are accepted")
	}
}
