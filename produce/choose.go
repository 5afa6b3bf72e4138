package produce

import (
	"fmt"

	"github.com/macaw-ai/macaw/produce/ensemble"
	"github.com/macaw-ai/macaw/produce/search"
)

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
	e.join()
	e.val = ensemble.Average(pred, members)
	e.score, e.loss = truth.Score(e.val)
	e.validation = e.measure(e.val, e.samples)
	if len(e.trials) > 1 {
		e.book.tell(Event{Event: EventEnsemble, Metric: e.book.name, Score: pointer(e.score), Best: pointer(e.score), Message: fmt.Sprintf("The model averages %d candidates.", len(e.trials))})
	}
	return nil
}

// join adds the training on all samples to the members, if another one of its
// configuration leads them: no score says so, but it has learnt from more. Its
// weight is that of one among equals.
func (e *ending) join() {
	if e.stopped || len(e.trials) >= memberLimit(e.work) {
		return
	}
	for i := range e.runner.Trials {
		t := &e.runner.Trials[i]
		if !t.All || t.Artifact == "" || t.Status != search.Done || t.Key() != e.trials[0].Key() {
			continue
		}
		n := float64(len(e.trials))
		for i := range e.weights {
			e.weights[i] *= n / (n + 1)
		}
		e.trials, e.weights = append(e.trials, t), append(e.weights, 1/(n+1))
		return
	}
}

// lead puts a trial of less effort before the full ones, if on the samples of
// the first fold it is better than the best of them by two standard errors: time
// did not suffice for its other folds, or not for a network.
func (e *ending) lead(usable []*search.Trial) ([]*search.Trial, error) {
	best := usable[0]
	crit := best.Crit
	if best.Folds > 1 {
		pred, err := search.Predictions(e.st.Blobs, best.Artifact, 1)
		if err != nil {
			return nil, err
		}
		score, loss := search.TruthOf(e.work.Problem, e.work.folds[0].Val).Score(pred)
		crit = search.Crit(len(e.work.Classes), score, loss)
	}
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
