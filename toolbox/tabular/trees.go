package tabular

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
	"github.com/macaw-ai/macaw/toolbox/tabular/gbdt"
	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

func init() {
	register(toolbox.Recipe{
		Name:    "boosted-trees",
		Summary: "Gradient-boosted decision trees over histograms.",
		Space: toolbox.Space{
			{Name: "learning_rate", Low: 0.02, High: 0.2, Log: true, Default: 0.06},
			{Name: "leaves", Low: 4, High: 64, Log: true, Integer: true, Default: 24},
			{Name: "min_rows", Low: 2, High: 60, Log: true, Integer: true, Default: 12},
			{Name: "l2", Low: 0.01, High: 30, Log: true, Default: 1.0},
			{Name: "row_share", Low: 0.5, High: 1, Default: 0.8},
			{Name: "column_share", Low: 0.3, High: 1, Default: 0.7},
			{Name: "node_share", Low: 0.4, High: 1, Default: 1.0},
			{Name: "random", Choices: []any{false, true}, Default: false},
			{Name: "smooth", Low: 2, High: 50, Log: true, Default: 10.0},
		},
		Portfolio: []toolbox.Config{
			{"random": true, "leaves": 40, "min_rows": 5, "column_share": 0.9, "row_share": 0.6, "l2": 5.0},
			{"leaves": 24, "node_share": 0.5, "column_share": 0.8, "min_rows": 10, "learning_rate": 0.04, "row_share": 0.6, "l2": 4.0},
			{"leaves": 8, "node_share": 0.3, "column_share": 1.0, "min_rows": 6, "learning_rate": 0.04, "row_share": 0.6, "l2": 4.0},
			{},
		},
	}, (*table).boost)
}

// Limits of boosting: rounds of a full schedule, and nodes, so that a model of
// many classes stays a few megabytes.
const (
	boostRounds    = 1500
	boostNodes     = 600_000
	boostPatience  = 50
	fewRows        = 1500 // below, coarser bins are as good and quicker
	histogramBytes = 200 << 20
	blindRounds    = 150 // without validation rows and without Budget.Steps
)

// boost fits the recipe "boosted-trees".
func (t *table) boost(ctx context.Context, c toolbox.Config, budget toolbox.Budget, report func(toolbox.Progress)) (*fitted, error) {
	enc, x := feature.FitTrees(t.source, t.target, t.train, feature.TreeOptions{OneHot: 8, Smooth: c.Float("smooth"), Seed: t.seed})
	if err := usable(enc); err != nil {
		return nil, err
	}
	opts := gbdt.Options{
		LearningRate: c.Float("learning_rate"), MaxLeaves: c.Int("leaves"), MinRows: c.Int("min_rows"), L2: c.Float("l2"),
		RowShare: c.Float("row_share"), ColumnShare: c.Float("column_share"), NodeShare: c.Float("node_share"),
		Random: c.Bool("random"), Threads: t.threads, Seed: t.seed, Patience: boostPatience,
	}
	switch {
	case t.target.Classes == 2:
		opts.Loss = gbdt.Logistic
	case t.target.Classes > 2:
		opts.Loss, opts.Classes = gbdt.Softmax, t.target.Classes
	}
	opts.MinRows = max(1, min(opts.MinRows, len(t.train)/8))
	opts.Rounds = t.rounds(opts, budget)
	opts.LearningRate = max(opts.LearningRate, min(0.25, 40/float64(fullRounds(opts))))
	if budget.Steps > 0 {
		opts.Patience = 0
	}
	valX := enc.Transform(t.val)
	bins := gbdt.Quantise(x, enc.Width(), t.bins(enc.Width(), opts), t.threads)
	model, err := t.run(ctx, bins, gbdt.Data{X: valX, Y: t.numbers(t.val)}, opts, budget, report)
	if err != nil {
		return nil, err
	}
	b := onnx.NewBuilder("boosted-trees")
	t.source.Declare(b)
	raw := model.Export(b, enc.Export(b))
	if t.target.Classes == 2 {
		p := b.Op("Sigmoid", nil, raw)
		raw = b.Op("Concat", onnx.Attrs{"axis": 1}, b.Op("Sub", nil, b.Float(1), p), p)
	} else if t.target.Classes > 2 {
		raw = b.Op("Softmax", onnx.Attrs{"axis": 1}, raw)
	}
	t.output(b, raw)
	predict := func(rows []int) []float32 {
		return t.probabilities(model.Predict(enc.Transform(rows), t.threads))
	}
	return &fitted{&toolbox.Candidate{Model: b.Model(), Val: predict(t.val), Steps: len(model.Trees) / model.Outputs,
		Note: fmt.Sprintf("%d trees of up to %d leaves", len(model.Trees), opts.MaxLeaves)}, predict}, nil
}

// fullRounds is the length of a full schedule. Where many classes make it short,
// the steps must be larger.
func fullRounds(opts gbdt.Options) int {
	trees := 1
	if opts.Loss == gbdt.Softmax {
		trees = opts.Classes
	}
	return min(boostRounds, max(30, boostNodes/(2*opts.MaxLeaves*trees)))
}

// rounds returns how many rounds the budget allows at most.
func (t *table) rounds(opts gbdt.Options, b toolbox.Budget) int {
	if b.Steps > 0 {
		return b.Steps
	}
	full := fullRounds(opts)
	if len(t.val) == 0 {
		full = min(full, blindRounds)
	}
	if b.Fidelity > 0 && b.Fidelity < 1 {
		full = int(math.Ceil(float64(full) * b.Fidelity))
	}
	return max(10, full)
}

// bins returns how many bins a column may have: fewer for few rows, and so many
// that the histograms of the leaves stay small.
func (t *table) bins(columns int, opts gbdt.Options) int {
	most := 255
	if len(t.train) < fewRows {
		most = 64
	}
	growers := 1
	if opts.Loss == gbdt.Softmax {
		growers = t.threads
	}
	return min(most, max(15, histogramBytes/(8*columns*opts.MaxLeaves*growers)))
}

// run boosts, reports, and stops when the budget's time is up.
func (t *table) run(ctx context.Context, bins *gbdt.Bins, val gbdt.Data, opts gbdt.Options, budget toolbox.Budget, report func(toolbox.Progress)) (*tree.Ensemble, error) {
	start, last := time.Now(), time.Time{}
	opts.Stop = func() bool { return budget.Time > 0 && time.Since(start) > budget.Time }
	return gbdt.Train(ctx, bins, t.numbers(t.train), val, opts, func(r gbdt.Round) {
		if r.Number < opts.Rounds && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		values := t.scores(t.probabilities(append([]float32(nil), r.Scores...)))
		report(toolbox.Progress{Step: r.Number, Epoch: float64(r.Number), Share: float64(r.Number) / float64(opts.Rounds), Values: values})
	})
}

// probabilities turns raw outputs of boosting into those of a candidate.
func (t *table) probabilities(raw []float32) []float32 {
	switch {
	case t.target.Classes == 2:
		out := make([]float32, 2*len(raw))
		for i, v := range raw {
			p := float32(1 / (1 + math.Exp(-float64(v))))
			out[2*i], out[2*i+1] = 1-p, p
		}
		return out
	case t.target.Classes > 2:
		return softmax(raw, t.target.Classes)
	}
	return raw
}
