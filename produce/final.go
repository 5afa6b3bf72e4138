package produce

import (
	"context"
	"time"

	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/produce/search"
)

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
