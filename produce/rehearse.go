package produce

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
)

// rehearsal is the number of validation samples that a rehearsal predicts.
const rehearsal = 256

// rehearse tries out the first trial of each recipe, and every long one, as it
// would be served: its answers must be those of training, and the time that it
// takes tells how long packaging and test will last.
func (m *maker) rehearse(t *search.Trial) error {
	info, err := os.Stat(m.st.Blobs.Path(t.Artifact))
	if err != nil {
		return err
	}
	m.clock.weigh(t, info.Size())
	if m.work.learnsAnew(toolbox.Lookup(t.Recipe)) {
		m.clock.refit = max(m.clock.refit, fitSeconds(t, m.o.Threads)/t.Fidelity)
	}
	if _, known := m.clock.speed[t.Recipe]; known && !t.Final {
		return nil
	}
	began := time.Now()
	models, err := search.Models(m.st.Blobs, t.Artifact, 1)
	if err != nil {
		return err
	}
	merged, err := merge(m.work.Problem, m.name, []part{{models[0], 1}})
	if err != nil {
		return err
	}
	pr, err := m.predictor(merged)
	if err != nil {
		return err
	}
	defer pr.Close()
	m.clock.handled += time.Since(began)
	m.clock.bytes += max(1<<16, info.Size()/int64(max(1, t.Folds)))
	want, err := search.Predictions(m.st.Blobs, t.Artifact, 1)
	if err != nil {
		return err
	}
	r, err := newReader(m.v)
	if err != nil {
		return err
	}
	defer r.close()
	val := m.work.folds[0].Val
	val = val[:min(rehearsal, len(val))]
	var got []float32
	for range 2 { // the first pass compiles
		began := time.Now()
		if got, err = m.predict(context.Background(), pr, r, val); err != nil {
			return err
		}
		m.clock.speed[t.Recipe] = max(time.Since(began).Seconds()/float64(max(1, len(val))), 1e-7)
	}
	return m.agree(got, want[:len(got)])
}

// agree reports predictions that differ by more than rounding.
func (m *maker) agree(got, want []float32) error {
	limit := 2e-3
	if m.work.Regression() {
		limit *= 1 + math.Sqrt(metric.Variance(want))
		for _, v := range want {
			limit = max(limit, 1e-4*math.Abs(float64(v)))
		}
	}
	if d := differ(got, want); !(d <= limit) {
		return fmt.Errorf("the packaged model's answers differ by %.3g from those in training", d)
	}
	return nil
}

// predictor serves a model that is not in a package yet.
func (m *maker) predictor(merged *onnx.Model) (*model.Predictor, error) {
	inputs, err := inputsOf(m.v, merged, func() string { return "" })
	if err != nil {
		return nil, err
	}
	s, err := onnx.NewSession(merged, m.device)
	if err != nil {
		return nil, err
	}
	card := model.Card{Name: m.name, Task: m.v.Task, Classes: m.work.Classes, Inputs: inputs}
	return model.PredictorOn(card, m.name, s), nil
}

func (m *maker) predict(ctx context.Context, pr *model.Predictor, r *reader, samples []int) ([]float32, error) {
	return predict(ctx, pr, r, samples, len(m.work.Classes), m.o.Threads, m.center())
}

// center is the mean target, for rows that get no answer.
func (m *maker) center() float32 {
	if !m.work.Regression() {
		return 0
	}
	sum := 0.0
	for _, i := range m.work.Train {
		sum += float64(m.work.Targets[i])
	}
	return float32(sum / float64(max(1, len(m.work.Train))))
}
