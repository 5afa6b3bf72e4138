// Package produce makes a model of raw data: it imports the data, poses the
// problem, searches for good candidates, averages the best, packs and registers
// the result, measures it once on the test part and draws the report.
package produce

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/train"
)

var unknown = math.NaN()

// maker is one run of Make.
type maker struct {
	o       Options
	st      *store.Store
	v       *data.Version
	work    *assignment
	name    string // of the model
	book    *account
	clock   *schedule
	runner  *search.Runner
	phases  phases
	device  chip.Device
	stopped bool // the user ended the search early
}

// Make turns the data at o.Path into a registered model. When ctx ends, it
// stops the search, keeps the best model so far and returns within two seconds.
// The same call after the process died, or was stopped, goes on where it was. A
// second run of the very same search is fault.Conflict while the first lives.
func Make(ctx context.Context, st *store.Store, o Options) (*Outcome, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &maker{o: o, st: st}
	m.o.Observe(Event{Event: EventStart, Time: time.Now(), Message: o.Path})
	if err := m.read(ctx); err != nil {
		return nil, err
	}
	if err := m.open(ctx); err != nil {
		return nil, err
	}
	defer m.book.own.End()
	out, err := m.make(ctx)
	if err != nil {
		m.failed(ctx, err)
		return nil, err
	}
	return out, nil
}

// read imports the data and poses the problem.
func (m *maker) read(ctx context.Context) error {
	said := map[string]bool{}
	tell := func(message string) {
		if !said[message] {
			said[message] = true
			m.o.Observe(Event{Event: EventFinding, Time: time.Now(), Message: message})
		}
	}
	defer m.phases.begin("import")()
	limitMemory(nil)
	var err error
	m.v, err = data.Import(ctx, m.st, m.o.Path, data.Options{Name: m.o.Name, Target: m.o.Target, Task: m.o.Task, Seed: m.o.Seed, Log: tell})
	if err != nil {
		return err
	}
	for _, f := range m.v.Findings {
		tell(f.Message)
	}
	m.name = m.v.Dataset
	if m.o.Threads <= 0 {
		m.o.Threads = runtime.GOMAXPROCS(0)
	}
	m.device = m.o.Device(m.o.Threads)
	limitMemory(m.v)
	if m.work, err = pose(m.v, m.o.Seed, m.o.Threads, m.device); err != nil {
		return err
	}
	m.o.Observe(Event{Event: EventData, Time: time.Now(), Dataset: m.v.Ref(), Task: m.v.Task, Samples: m.v.Count, Message: m.work.describe()})
	return nil
}

// open begins the run's books, or goes on with those of a run that was stopped.
func (m *maker) open(ctx context.Context) error {
	runs := train.NewRuns(m.st)
	own, err := runs.Begin(ctx, train.Run{
		Name: m.name, DatasetHash: m.v.Hash, Task: m.v.Task, Metric: metricOf(m.work.Regression()), SearchKey: m.o.searchKey(m.v, m.name),
		Seed: m.o.Seed, BudgetSeconds: m.o.Budget.Seconds(), Trials: m.o.Trials,
		Config:     map[string]any{"path": m.o.Path, "command": m.o.command(), "dataset": m.v.Ref()},
		Validation: unknown, Test: unknown,
	})
	if err != nil {
		return err
	}
	m.book = &account{o: &m.o, runs: runs, own: own, work: m.work, name: own.Run.Metric, run: own.Run, check: m.rehearse}
	var trials []search.Trial
	if own.Resumed {
		if trials, err = m.resume(ctx, runs, own.Run); err != nil {
			own.End()
			return err
		}
	}
	m.clock = newSchedule(&m.o, m.work)
	m.book.left = m.clock.left
	m.runner = &search.Runner{
		Plan: m.plan(), Problem: m.work.Problem, Folds: m.work.folds, Blobs: m.st.Blobs, Journal: m.book,
		Left: m.clock.left, Device: m.o.Device, Trials: trials,
	}
	return nil
}

// resume reads what sessions before did; their time counts.
func (m *maker) resume(ctx context.Context, runs *train.Runs, run train.Run) ([]search.Trial, error) {
	rows, err := runs.Trials(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	var trials []search.Trial
	finished := 0
	for _, row := range rows {
		t := trialOf(row)
		if t.Artifact != "" && !m.st.Blobs.Has(t.Artifact) {
			continue
		}
		if t.Status == search.Done || t.Status == search.Failed {
			finished++
		}
		trials = append(trials, t)
	}
	for _, t := range search.Usable(trials, len(m.work.folds)) {
		m.book.best = t
		break
	}
	m.o.Started = m.o.Started.Add(-time.Duration(run.SpentSeconds * float64(time.Second)))
	m.book.tell(Event{
		Event: EventResume, Seconds: run.SpentSeconds,
		Message: fmt.Sprintf("Going on with run %s: %d finished trials are kept, %.0f s were spent.", run.ID, finished, run.SpentSeconds),
	})
	return trials, nil
}

func (m *maker) plan() *search.Plan {
	rows := 0
	for _, f := range m.work.folds {
		rows += len(f.Val)
	}
	return &search.Plan{
		Recipes: toolbox.For(m.work.Problem), Folds: len(m.work.folds), Rows: rows, Learn: len(m.work.folds[0].Train),
		Classes: len(m.work.Classes), Seed: m.o.Seed, Trials: m.o.Trials, Total: m.clock.total(),
		Networks: m.v.Kind == data.KindImage, Whole: len(m.work.folds) == 1 && !m.work.givenVal(),
	}
}

// make searches and hands over.
func (m *maker) make(ctx context.Context) (*Outcome, error) {
	if len(m.runner.Plan.Recipes) == 0 {
		return nil, fault.Errorf(fault.Invalid, "There is no recipe for %s with these samples.", m.v.Task)
	}
	end := m.book.keep()
	searched := m.phases.begin("search")
	err := m.runner.Run(ctx)
	searched()
	end()
	if err != nil {
		return nil, err
	}
	m.stopped = ctx.Err() != nil
	return m.handOver(ctx)
}

// failed writes down why the run made nothing. A run that was stopped can be
// gone on with.
func (m *maker) failed(ctx context.Context, cause error) {
	m.book.mu.Lock()
	defer m.book.mu.Unlock()
	run := &m.book.run
	run.Status, run.Error, run.Finished = train.Failed, fault.MessageOf(cause), time.Now()
	if ctx.Err() != nil {
		run.Status = train.Stopped
	}
	run.SpentSeconds = m.book.spent().Seconds()
	m.book.runs.Update(context.WithoutCancel(ctx), *run) // the cause says more than a second error
}
