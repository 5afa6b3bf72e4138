package tabular

import (
	"context"
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
	"github.com/macaw-ai/macaw/train"
)

func init() {
	register(toolbox.Recipe{
		Name:    "network",
		Summary: "A multilayer perceptron over piecewise-linear numbers and category embeddings.",
		Space: toolbox.Space{
			{Name: "lr", Low: 5e-4, High: 1e-2, Log: true, Default: 3e-3},
			{Name: "width", Choices: []any{64, 128, 256, 384}, Default: 256},
			{Name: "depth", Low: 1, High: 3, Integer: true, Default: 2},
			{Name: "dropout", Low: 0, High: 0.5, Default: 0.15},
			{Name: "decay", Low: 1e-3, High: 0.3, Log: true, Default: 0.03},
			{Name: "scaling", Choices: []any{"both", "standard", "quantile"}, Default: "both"},
			{Name: "bins", Low: 4, High: 24, Log: true, Integer: true, Default: 12},
		},
		Portfolio: []toolbox.Config{
			{},
			{"scaling": "standard"},
			{"scaling": "standard", "depth": 3, "dropout": 0.25, "lr": 2e-3},
			{"scaling": "quantile", "width": 128, "decay": 0.1},
		},
		Anytime: true,
	}, (*table).network)
}

// embedAbove is the number of levels above which a category has learned vectors
// rather than a column per level.
const embedAbove = 12

// network fits the recipe "network".
func (t *table) network(ctx context.Context, c toolbox.Config, budget toolbox.Budget, report func(toolbox.Progress)) (*fitted, error) {
	started := time.Now()
	o := t.bounded(feature.DenseOptions{Scaling: feature.Scaling(c.String("scaling")), Bins: c.Int("bins"), MinLevel: 2, OneHot: embedAbove})
	enc, embedded := feature.FitDense(t.source, t.train, o), feature.EmbeddedLevels(t.source, t.train, o)
	if len(embedded) == 0 {
		if err := usable(enc); err != nil {
			return nil, err
		}
	}
	target := newScale(t)
	params := nn.NewParams(t.seed)
	net := newPerceptron(params, enc.Width(), embedded, t.outputs(), c)
	src, val := newSamples(t, enc, embedded, t.train, target), newSamples(t, enc, embedded, t.val, target)
	exec, err := net.compile(t, target)
	if err != nil {
		return nil, err
	}
	defer exec.Close()
	predict := func(ctx context.Context, s *samples) ([]float32, error) {
		return train.Predict(ctx, exec, s, s.inputs()[:len(s.inputs())-1], 256)
	}
	batch := min(max(len(t.train)/24, 24), 128)
	cfg := train.Config{
		Device: t.device, Params: params, Inputs: src.inputs(), Source: src, Loss: t.networkLoss(net),
		Batch: batch, Epochs: epochs(len(t.train)) * fidelity(budget), Steps: budget.Steps, Started: started,
		LR: c.Float("lr"), Optimizer: optim.AdamW{WeightDecay: float32(c.Float("decay"))}, ClipNorm: 1, EMA: 0.98, Seed: t.seed,
		Report: func(p train.Progress) { report(toolbox.Progress(p)) },
	}
	if budget.Time > 0 {
		cfg.Time = budget.Time - min(budget.Time/20, 300*time.Millisecond) // for the export
	}
	if len(t.val) > 0 {
		cfg.Evaluations, cfg.Patience = 25, 8
		if budget.Steps > 0 {
			cfg.Patience = 0
		}
		cfg.Evaluate = func(ctx context.Context) (map[string]float64, error) {
			out, err := predict(ctx, val)
			if err != nil {
				return nil, err
			}
			return t.scores(out), nil
		}
	}
	res, err := train.Loop(ctx, cfg)
	if err != nil {
		return nil, err
	}
	out, err := predict(ctx, val)
	if err != nil {
		return nil, err
	}
	model, err := net.export(t, enc, embedded, target)
	if err != nil {
		return nil, fmt.Errorf("export the network: %w", err)
	}
	return &fitted{&toolbox.Candidate{Model: model, Val: out, Steps: res.Steps, Share: res.Share,
		Note: fmt.Sprintf("%d inputs, %d parameters, %.0f epochs", enc.Width(), params.Count(), res.Epochs)},
		func(rows []int) []float32 {
			exec, err := net.compile(t, target)
			if err != nil {
				panic(err) // it compiled before
			}
			defer exec.Close()
			s := newSamples(t, enc, embedded, rows, target)
			out, err := train.Predict(context.Background(), exec, s, s.inputs()[:len(s.inputs())-1], 256)
			if err != nil {
				panic(err)
			}
			return out
		}}, nil
}

// epochs is the length of the full schedule: fewer for more rows.
func epochs(rows int) float64 {
	switch {
	case rows < 500:
		return 100
	case rows < 4000:
		return 60
	}
	return 40
}

func fidelity(b toolbox.Budget) float64 {
	if b.Fidelity <= 0 {
		return 1
	}
	return b.Fidelity
}

// networkLoss is the mean squared error of scaled targets, or the cross-entropy.
func (t *table) networkLoss(net *perceptron) func(*graph.Graph, []*graph.Node) *graph.Node {
	return func(_ *graph.Graph, in []*graph.Node) *graph.Node {
		y, target := net.forward(in[:len(in)-1]), in[len(in)-1]
		if t.regression() {
			return nn.MSE(graph.Squeeze(y, 1), target)
		}
		return graph.CrossEntropy(y, target, 0)
	}
}

// export writes encoder and network as one model.
func (n *perceptron) export(t *table, enc feature.Encoder, embedded []*feature.Lookup, target scale) (*onnx.Model, error) {
	in, out, err := n.trace(t, target)
	if err != nil {
		return nil, err
	}
	b := onnx.NewBuilder("network")
	t.source.Declare(b)
	feeds := map[*graph.Node]string{}
	if n.dense > 0 {
		feeds[in[0]] = enc.Export(b)
		in = in[1:]
	}
	for i, l := range embedded {
		feeds[in[i]] = feature.ExportCodes(b, l)
	}
	values, err := b.Graph([]*graph.Node{out}, feeds)
	if err != nil {
		return nil, err
	}
	t.output(b, values[0])
	return b.Model(), nil
}

// trace traces the network for inference: predictions or probabilities.
func (n *perceptron) trace(t *table, target scale) (in []*graph.Node, out *graph.Node, err error) {
	err = graph.Trace(func() {
		g := graph.New(graph.Inference)
		for _, i := range n.inputs() {
			in = append(in, g.Input(i.Name, i.DType, graph.Dims("N", i.Dims[0])...))
		}
		out = n.forward(in)
		if t.regression() {
			out = graph.AddScalar(graph.MulScalar(out, target.deviation), target.mean)
		} else {
			out = graph.Softmax(out)
		}
	})
	return in, out, err
}

func (n *perceptron) compile(t *table, target scale) (*graph.Executable, error) {
	in, out, err := n.trace(t, target)
	if err != nil {
		return nil, err
	}
	return graph.Compile(t.device, graph.Program{Inputs: in, Outputs: []*graph.Node{out}})
}

// inputs are those of the network: the encoded columns, then a code for each
// embedded category.
func (n *perceptron) inputs() []train.Input {
	var in []train.Input
	if n.dense > 0 {
		in = append(in, train.Input{Name: "x", DType: tensor.Float32, Dims: []int{n.dense}})
	}
	for i := range n.embed {
		in = append(in, train.Input{Name: fmt.Sprintf("code%d", i), DType: tensor.Int64, Dims: []int{1}})
	}
	return in
}
