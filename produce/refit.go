package produce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
)

// Folds choose a configuration; the model itself may then be the average of the
// fold models, or one that learns anew from all samples. Trees and networks gain
// from averaging. Linear models of texts do not, and their vocabularies are most
// of a package: they learn anew.

// learnsAnew reports whether trials of a recipe are fitted again for the package.
func (a *assignment) learnsAnew(r *toolbox.Recipe) bool {
	return len(a.folds) > 1 && a.version.Kind == data.KindText && r != nil && !r.Anytime
}

// models gives the models of a member: its folds', or one fitted to all samples.
func (e *ending) models(ctx context.Context, t *search.Trial) ([]*onnx.Model, error) {
	r := toolbox.Lookup(t.Recipe)
	if e.stopped || !e.work.learnsAnew(r) || !e.clock.allowsFit(t) {
		return search.Models(e.st.Blobs, t.Artifact, t.Folds)
	}
	m, err := e.refit(ctx, r, t)
	if err != nil { // the fold models are as good as they were
		e.book.tell(Event{Event: EventFinding, Message: fmt.Sprintf("Trial %d keeps its fold models: learning from all samples failed (%v).", t.Number, err)})
		return search.Models(e.st.Blobs, t.Artifact, t.Folds)
	}
	return []*onnx.Model{m}, nil
}

// refit fits a trial's configuration to all samples but the test's, and checks
// on those of the first fold, which it has learnt from, that it has.
func (e *ending) refit(ctx context.Context, r *toolbox.Recipe, t *search.Trial) (*onnx.Model, error) {
	p := *e.work.Problem
	p.Train, p.Val = append(append([]int(nil), e.work.Train...), e.work.Val...), e.work.folds[0].Val
	c, err := search.Fit(ctx, r, &p, t.Config, toolbox.Budget{Fidelity: 1})
	if err != nil {
		return nil, err
	}
	truth := search.TruthOf(&p, p.Val)
	score, loss := truth.Score(c.Val)
	if crit := search.Crit(truth.Classes, score, loss); crit > t.Crit+0.05 {
		return nil, errors.New("it does worse on what it has learnt from")
	}
	if !metric.Finite(c.Val) {
		return nil, errors.New("its answers are not numbers")
	}
	return c.Model, nil
}

// allowsFit reports whether one more fit like those of t ends in time, with what
// comes after it.
func (s *schedule) allowsFit(t *search.Trial) bool {
	return s.o.Budget == 0 || seconds(fitSeconds(t, s.o.Threads))+s.after() < s.o.Budget-time.Since(s.o.Started)
}

// fitSeconds is what one fit to all samples takes, by a trial of folds that were
// fitted side by side.
func fitSeconds(t *search.Trial, threads int) float64 {
	rounds := (t.Folds + threads - 1) / max(1, threads)
	return 1.3 * t.Seconds / float64(max(1, rounds)) * float64(t.Folds) / float64(max(1, t.Folds-1))
}
