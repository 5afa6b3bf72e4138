package produce

import (
	"context"
	"time"

	"github.com/macaw-ai/macaw/model"
)

// build merges the members' models and describes the result.
func (e *ending) build(ctx context.Context) error {
	var parts []part
	e.parts = nil
	var members []model.Member
	for i, t := range e.trials {
		models, err := e.models(ctx, t)
		if err != nil {
			return err
		}
		for _, m := range models {
			parts = append(parts, part{m, e.weights[i] / float64(len(models))})
		}
		e.parts = append(e.parts, len(models))
		members = append(members, model.Member{Recipe: t.Recipe, Config: t.Config, Weight: e.weights[i], Trial: t.Number})
	}
	var err error
	if e.model, err = merge(e.work.Problem, e.name, parts); err != nil {
		return err
	}
	inputs, err := inputsOf(e.v, e.model, e.exampleText)
	if err != nil {
		return err
	}
	best := e.trials[0]
	e.card = model.Card{
		Name: e.name, Task: e.v.Task, Created: time.Now(), Recipe: best.Recipe, Config: best.Config, Members: members,
		Target: e.v.Target, Dataset: e.v.Ref(), DatasetHash: e.v.Hash, Run: e.book.run.ID,
		Metric: e.book.name, Validation: e.score, Test: unknown, Metrics: map[string]float64{},
		Inputs: inputs, Outputs: model.OutputsOf(len(e.work.Classes)), Classes: e.work.Classes,
		How: e.o.command(), Note: best.Note, Macaw: e.o.Version,
	}
	for name, v := range e.validation {
		e.card.Metrics["validation_"+name] = v
	}
	return nil
}

func (e *ending) exampleText() string {
	r, err := newReader(e.v)
	if err != nil || len(r.texts) == 0 {
		return ""
	}
	return excerpt(r.texts[e.work.Train[0]], 80)
}
