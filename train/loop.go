package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Loop trains c.Params on c.Source: it compiles one training step (loss,
// gradients, clipping, optimiser, averaging), makes batches ahead of time in the
// background and drives the learning rate by the share of the schedule that is
// done. It evaluates the averaged weights now and then and leaves them in
// c.Params. When the loss stops being finite, training starts once more at a
// fifth of the learning rate, then gives ErrDiverged.
//
// The same configuration without Time gives the same bits, whatever the clock
// and the scheduling of goroutines. When ctx ends, Loop returns its cause after
// the step that is running.
func Loop(ctx context.Context, c Config) (*Result, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	start := c.Params.Tensors()
	folder, restarts := c.Checkpoints, 0
	if secondAttempt(folder) {
		restarts = 1
		c.LR /= 5
	}
	for ; ; restarts++ {
		c.Checkpoints = attempt(folder, restarts)
		st, err := newStepper(&c, start)
		if err != nil {
			return nil, err
		}
		res, err := run(ctx, &c, st)
		st.close()
		if res != nil {
			res.Restarts = restarts
		}
		if !errors.Is(err, ErrDiverged) || restarts == 1 {
			return res, err
		}
		c.LR /= 5
		if err := c.Params.Load(start); err != nil {
			return nil, fmt.Errorf("restart training: %w", err)
		}
	}
}

// stepper is the compiled part of a training run.
type stepper interface {
	// step trains on one batch and returns its loss before the update.
	step(batch []*tensor.Tensor, lr float32) (float64, error)
	// averaged calls f while Params hold the averaged weights.
	averaged(f func() error) error
	// settle leaves the averaged weights in Params for good.
	settle() error
	// save and restore keep one copy of the averaged weights.
	save()
	restore() error
	close()
}

// run is one attempt at the whole schedule.
func run(ctx context.Context, c *Config, st stepper) (*Result, error) {
	r := &runner{c: c, st: st, clock: newClock(c), report: 0.01, evaluate: 0.02}
	k, err := openKeeper(r)
	if err != nil {
		return nil, err
	}
	res, err := r.run(ctx, k)
	if saving := k.close(); err == nil {
		err = saving
	}
	if err != nil {
		return nil, err
	}
	return res, nil
}

// run goes on from where r stands.
func (r *runner) run(ctx context.Context, k *keeper) (*Result, error) {
	c := r.c
	ctx, stop := context.WithCancel(ctx)
	f, wait := startFeed(ctx, c, 1, r.clock.step)
	defer wait()
	defer stop()

	for !r.clock.over() && !r.stale(c.Patience) {
		b, give, err := f.take(ctx)
		if err != nil {
			return nil, k.leave(r, err)
		}
		err = r.step(b)
		give()
		if err != nil {
			return nil, err
		}
		if err := r.observe(ctx); err != nil {
			return nil, err
		}
		if err := k.keep(r); err != nil {
			return nil, err
		}
	}
	return r.finish(ctx)
}

// runner holds what a run has seen so far.
type runner struct {
	c     *Config
	st    stepper
	clock *clock
	lr    float64

	sum      float64 // losses since the last report
	n        int
	loss     float64 // mean of the losses up to the last report
	report   float64 // the share at which to report next
	evaluate float64

	values map[string]float64
	best   float64
	since  int // evaluations since the best one
	evals  int
}

func (r *runner) step(b []*tensor.Tensor) error {
	r.lr = oneCycle(r.clock.share(), r.c.LR, r.c.Warm)
	loss, err := r.st.step(b, float32(r.lr))
	if err != nil {
		return err
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("step %d at learning rate %.3g: %w", r.clock.step, r.lr, ErrDiverged)
	}
	r.sum += loss
	r.n++
	r.clock.tick()
	return nil
}

// observe reports and evaluates when it is time to.
func (r *runner) observe(ctx context.Context) error {
	share := r.clock.share()
	evaluate := r.c.Evaluate != nil && share >= r.evaluate && share < 1
	if share < r.report && !evaluate {
		return nil
	}
	r.report = share + 0.01
	values := r.point()
	if evaluate {
		if err := r.measure(ctx); err != nil {
			return err
		}
		every := 1 / float64(r.c.Evaluations)
		r.evaluate = (math.Round(share/every) + 1) * every
		maps.Copy(values, r.values)
	}
	r.tell(values)
	return nil
}

// point gives the training loss since the last point and the rate.
func (r *runner) point() map[string]float64 {
	if r.n > 0 {
		r.loss, r.sum, r.n = r.sum/float64(r.n), 0, 0
	}
	return map[string]float64{"loss": r.loss, "lr": r.lr}
}

func (r *runner) tell(values map[string]float64) {
	r.c.Report(Progress{
		Step: r.clock.step, Epoch: float64(r.clock.step) / float64(r.c.perEpoch()),
		Share: min(r.clock.share(), 1), Values: values,
	})
}

// measure evaluates the averaged weights and remembers the best ones.
func (r *runner) measure(ctx context.Context) error {
	began := time.Now()
	err := r.st.averaged(func() (err error) {
		r.values, err = r.c.Evaluate(ctx)
		return err
	})
	if err != nil {
		return err
	}
	r.clock.evaluated(time.Since(began))
	r.evals++
	if r.c.Patience == 0 {
		return nil
	}
	v, ok := r.values[r.c.Watch]
	if !ok {
		return fmt.Errorf("train: the evaluation gives no %q to watch", r.c.Watch)
	}
	if r.evals == 1 || v < r.best {
		r.best, r.since = v, 0
		r.st.save()
	} else {
		r.since++
	}
	return nil
}

// stale reports whether patience ran out.
func (r *runner) stale(patience int) bool { return patience > 0 && r.since >= patience }

// finish evaluates a last time, leaves the best weights in Params and sums up.
func (r *runner) finish(ctx context.Context) (*Result, error) {
	values := r.point()
	if r.c.Evaluate != nil && !r.stale(r.c.Patience) {
		if err := r.measure(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.st.settle(); err != nil {
		return nil, err
	}
	if r.c.Patience > 0 && r.since > 0 {
		if err := r.st.restore(); err != nil {
			return nil, err
		}
		var err error
		if r.values, err = r.c.Evaluate(ctx); err != nil {
			return nil, err
		}
	}
	maps.Copy(values, r.values)
	done := r.clock.done()
	r.clock.end()
	r.tell(values)
	step := r.clock.step
	return &Result{Steps: step, Epochs: float64(step) / float64(r.c.perEpoch()), Share: done, Loss: r.loss, Values: r.values}, nil
}
