package produce

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/result"
	"github.com/macaw-ai/macaw/train"
)

// log collects events.
type log struct {
	mu     sync.Mutex
	events []Event
	on     func(Event)
}

func (l *log) observe(e Event) {
	l.mu.Lock()
	l.events = append(l.events, e)
	l.mu.Unlock()
	if l.on != nil {
		l.on(e)
	}
}

func (l *log) all(kind string) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Event
	for _, e := range l.events {
		if e.Event == kind {
			out = append(out, e)
		}
	}
	return out
}

func openStore(t *testing.T, home string) *store.Store {
	t.Helper()
	st, err := store.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func recipes(t *testing.T, names string) { t.Setenv("MACAW_TEST_RECIPES", names) }

func TestMakeKeepsItsBudget(t *testing.T) {
	recipes(t, "steady")
	st := openStore(t, t.TempDir())
	l := &log{}
	began := time.Now()
	out, err := Make(t.Context(), st, Options{Path: table(t.TempDir(), 600), Budget: 4 * time.Second, Observe: l.observe, Device: testDevice})
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	if took > 4600*time.Millisecond {
		t.Errorf("a budget of 4s took %v", took)
	}
	done := l.all(EventDone)
	if len(done) != 1 || done[0].Model != out.Model || out.Model != "points@1" || done[0].Validation == nil || done[0].Test == nil {
		t.Fatalf("done = %+v, outcome %+v", done, out)
	}
	if *done[0].Test < 0.8 || *done[0].Validation < 0.8 {
		t.Errorf("validation %v, test %v, want above 0.8", *done[0].Validation, *done[0].Test)
	}
	if n := len(l.all(EventTest)); n != 1 {
		t.Errorf("the test part was looked at %d times", n)
	}
	if n := len(l.all(EventScore)); n < 10 {
		t.Errorf("%d trials were scored", n)
	}
	checkBooks(t, st, out, l)
}

// checkBooks compares what a run left in the home with what it told.
func checkBooks(t *testing.T, st *store.Store, out *Outcome, l *log) {
	t.Helper()
	list, err := train.NewRuns(st).List(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("runs = %v, %v", list, err)
	}
	run := list[0]
	if run.Status != train.Done || run.Model != out.Model || run.SpentSeconds <= 0 || run.Test != *l.all(EventDone)[0].Test {
		t.Errorf("run = %+v", run)
	}
	text, err := st.Blobs.Read(run.ReportBlob, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var r result.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if r.Model != out.Model || r.Part != "test" || r.Confusion == nil || len(r.Leaderboard) != len(l.all(EventScore)) || len(r.Members) == 0 {
		t.Errorf("result = %+v", r)
	}
	total := 0
	for _, row := range r.Confusion.Counts {
		for _, n := range row {
			total += n
		}
	}
	if total != r.Data.Parts["test"] || total == 0 {
		t.Errorf("the confusion matrix counts %d samples of %d", total, r.Data.Parts["test"])
	}
	if page, err := os.ReadFile(out.Report); err != nil || !strings.Contains(string(page), "<html") {
		t.Errorf("report %q: %v", out.Report, err)
	}
	pkg, err := model.NewRegistry(st).Open(t.Context(), out.Model)
	if err != nil {
		t.Fatal(err)
	}
	if pkg.Card.Run != run.ID || pkg.Card.Test != run.Test || len(pkg.Card.Inputs) != 1 {
		t.Errorf("card = %+v", pkg.Card)
	}
}

func TestTrialsAreReproducible(t *testing.T) {
	recipes(t, "steady")
	path := table(t.TempDir(), 400)
	make := func(seed uint64) ([32]byte, []string) {
		st := openStore(t, t.TempDir())
		l := &log{}
		out, err := Make(t.Context(), st, Options{Path: path, Trials: 8, Seed: seed, Observe: l.observe, Device: testDevice})
		if err != nil {
			t.Fatal(err)
		}
		var configs []string
		for _, e := range l.all(EventScore) {
			configs = append(configs, fmt.Sprint(e.Trial, e.Config, *e.Score))
		}
		b, err := os.ReadFile(filepath.Join(out.Dir, model.ModelFile))
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(b), configs
	}
	sum1, trials1 := make(1)
	sum2, trials2 := make(1)
	_, trials3 := make(2)
	if sum1 != sum2 || !reflect.DeepEqual(trials1, trials2) || len(trials1) != 8 {
		t.Errorf("equal searches differ: %v and %v", trials1, trials2)
	}
	if reflect.DeepEqual(trials1, trials3) {
		t.Error("another seed gave the same trials")
	}
}

func TestBadRecipesAreFailedTrials(t *testing.T) {
	recipes(t, "steady panics diverges lies")
	st := openStore(t, t.TempDir())
	l := &log{}
	if _, err := Make(t.Context(), st, Options{Path: table(t.TempDir(), 200), Trials: 8, Observe: l.observe, Device: testDevice}); err != nil {
		t.Fatal(err)
	}
	why := map[string]string{"panics": "a bug", "diverges": "not numbers", "lies": "differ"}
	failed := map[string]bool{}
	for _, e := range l.all(EventFailed) {
		failed[e.Recipe] = true
		if want := why[e.Recipe]; want == "" || !strings.Contains(e.Message, want) {
			t.Errorf("%s failed with %q", e.Recipe, e.Message)
		}
	}
	if len(failed) != 3 {
		t.Errorf("failed recipes: %v, want three", failed)
	}
}

func TestNothingUsable(t *testing.T) {
	recipes(t, "panics")
	st := openStore(t, t.TempDir())
	_, err := Make(t.Context(), st, Options{Path: table(t.TempDir(), 100), Budget: 3 * time.Second, Device: testDevice})
	if err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Fatalf("err = %v, want what broke", err)
	}
	list, err := train.NewRuns(st).List(t.Context())
	if err != nil || len(list) != 1 || list[0].Status != train.Failed {
		t.Errorf("runs = %+v, %v", list, err)
	}
}

func TestStopKeepsTheBest(t *testing.T) {
	for _, names := range []string{"steady", "steady deaf"} {
		t.Run(names, func(t *testing.T) {
			recipes(t, names)
			home := t.TempDir()
			st := openStore(t, home)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stopped time.Time
			l := &log{}
			l.on = func(e Event) {
				// the deaf recipe comes first, by its name
				if stopped.IsZero() && (e.Event == EventTrial && e.Recipe == "deaf" || names == "steady" && e.Event == EventScore && e.Trial == 5) {
					stopped = time.Now()
					time.AfterFunc(100*time.Millisecond, cancel)
				}
			}
			o := Options{Path: table(t.TempDir(), 600), Budget: time.Minute, Observe: l.observe, Device: testDevice}
			out, err := Make(ctx, st, o)
			if took := time.Since(stopped); took > 2*time.Second {
				t.Errorf("%v from the stop to the end", took)
			}
			if names != "steady" { // stopped in its first trial
				if fault.CodeOf(err) != fault.Unavailable {
					t.Fatalf("err = %v, want that nothing was finished", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := model.NewRegistry(st).Open(t.Context(), out.Model); err != nil {
				t.Error(err)
			}
			if done := l.all(EventDone); len(done) != 1 || done[0].Message == "" || done[0].Model != "points@1" {
				t.Errorf("done = %+v", done)
			}
			goesOn(t, st, o)
		})
	}
}

// goesOn checks that the same search after a stop keeps its trials.
func goesOn(t *testing.T, st *store.Store, o Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := &log{on: func(e Event) {
		if e.Event == EventScore {
			cancel()
		}
	}}
	o.Observe = l.observe
	if _, err := Make(ctx, st, o); err != nil {
		t.Fatal(err)
	}
	if resumed := l.all(EventResume); len(resumed) != 1 || resumed[0].Seconds <= 0 {
		t.Errorf("resumed = %+v", resumed)
	}
	if scored := l.all(EventScore); len(scored) == 0 || scored[0].Trial < 6 {
		t.Errorf("the first new trial is %+v, want one after the fifth", scored)
	}
}

func TestSecondSearchIsRefused(t *testing.T) {
	recipes(t, "steady")
	st := openStore(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := table(t.TempDir(), 200)
	var second, other error
	var once sync.Once
	l := &log{on: func(e Event) {
		if e.Event != EventScore {
			return
		}
		once.Do(func() {
			_, second = Make(t.Context(), st, Options{Path: path, Budget: time.Minute, Device: testDevice})
			_, other = Make(t.Context(), st, Options{Path: path, Trials: 1, Device: testDevice})
			cancel()
		})
	}}
	if _, err := Make(ctx, st, Options{Path: path, Budget: time.Minute, Observe: l.observe, Device: testDevice}); err != nil {
		t.Fatal(err)
	}
	if fault.CodeOf(second) != fault.Conflict {
		t.Errorf("the same search at the same time: %v, want a conflict", second)
	}
	if other != nil {
		t.Errorf("another search at the same time: %v", other)
	}
}

// TestChild is the process that TestResumeAfterKill kills.
func TestChild(t *testing.T) {
	home := os.Getenv("MACAW_TEST_CHILD")
	if home == "" {
		t.Skip("runs in a process of its own")
	}
	st := openStore(t, home)
	l := &log{on: func(e Event) {
		if e.Event == EventScore {
			fmt.Printf("scored %d\n", e.Trial)
		}
	}}
	if _, err := Make(t.Context(), st, Options{Path: filepath.Join(home, "points.csv"), Trials: 40, Observe: l.observe, Device: testDevice}); err != nil {
		t.Fatal(err)
	}
}

func TestResumeAfterKill(t *testing.T) {
	recipes(t, "steady")
	home := t.TempDir()
	path := table(home, 600)
	child := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	child.Env = append(os.Environ(), "MACAW_TEST_CHILD="+home)
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	seen := ""
	for !strings.Contains(seen, "scored 6") {
		n, err := stdout.Read(buf)
		if seen += string(buf[:n]); err != nil {
			t.Fatalf("the child ended: %v\n%s", err, seen)
		}
	}
	child.Process.Kill()
	child.Wait()

	st := openStore(t, home)
	l := &log{}
	if _, err := Make(t.Context(), st, Options{Path: path, Trials: 40, Observe: l.observe, Device: testDevice}); err != nil {
		t.Fatal(err)
	}
	if len(l.all(EventResume)) != 1 {
		t.Error("the run does not say that it goes on")
	}
	first := l.all(EventTrial)[0]
	if first.Trial < 7 || len(l.all(EventScore)) > 34 {
		t.Errorf("the first trial is number %d, %d more were trained", first.Trial, len(l.all(EventScore)))
	}
	list, _ := train.NewRuns(st).List(t.Context())
	if len(list) != 1 || list[0].Status != train.Done {
		t.Errorf("runs = %+v", list)
	}
	// The search is the one that a process in one go makes.
	whole := &log{}
	if _, err := Make(t.Context(), openStore(t, t.TempDir()), Options{Path: path, Trials: 40, Observe: whole.observe, Device: testDevice}); err != nil {
		t.Fatal(err)
	}
	trials, err := train.NewRuns(st).Trials(t.Context(), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	scores := whole.all(EventScore)
	if len(trials) != len(scores) {
		t.Fatalf("%d trials after the resume, %d in one go", len(trials), len(scores))
	}
	for i, row := range trials {
		if row.Number != scores[i].Trial || row.Metric != *scores[i].Score || row.Config["slope"] != scores[i].Config["slope"] {
			t.Errorf("trial %d is %+v, in one go %+v", i+1, row, scores[i])
		}
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"negative trials": {Trials: -1},
		"both":            {Trials: 3, Budget: time.Minute},
		"short":           {Budget: time.Millisecond},
		"bad name":        {Name: "a/b"},
	} {
		if _, err := Make(t.Context(), nil, o); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want a mistake of the user's", name, err)
		}
	}
}
