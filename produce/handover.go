package produce

import (
	"context"
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/ensemble"
	"github.com/macaw-ai/macaw/produce/metric"
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

// choose picks the members by their outputs on validation.
func (e *ending) choose(usable []*search.Trial) error {
	defer e.phases.begin("ensemble")()
	usable, err := e.lead(usable)
	if err != nil {
		return err
	}
	best := usable[0]
	for _, f := range e.work.folds[:best.Folds] {
		e.samples = append(e.samples, f.Val...)
	}
	truth := search.TruthOf(e.work.Problem, e.samples)
	pool := e.pool(usable)
	var pred [][]float32
	for _, t := range pool {
		p, err := search.Predictions(e.st.Blobs, t.Artifact, t.Folds)
		if err != nil {
			return err
		}
		if len(p) != truth.Rows()*truth.Width() {
			return fmt.Errorf("trial %d left %d predictions, not %d", t.Number, len(p), truth.Rows()*truth.Width())
		}
		pred = append(pred, p)
	}
	members := ensemble.Choose(pred, truth, ensemble.Options{Members: memberLimit(e.work)}, e.o.Seed)
	e.trials, e.weights = nil, nil
	for _, m := range members {
		e.trials = append(e.trials, pool[m.Index])
		e.weights = append(e.weights, m.Weight)
	}
	e.val = ensemble.Average(pred, members)
	e.score, e.loss = truth.Score(e.val)
	e.validation = e.measure(e.val, e.samples)
	if len(members) > 1 {
		e.book.tell(Event{Event: EventEnsemble, Metric: e.book.name, Score: pointer(e.score), Best: pointer(e.score), Message: fmt.Sprintf("The model averages %d candidates.", len(members))})
	}
	return nil
}

// lead puts a trial of one fold before those of all, if on that fold it is better
// than the best of them by two standard errors: time did not suffice for its
// other folds.
func (e *ending) lead(usable []*search.Trial) ([]*search.Trial, error) {
	best := usable[0]
	if best.Folds < 2 {
		return usable, nil
	}
	pred, err := search.Predictions(e.st.Blobs, best.Artifact, 1)
	if err != nil {
		return nil, err
	}
	classes := len(e.work.Classes)
	score, loss := search.TruthOf(e.work.Problem, e.work.folds[0].Val).Score(pred)
	crit := search.Crit(classes, score, loss)
	for i, t := range usable {
		if t.Folds == 1 && t.Status == search.Done && t.Crit < crit-2*e.runner.Plan.Margin(crit, t.Rung) {
			return usable[i:], nil // the best of one fold: they are sorted
		}
	}
	return usable, nil
}

// pool is what an ensemble is chosen from: the best trials that were validated
// on all samples, some of each recipe among them. After a stop there is no time
// to choose.
func (e *ending) pool(usable []*search.Trial) []*search.Trial {
	best := usable[0]
	if e.stopped || best.Status != search.Done {
		return usable[:1]
	}
	var pool []*search.Trial
	of := map[string]int{}
	for _, t := range usable {
		if t.Rung != best.Rung || t.Folds != best.Folds || t.Status != search.Done {
			continue
		}
		of[t.Recipe]++
		if len(pool) < 16 || of[t.Recipe] <= 3 && len(pool) < 30 {
			pool = append(pool, t)
		}
	}
	return pool
}

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

// quickTest is what a test may take after a stop.
const quickTest = 400 * time.Millisecond

// test measures the package in dir on the test part: the one time that a run
// looks at it. The samples go through the code that serves.
func (e *ending) test(ctx context.Context, dir string) error {
	if len(e.work.test) == 0 || e.stopped && !e.testIsQuick() {
		return nil
	}
	defer e.phases.begin("test")()
	if e.stopped {
		ctx = context.WithoutCancel(ctx)
	}
	pkg, err := model.Open(dir)
	if err != nil {
		return err
	}
	pr, err := model.NewPredictor(pkg, e.device)
	if err != nil {
		return err
	}
	defer pr.Close()
	r, err := newReader(e.v)
	if err != nil {
		return err
	}
	defer r.close()
	e.testVal, err = e.predict(ctx, pr, r, e.work.test)
	if err != nil {
		if ctx.Err() != nil {
			e.stopped, e.testVal = true, nil
			return nil
		}
		return err
	}
	e.tested = e.measure(e.testVal, e.work.test)
	e.card.Test = e.tested[e.book.name]
	for name, v := range e.tested {
		e.card.Metrics["test_"+name] = v
	}
	e.book.tell(Event{Event: EventTest, Metric: e.book.name, Test: pointer(e.card.Test), Samples: len(e.work.test)})
	return nil
}

func (e *ending) testIsQuick() bool {
	models := 0
	for _, t := range e.trials {
		models += t.Folds
	}
	seconds := e.clock.speed[e.trials[0].Recipe] * float64(len(e.work.test)*models)
	return seconds > 0 && seconds < quickTest.Seconds()
}

func (e *ending) measure(out []float32, samples []int) map[string]float64 {
	truth := search.TruthOf(e.work.Problem, samples)
	if truth.Classes == 0 {
		return metric.OfValues(out, truth.Targets)
	}
	return metric.OfClasses(out, truth.Labels, truth.Classes)
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
