// Package tabular holds the recipes for tables: gradient-boosted trees, randomised
// trees, linear models, kernel models and networks with embeddings. They share the encoders of
// package feature, so that what is trained and what is exported see the same numbers.
package tabular

import (
	"cmp"
	"context"
	"math"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

// table is a problem with its columns read.
type table struct {
	source  *feature.Source
	target  feature.Target
	train   []int
	val     []int
	device  chip.Device
	threads int
	seed    uint64
}

// fitted is a candidate and the training side's own way to predict.
type fitted struct {
	*toolbox.Candidate
	predict func(rows []int) []float32 // as Candidate.Val, for any rows of the table
}

// fit trains one configuration on t.
type fit func(t *table, ctx context.Context, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*fitted, error)

// fits are the registered recipes' fits by name.
var fits = map[string]fit{}

// register adds a recipe for tables.
func register(r toolbox.Recipe, f fit) {
	fits[r.Name] = f
	r.Tasks = []string{toolbox.TabularClassification, toolbox.TabularRegression}
	r.Fit = func(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
		t, err := open(p)
		if err != nil {
			return nil, err
		}
		if report == nil {
			report = func(toolbox.Progress) {}
		}
		m, err := f(t, ctx, r.Space.Fill(c), b, report)
		if err != nil {
			return nil, err
		}
		return m.Candidate, nil
	}
	toolbox.Register(&r)
}

// open reads the table of p, once for all trials.
func open(p *toolbox.Problem) (*table, error) {
	source, err := toolbox.Get(p.Shared, "tabular/source", func() (*feature.Source, error) {
		t, err := p.Data.Table()
		if err != nil {
			return nil, err
		}
		return feature.NewSource(t), nil
	})
	if err != nil {
		return nil, err
	}
	if len(source.Columns) == 0 {
		return nil, fault.Errorf(fault.Invalid, "The table has no column to predict from; add a column that varies.")
	}
	return &table{
		source: source, target: feature.Target{Classes: len(p.Classes), Labels: p.Labels, Values: p.Targets},
		train: p.Train, val: p.Val, device: p.Device, threads: max(1, p.Threads), seed: p.Seed,
	}, nil
}

func (t *table) regression() bool { return t.target.Classes == 0 }

// outputs is the number of raw outputs that a softmax or nothing follows.
func (t *table) outputs() int { return max(1, t.target.Classes) }

// usable returns an error for people when enc makes no column.
func usable(enc feature.Encoder) error {
	if enc.Width() > 0 {
		return nil
	}
	return fault.Errorf(fault.Invalid, "No column of the table varies in the training rows; bring columns that tell something about the target.")
}

// labels returns the classes of rows.
func (t *table) labels(rows []int) []int32 {
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = t.target.Labels[r]
	}
	return out
}

// numbers returns the targets of rows, or their classes, as numbers.
func (t *table) numbers(rows []int) []float32 {
	out := make([]float32, len(rows))
	for i, r := range rows {
		if t.regression() {
			out[i] = t.target.Values[r]
		} else {
			out[i] = float32(t.target.Labels[r])
		}
	}
	return out
}

// scores are what recipes report of predictions on the validation rows, in the
// form of Candidate.Val.
func (t *table) scores(out []float32) map[string]float64 {
	if len(t.val) == 0 {
		return nil
	}
	if t.regression() {
		sum := 0.0
		for i, r := range t.val {
			d := float64(out[i] - t.target.Values[r])
			sum += d * d
		}
		return map[string]float64{"val_rmse": math.Sqrt(sum / float64(len(t.val))), "val_loss": sum / float64(len(t.val)) / 2}
	}
	right, loss, k := 0, 0.0, t.target.Classes
	for i, r := range t.val {
		p := out[i*k : (i+1)*k]
		if argmax(p) == int(t.target.Labels[r]) {
			right++
		}
		loss -= math.Log(max(float64(p[t.target.Labels[r]]), 1e-15))
	}
	n := float64(len(t.val))
	return map[string]float64{"val_accuracy": float64(right) / n, "val_loss": loss / n}
}

func argmax[T cmp.Ordered](v []T) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// softmax turns raw outputs [N, classes] into probabilities, in place.
func softmax(z []float32, classes int) []float32 {
	for i := 0; i < len(z); i += classes {
		row := z[i : i+classes]
		top, sum := row[argmax(row)], 0.0
		for k, v := range row {
			e := math.Exp(float64(v - top))
			row[k] = float32(e)
			sum += e
		}
		for k := range row {
			row[k] = float32(float64(row[k]) / sum)
		}
	}
	return z
}

// finish turns raw outputs [N, outputs] into predictions or probabilities, in place.
func (t *table) finish(raw []float32) []float32 {
	if t.regression() {
		return raw
	}
	return softmax(raw, t.target.Classes)
}

// output adds the model output for values that are predictions or
// probabilities, float32 [N, outputs].
func (t *table) output(b *onnx.Builder, value string) {
	if t.regression() {
		b.Output("prediction", value, tensor.Float32, "N", 1)
		return
	}
	b.Output("probabilities", value, tensor.Float32, "N", t.target.Classes)
}
