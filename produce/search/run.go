package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/toolbox"
)

// Journal keeps account of trials while they are made.
type Journal interface {
	Start(t *Trial) error
	// Progress is called from several goroutines. fold is the fold that p is about;
	// share is that of the whole trial.
	Progress(t *Trial, fold int, share float64, p toolbox.Progress)
	// Finish may turn a done trial into a failed one.
	Finish(t *Trial) error
}

// Runner carries out a plan.
type Runner struct {
	Plan    *Plan
	Problem *toolbox.Problem
	Folds   []Fold
	Blobs   *store.Blobs
	Journal Journal
	Left    func() time.Duration          // of the search; not called when the plan is by trials
	Device  func(threads int) chip.Device // makes a device; nil leaves Problem.Device
	Trials  []Trial                       // those of sessions before; finished ones are added
	problem []*toolbox.Problem            // by fold, made when first needed
	workers []chip.Device                 // of one thread each, for folds side by side
}

// Run trains what the plan says until it is over or ctx ends, which is no
// error. Failed trials are none either; a journal that cannot be written is.
func (r *Runner) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		var left time.Duration
		if r.Plan.Trials == 0 {
			left = r.Left()
		}
		job, ok := r.Plan.Next(r.Trials, left)
		if !ok {
			return nil
		}
		if err := r.trial(ctx, job, left); err != nil {
			return err
		}
	}
	return nil
}

// number is that of the next trial: a stopped one without a result gives its
// number to its successor, so that a resumed search numbers as one in one go.
func (r *Runner) number() int {
	n := 0
	for _, t := range r.Trials {
		if t.Status != Stopped || t.Artifact != "" {
			n = max(n, t.Number)
		}
	}
	return n + 1
}

func (r *Runner) trial(ctx context.Context, job Job, left time.Duration) error {
	t := Trial{
		Number: r.number(), Recipe: job.Recipe.Name, Config: job.Config, Rung: job.Rung,
		Fidelity: job.Fidelity, Folds: job.Folds, Final: job.Final, All: job.All, Status: Running,
	}
	if err := r.Journal.Start(&t); err != nil {
		return err
	}
	began := time.Now()
	fitCtx, cancel := r.bounded(ctx, job, left)
	defer cancel()
	cands, err := r.fits(fitCtx, job, &t)
	t.Seconds = time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil && (err != nil || cands == nil):
		t.Status, t.Error = Stopped, "stopped"
	case err != nil:
		t.Status, t.Error = Failed, err.Error()
		if fitCtx.Err() != nil {
			t.Error = "it was not finished in the time it could have"
		}
	default:
		if err := r.finish(&t, cands); err != nil {
			return err
		}
		if ctx.Err() != nil {
			t.Status = Stopped // with what it had learnt so far
		}
	}
	err = r.Journal.Finish(&t)
	r.Trials = append(r.Trials, t)
	return err
}

// bounded ends a trial that takes much longer than planned.
func (r *Runner) bounded(ctx context.Context, job Job, left time.Duration) (context.Context, context.CancelFunc) {
	if r.Plan.Trials > 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, r.Plan.bound(r.Trials, job, left))
}

// finish scores a trial and stores its artifact.
func (r *Runner) finish(t *Trial, cands []*toolbox.Candidate) error {
	var samples []int
	var pred []float32
	for f, c := range cands {
		samples = append(samples, r.Folds[f].Val...)
		pred = append(pred, c.Val...)
		t.Steps, t.Share = max(t.Steps, c.Steps), max(t.Share, c.Share)
	}
	t.Note = cands[0].Note
	t.Score, t.Loss = TruthOf(r.Problem, samples).Score(pred)
	t.Crit = Crit(len(r.Problem.Classes), t.Score, t.Loss)
	t.Status = Done
	if t.All {
		if !r.learnt(t) {
			t.Status, t.Error = Failed, "it does worse on what it has learnt from than others on what is new to them"
			return nil
		}
		t.Score, t.Loss, t.Crit = math.NaN(), math.NaN(), 0
	}
	var err error
	t.Artifact, err = writeArtifact(r.Blobs, cands)
	return err
}

// learnt reports whether a trial that learnt from the validation samples does as
// well on them as those of the same configuration that did not.
func (r *Runner) learnt(t *Trial) bool {
	for _, o := range r.Trials {
		if o.Final && o.Status == Done && !o.All && o.Key() == t.Key() && t.Crit > o.Crit+0.05 {
			return false
		}
	}
	return true
}

// fits trains the folds of a job, side by side when there are several.
func (r *Runner) fits(ctx context.Context, job Job, t *Trial) ([]*toolbox.Candidate, error) {
	workers := min(job.Folds, max(1, r.Problem.Threads))
	rounds := (job.Folds + workers - 1) / workers
	budget := toolbox.Budget{Fidelity: job.Fidelity}
	if job.Time > 0 {
		budget.Time = job.Time / time.Duration(rounds)
		if job.Recipe.Anytime {
			t.Limit = budget.Time.Seconds()
		}
	}
	cands := make([]*toolbox.Candidate, job.Folds)
	errs := make([]error, job.Folds)
	shares := newShares(job.Folds)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan int, job.Folds)
	for f := range job.Folds {
		next <- f
	}
	close(next)
	problems := r.problems(job, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for f := range next {
				p := problems(f, w)
				cands[f], errs[f] = fit(ctx, job.Recipe, p, job.Config, budget, func(pr toolbox.Progress) {
					r.Journal.Progress(t, f, shares.set(f, pr.Share), pr)
				})
				shares.set(f, 1)
				if errs[f] != nil {
					cancel() // the other folds are of no use then
				}
			}
		})
	}
	wg.Wait()
	return cands, firstCause(errs)
}

// firstCause returns the first error that is not the echo of another one.
func firstCause(errs []error) error {
	var echo error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			echo = err
		}
	}
	return echo
}

// problems returns what gives the problem of fold f to worker w.
func (r *Runner) problems(job Job, workers int) func(f, w int) *toolbox.Problem {
	if r.problem == nil {
		for _, fold := range r.Folds {
			p := *r.Problem
			p.Train, p.Val = fold.Train, fold.Val
			r.problem = append(r.problem, &p)
		}
	}
	for len(r.workers) < workers && workers > 1 && r.Device != nil {
		r.workers = append(r.workers, r.Device(max(1, r.Problem.Threads/workers)))
	}
	return func(f, w int) *toolbox.Problem {
		p := *r.problem[f]
		p.Seed += job.Seed*1_000_003 + uint64(f)*7919
		if job.All {
			p.Train = slices.Concat(p.Train, p.Val)
		}
		if workers > 1 {
			p.Threads = max(1, r.Problem.Threads/workers)
			if r.Device != nil {
				p.Device = r.workers[w]
			}
		}
		return &p
	}
}

// shares sums up the progress of folds.
type shares struct {
	mu sync.Mutex
	of []float64
}

func newShares(n int) *shares { return &shares{of: make([]float64, n)} }

func (s *shares) set(f int, v float64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[f] = max(s.of[f], min(v, 1))
	sum := 0.0
	for _, v := range s.of {
		sum += v
	}
	return sum / float64(len(s.of))
}

// Usable returns the trials that left a model and a score behind, best first: those of the
// highest rung before others, since what did well with less effort need not do
// well with more.
func Usable(trials []Trial, folds int) []*Trial {
	var full, less []*Trial
	for i := range trials {
		t := &trials[i]
		switch {
		case t.Artifact == "", t.All:
		case t.Rung == top && t.Folds == max(1, folds) && t.Status == Done:
			full = append(full, t)
		default:
			less = append(less, t)
		}
	}
	byCrit(full)
	byCrit(less)
	return append(full, less...)
}

// ErrNone says that no trial succeeded.
func ErrNone(trials []Trial) error {
	for _, t := range trials {
		if t.Status == Failed {
			return fmt.Errorf("every trial failed; the first one: %s", t.Error)
		}
	}
	return errors.New("no trial was finished")
}
