package tabular

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
	"github.com/macaw-ai/macaw/toolbox/tabular/forest"
)

func init() {
	register(toolbox.Recipe{
		Name:    "random-trees",
		Summary: "A forest of extremely randomised trees.",
		Space: toolbox.Space{
			{Name: "columns", Low: 0.1, High: 1, Default: 0.4}, // share of the columns tried at a node
			{Name: "min_rows", Low: 1, High: 16, Log: true, Integer: true, Default: 2},
			{Name: "smooth", Low: 2, High: 50, Log: true, Default: 10.0},
		},
		Portfolio: []toolbox.Config{
			{},
			{"columns": 0.9, "min_rows": 4},
			{"columns": 0.25, "min_rows": 1},
		},
	}, (*table).forest)
}

const (
	forestTrees = 120
	forestNodes = 400_000 // a model of many rows stays a few megabytes
)

// forest fits the recipe "random-trees".
func (t *table) forest(ctx context.Context, c toolbox.Config, budget toolbox.Budget, report func(toolbox.Progress)) (*fitted, error) {
	start := time.Now()
	enc, x := feature.FitTrees(t.source, t.target, t.train, feature.TreeOptions{OneHot: 8, Smooth: c.Float("smooth"), Seed: t.seed})
	if err := usable(enc); err != nil {
		return nil, err
	}
	opts := forest.Options{
		Classes: t.target.Classes, Trees: forestTrees, MinRows: c.Int("min_rows"), MaxNodes: forestNodes,
		Columns: int(math.Ceil(c.Float("columns") * float64(enc.Width()))), Threads: t.threads, Seed: t.seed,
		Stop: func() bool { return budget.Time > 0 && time.Since(start) > budget.Time },
	}
	if budget.Fidelity > 0 && budget.Fidelity < 1 {
		opts.Trees = max(20, int(forestTrees*budget.Fidelity))
	}
	if budget.Steps > 0 {
		opts.Trees, opts.MaxNodes = budget.Steps, 0
	}
	model, err := forest.Train(ctx, x, enc.Width(), t.numbers(t.train), opts, func(trees int) {
		report(toolbox.Progress{Step: trees, Epoch: float64(trees), Share: float64(trees) / float64(opts.Trees)})
	})
	if err != nil {
		return nil, err
	}
	b := onnx.NewBuilder("random-trees")
	t.source.Declare(b)
	t.output(b, model.Export(b, enc.Export(b)))
	predict := func(rows []int) []float32 { return model.Predict(enc.Transform(rows), t.threads) }
	val := predict(t.val)
	report(toolbox.Progress{Step: len(model.Trees), Epoch: float64(len(model.Trees)), Share: 1, Values: t.scores(val)})
	return &fitted{&toolbox.Candidate{Model: b.Model(), Val: val, Steps: len(model.Trees),
		Note: fmt.Sprintf("%d trees, %d nodes", len(model.Trees), model.Nodes())}, predict}, nil
}
