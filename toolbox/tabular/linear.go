package tabular

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/linear"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
	"github.com/macaw-ai/macaw/toolbox/tabular/ridge"
)

func init() {
	register(toolbox.Recipe{
		Name:    "linear",
		Summary: "Ridge or logistic regression on scaled numbers and one-hot categories.",
		Space: toolbox.Space{
			{Name: "scaling", Choices: []any{"standard", "quantile", "piecewise"}, Default: "standard"},
			{Name: "bins", Low: 3, High: 16, Log: true, Integer: true, Default: 6},
			{Name: "min_level", Low: 1, High: 20, Log: true, Integer: true, Default: 3},
		},
		Portfolio: []toolbox.Config{
			{},
			{"scaling": "piecewise"},
			{"scaling": "quantile"},
		},
	}, (*table).linear)
}

// strengths are the regularisations that are tried, strongest first, so that
// each fit starts from a nearby solution. Budget.Steps of n replays strengths[n-1].
var strengths = []float64{1000, 300, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03}

const linearIterations = 200

// linear fits the recipe "linear".
func (t *table) linear(ctx context.Context, c toolbox.Config, budget toolbox.Budget, report func(toolbox.Progress)) (*fitted, error) {
	enc := feature.FitDense(t.source, t.train, t.bounded(feature.DenseOptions{
		Scaling: feature.Scaling(c.String("scaling")), Bins: c.Int("bins"), MinLevel: c.Int("min_level")}))
	if err := usable(enc); err != nil {
		return nil, err
	}
	solve, err := t.solver(ctx, enc.Transform(t.train), enc.Width())
	if err != nil {
		return nil, err
	}
	model, step, val, err := t.path(solve, enc.Transform(t.val), budget, report)
	if err != nil {
		return nil, err
	}
	b := onnx.NewBuilder("linear")
	t.source.Declare(b)
	t.output(b, t.exportLinear(b, enc.Export(b), model))
	predict := func(rows []int) []float32 { return t.finish(linearScores(model, enc.Transform(rows))) }
	return &fitted{&toolbox.Candidate{Model: b.Model(), Val: val, Steps: step,
		Note: fmt.Sprintf("%d columns, L2 %g", enc.Width(), strengths[step-1])}, predict}, nil
}

// denseCells bounds the matrix of a dense encoder, 4 bytes each.
const denseCells = 40_000_000

// bounded narrows what o makes of categories and texts where rows are many.
func (t *table) bounded(o feature.DenseOptions) feature.DenseOptions {
	columns := 1
	for _, c := range t.source.Columns {
		if c.Strings != nil {
			columns++
		}
	}
	share := max(2, denseCells/len(t.train)/columns)
	o.MaxLevels, o.Words = min(200, share), min(300, share)
	return o
}

// solver returns a function that fits x and the training labels with a strength.
func (t *table) solver(ctx context.Context, x []float32, width int) (func(l2 float64) (*linear.Model, error), error) {
	if t.regression() {
		r, err := ridge.New(ctx, x, width, t.numbers(t.train), t.threads)
		if err != nil {
			return nil, err
		}
		return r.Solve, nil
	}
	rows, y := linear.Dense(x, width), t.labels(t.train)
	var last *linear.Model // each fit starts from the one before
	return func(l2 float64) (*linear.Model, error) {
		m, err := linear.Logistic(ctx, rows, y, t.target.Classes, linear.Options{
			L2: l2 / float64(len(y)), MaxIter: linearIterations, Threads: t.threads, Start: last})
		if err == nil {
			last = m
		}
		return m, err
	}, nil
}

// linearScores returns the raw outputs [rows, outputs] of m for x [rows, columns].
func linearScores(m *linear.Model, x []float32) []float32 {
	rows := linear.Dense(x, m.Cols)
	out := make([]float32, rows.Len()*m.Outputs)
	for r := range rows.Len() {
		columns, values := rows.Row(r)
		m.Scores(columns, values, out[r*m.Outputs:(r+1)*m.Outputs])
	}
	return out
}

// path fits with each strength and keeps what is best on the validation rows; it
// ends when two weaker ones in a row are worse, or the time is up. step replays
// the choice.
func (t *table) path(solve func(float64) (*linear.Model, error), x []float32, budget toolbox.Budget, report func(toolbox.Progress)) (best *linear.Model, step int, val []float32, err error) {
	least, worse, start := math.Inf(1), 0, time.Now()
	for i, l2 := range strengths {
		fixed := budget.Steps
		if fixed == 0 && len(t.val) == 0 {
			fixed = 6
		}
		if fixed > 0 && i != min(fixed, len(strengths))-1 {
			continue
		}
		m, err := solve(l2)
		if err != nil {
			return nil, 0, nil, err
		}
		out := t.finish(linearScores(m, x))
		values := t.scores(out)
		report(toolbox.Progress{Step: i + 1, Epoch: float64(i + 1), Share: float64(i+1) / float64(len(strengths)), Values: values})
		if loss, ok := values["val_loss"]; !ok || loss < least {
			best, step, val, least, worse = m, i+1, out, loss, 0
		} else if worse++; worse == 2 {
			break
		}
		if budget.Time > 0 && time.Since(start) > budget.Time {
			break
		}
	}
	return best, step, val, nil
}

// exportLinear adds m on x [N, Cols] and returns probabilities or predictions.
func (t *table) exportLinear(b *onnx.Builder, x string, m *linear.Model) string {
	y := b.Op("MatMul", nil, x, b.Const(tensor.Of(m.W, m.Cols, m.Outputs)))
	y = b.Op("Add", nil, y, b.Const(tensor.Of(m.B, m.Outputs)))
	if t.regression() {
		return y
	}
	return b.Op("Softmax", onnx.Attrs{"axis": 1}, y)
}
