package produce

import (
	"context"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/train"
)

// chosen is what the model will be made of.
type chosen struct {
	trials  []*search.Trial // members, the heaviest first
	weights []float64
	parts   []int     // models averaged inside each member
	val     []float32 // outputs on the validated samples
	samples []int     // those samples
	score   float64
	loss    float64
}

// ending is a finished search on its way to the registry.
type ending struct {
	*maker
	chosen
	model      *onnx.Model
	card       model.Card
	validation map[string]float64
	tested     map[string]float64 // nil: not tested
	testVal    []float32          // outputs on the test part
	story      string             // blob: the result as JSON
}

// handOver makes the model of what the search found, tests and registers it and
// writes down what happened. After a stop it does only what is quick.
func (m *maker) handOver(ctx context.Context) (*Outcome, error) {
	usable := search.Usable(m.runner.Trials, len(m.work.folds))
	if len(usable) == 0 {
		if m.stopped {
			return nil, fault.Errorf(fault.Unavailable, "Stopped before a first model was finished; the same command starts again.")
		}
		return nil, search.ErrNone(m.runner.Trials)
	}
	e := &ending{maker: m}
	if err := e.choose(usable); err != nil {
		return nil, err
	}
	packed := m.phases.begin("package")
	if err := e.build(ctx); err != nil && len(e.trials) > 1 {
		e.choose(usable[:1])
		err = e.build(ctx)
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	dir, cleanup, err := m.st.TempDir("model-*")
	if err != nil {
		return nil, err
	}
	defer cleanup()
	if err := model.Write(dir, e.model, e.card); err != nil {
		return nil, err
	}
	packed()
	if err := e.test(ctx, dir); err != nil {
		return nil, err
	}
	return e.register(context.WithoutCancel(ctx), dir)
}

// register moves the package into the registry and closes the run's books.
func (e *ending) register(ctx context.Context, dir string) (*Outcome, error) {
	e.card.Seconds = e.book.spent().Seconds()
	ref, err := model.NewRegistry(e.st).Register(ctx, dir, e.card)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Model: ref}
	reported := e.phases.begin("report")
	out.Result, err = e.result(ctx, ref)
	if err == nil {
		err = e.publish(out)
	}
	reported()
	if err != nil { // the model is there; what is lost is its story
		e.book.tell(Event{Event: EventFinding, Message: "The report could not be written: " + fault.MessageOf(err)})
	}
	if entry, err := model.NewRegistry(e.st).Get(ctx, ref); err == nil {
		out.Dir = entry.Dir
	}
	if err := e.close(ctx, out); err != nil {
		return nil, err
	}
	return out, nil
}

// close writes the run's last row and tells that it is done.
func (e *ending) close(ctx context.Context, out *Outcome) error {
	spent := e.book.spent().Seconds()
	e.book.mu.Lock()
	run := &e.book.run
	run.Status, run.Finished, run.SpentSeconds = train.Done, time.Now(), spent
	if e.stopped {
		run.Status = train.Stopped
	}
	run.Model, run.Validation, run.Test, run.Best = out.Model, e.score, e.card.Test, e.trials[0].Number
	run.ReportBlob = e.story
	last := *run
	e.book.mu.Unlock()
	if err := e.book.runs.Update(ctx, last); err != nil {
		return err
	}
	done := Event{
		Event: EventDone, Task: e.v.Task, Dataset: e.v.Ref(), Model: out.Model, Metric: e.book.name,
		Validation: pointer(e.score), Test: pointer(e.card.Test), Seconds: spent, Report: out.Report,
	}
	if e.stopped {
		done.Message = "Stopped early; the same command goes on from here."
	}
	e.book.tell(done)
	return nil
}
