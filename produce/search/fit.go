package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/toolbox"
)

// grace is how long a recipe may take to notice that it should stop.
const grace = 1200 * time.Millisecond

// errDeaf is the error of a recipe that did not stop when told to; it goes on in
// the background until the process ends.
var errDeaf = errors.New("the recipe did not stop in time")

// Fit trains one configuration on p's own parts, guarded as trials are.
func Fit(ctx context.Context, r *toolbox.Recipe, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget) (*toolbox.Candidate, error) {
	return fit(ctx, r, p, c, b, func(toolbox.Progress) {})
}

// fit trains one configuration on one fold. A panic, a wrong number of
// predictions and predictions that are no numbers are errors.
func fit(ctx context.Context, r *toolbox.Recipe, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
	type outcome struct {
		cand *toolbox.Candidate
		err  error
	}
	ended := make(chan outcome, 1)
	go func() {
		cand, err := guarded(ctx, r, p, c, b, report)
		ended <- outcome{cand, err}
	}()
	var o outcome
	select {
	case o = <-ended:
	case <-ctx.Done():
		select {
		case o = <-ended:
		case <-time.After(grace):
			return nil, errDeaf
		}
	}
	if o.cand == nil && o.err == nil {
		return nil, errors.New("the recipe returned nothing")
	}
	if o.cand == nil || o.err != nil && ctx.Err() == nil {
		return nil, o.err
	}
	return o.cand, check(p, o.cand)
}

func guarded(ctx context.Context, r *toolbox.Recipe, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (cand *toolbox.Candidate, err error) {
	defer func() {
		if v := recover(); v != nil {
			slog.Debug("recipe panicked", "recipe", r.Name, "panic", v, "stack", string(debug.Stack()))
			cand, err = nil, fmt.Errorf("the recipe %s broke: %v", r.Name, v)
		}
	}()
	return r.Fit(ctx, p, c, b, report)
}

func check(p *toolbox.Problem, c *toolbox.Candidate) error {
	switch want := len(p.Val) * max(1, len(p.Classes)); {
	case c.Model == nil:
		return errors.New("the recipe made no model")
	case len(c.Val) != want:
		return fmt.Errorf("the recipe gave %d predictions for validation, not %d", len(c.Val), want)
	case !metric.Finite(c.Val):
		return errors.New("the predictions are not numbers (training diverged)")
	}
	return nil
}
