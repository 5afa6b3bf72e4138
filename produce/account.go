package produce

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/train"
)

// DeviceMaker makes a device that uses so many threads, 0 for all cores.
type DeviceMaker func(threads int) chip.Device

// account keeps the books of a run: rows of trials and points of their curves in
// the database, events to whoever observes. It is the search's Journal.
type account struct {
	o    *Options
	runs *train.Runs
	own  *train.Ownership
	work *assignment
	name string // of the metric

	mu     sync.Mutex
	run    train.Run // guarded; written to the database once a second
	open   int       // number of the trial that runs, 0 for none
	began  time.Time // of the trial
	best   *search.Trial
	points []train.Point
	shown  time.Time // when progress was last told

	left  func() time.Duration
	check func(t *search.Trial) error // tries a finished trial's model out
}

// heartbeat is how often what was spent so far is written down.
const heartbeat = time.Second

// keep starts writing the books once a second; the returned function ends it.
func (a *account) keep() (end func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				a.flush() // a full disk shows when a trial ends
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// flush writes points and time spent.
func (a *account) flush() error {
	a.mu.Lock()
	points := a.points
	a.points = nil
	a.run.SpentSeconds = a.spent().Seconds()
	run := a.run
	a.mu.Unlock()
	if err := a.runs.AddPoints(context.Background(), run.ID, points); err != nil {
		return err
	}
	return a.runs.Update(context.Background(), run)
}

// spent is the wall clock of this session and those before.
func (a *account) spent() time.Duration { return time.Since(a.o.Started) }

// Start implements search.Journal.
func (a *account) Start(t *search.Trial) error {
	a.mu.Lock()
	a.open, a.began, a.shown = t.Number, time.Now(), time.Time{}
	a.mu.Unlock()
	if err := a.runs.AddTrial(context.Background(), a.row(t)); err != nil {
		return err
	}
	a.tell(Event{Event: EventTrial, Trial: t.Number, Recipe: t.Recipe, Config: t.Config, Rung: t.Rung, Effort: a.effort(t)})
	return nil
}

// Progress implements search.Journal. The points are those of the first fold.
func (a *account) Progress(t *search.Trial, fold int, share float64, p toolbox.Progress) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open != t.Number {
		return // a recipe that did not stop
	}
	values := p.Values
	if t.All { // what it answers to samples that it has learnt from says nothing
		values = maps.Clone(values)
		maps.DeleteFunc(values, func(name string, _ float64) bool { return strings.HasPrefix(name, "val_") })
	}
	if fold == 0 {
		for name, v := range values {
			a.points = append(a.points, train.Point{Trial: t.Number, Step: p.Step, Name: name, Value: v, At: time.Now()})
		}
	}
	if time.Since(a.shown) < 200*time.Millisecond && share < 1 {
		return
	}
	a.shown = time.Now()
	e := Event{Event: EventProgress, Trial: t.Number, Recipe: t.Recipe, Progress: share, Values: finite(values)}
	a.tellLocked(e)
}

func finite(values map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for k, v := range values {
		if pointer(v) != nil {
			out[k] = v
		}
	}
	return out
}

// Finish implements search.Journal.
func (a *account) Finish(t *search.Trial) error {
	if t.Status == search.Done {
		if err := a.check(t); err != nil {
			t.Status, t.Error, t.Artifact = search.Failed, err.Error(), ""
		}
	}
	a.mu.Lock()
	a.open = 0
	if t.Artifact != "" && !t.All && (a.best == nil || t.Rung > a.best.Rung || t.Rung == a.best.Rung && t.Crit < a.best.Crit) {
		a.best = t
		a.run.Best, a.run.Validation = t.Number, t.Score
	}
	a.mu.Unlock()
	if err := a.runs.FinishTrial(context.Background(), a.row(t)); err != nil {
		return err
	}
	if err := a.flush(); err != nil {
		return err
	}
	e := Event{Event: EventScore, Trial: t.Number, Recipe: t.Recipe, Config: t.Config, Rung: t.Rung, Effort: a.effort(t), Message: t.Note, Seconds: t.Seconds}
	switch {
	case t.Status == search.Failed:
		e.Event, e.Message = EventFailed, t.Error
	case t.Artifact != "":
		e.Score = pointer(t.Score)
	default:
		return nil // stopped with nothing to show
	}
	a.tell(e)
	return nil
}

// effort says what a trial lacks of a full one.
func (a *account) effort(t *search.Trial) string {
	switch {
	case t.All:
		return "all samples learnt from, none left to score by"
	case t.Fidelity < 1 && !t.Final:
		return fmt.Sprintf("%.0f %% of the schedule", 100*t.Fidelity)
	case t.Folds < len(a.work.folds):
		return fmt.Sprintf("%d of %d folds", t.Folds, len(a.work.folds))
	}
	return ""
}

func (a *account) tell(e Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tellLocked(e)
}

func (a *account) tellLocked(e Event) {
	e.Time, e.Run = time.Now(), a.run.ID
	switch e.Event {
	case EventProgress, EventScore, EventTrial, EventFailed:
		e.Metric = a.name
		if a.best != nil {
			e.Best = pointer(a.best.Score)
		}
		if a.o.Budget > 0 {
			e.SecondsLeft = pointer(max(0, (a.o.Budget - a.spent()).Seconds()))
		}
	}
	a.o.Observe(e)
}

// row is a trial as the database keeps it.
func (a *account) row(t *search.Trial) train.Trial {
	row := train.Trial{
		Run: a.run.ID, Number: t.Number, Recipe: t.Recipe, Config: t.Config, Rung: t.Rung, Fidelity: t.Fidelity,
		Status: train.Status(t.Status), Metric: t.Score, Loss: t.Loss, Seconds: t.Seconds, Steps: t.Steps, Artifact: t.Artifact,
		Detail: map[string]any{"folds": t.Folds, "crit": t.Crit, "limit": t.Limit, "final": t.Final, "all": t.All, "share": t.Share, "effort": a.effort(t), "note": t.Note, "error": t.Error},
	}
	if t.Artifact == "" {
		row.Metric, row.Loss = unknown, unknown
	}
	return row
}

// trialOf is the inverse of row.
func trialOf(row train.Trial) search.Trial {
	t := search.Trial{
		Number: row.Number, Recipe: row.Recipe, Config: row.Config, Rung: row.Rung, Fidelity: row.Fidelity,
		Status: string(row.Status), Score: row.Metric, Loss: row.Loss, Seconds: row.Seconds, Steps: row.Steps, Artifact: row.Artifact,
	}
	number := func(key string) float64 { v, _ := row.Detail[key].(float64); return v }
	t.Folds, t.Crit, t.Limit, t.Share = int(number("folds")), number("crit"), number("limit"), number("share")
	t.Final, _ = row.Detail["final"].(bool)
	t.All, _ = row.Detail["all"].(bool)
	t.Note, _ = row.Detail["note"].(string)
	t.Error, _ = row.Detail["error"].(string)
	return t
}
