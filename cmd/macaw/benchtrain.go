package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/nn/models"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
)

// trainStep is a training step on made-up data.
type trainStep struct {
	exec *graph.Executable
	ins  []*tensor.Tensor
}

func (w *trainStep) run() ([]graph.Span, error) {
	_, spans, err := w.exec.RunTraced(w.ins...)
	return spans, err
}

func (w *trainStep) close() { w.exec.Close() }

// trainModel is a network with the input of one sample.
type trainModel struct {
	batch  int
	dims   []int
	tokens bool // the input is [N,T] ids, and every position has a label
	rule   optim.Rule
	net    func(p *nn.Params) nn.Layer
}

// gptSize makes 10.9 million parameters.
var gptSize = models.GPTConfig{Vocab: 256, Context: 256, Width: 384, Layers: 6, Heads: 6}

var trainModels = map[string]trainModel{
	"mlp":      {batch: 128, dims: []int{784}, rule: optim.SGD{Momentum: 0.9}, net: func(p *nn.Params) nn.Layer { return models.MLP(p, 784, 512, 512, 10) }},
	"lenet":    {batch: 64, dims: []int{28, 28, 1}, rule: optim.SGD{Momentum: 0.9}, net: models.LeNet5},
	"resnet18": {batch: 64, dims: []int{32, 32, 3}, rule: optim.SGD{Momentum: 0.9}, net: models.ResNet18},
	"gpt":      {batch: 8, dims: []int{gptSize.Context}, tokens: true, rule: optim.AdamW{}, net: func(p *nn.Params) nn.Layer { return models.GPT(p, gptSize) }},
}

// newTrainStep compiles the named network's step.
func newTrainStep(name string, batch int, precision graph.Precision, dev chip.Device) (*trainStep, error) {
	m, ok := trainModels[name]
	if !ok {
		return nil, fault.Errorf(fault.Invalid, "There is no built-in training step %q; choose one of %s.", name, strings.Join(slices.Sorted(maps.Keys(trainModels)), ", "))
	}
	if batch > 0 {
		m.batch = batch
	}
	params := nn.NewParams(1)
	shape := append([]int{m.batch}, m.dims...)
	dt, labels := tensor.Float32, []int{m.batch}
	if m.tokens {
		dt, labels = tensor.Int64, shape
	}
	samples, err := madeUp(dt, shape)
	if err != nil {
		return nil, err
	}
	truth, err := madeUp(tensor.Int64, labels)
	if err != nil {
		return nil, err
	}
	w := &trainStep{ins: []*tensor.Tensor{samples, truth, tensor.Of([]float32{0.001}, 1)}}
	var program graph.Program
	err = graph.Trace(func() {
		net := m.net(params)
		g := graph.New(graph.Train)
		x, y := g.Input("x", dt, graph.Ints(shape...)...), g.Input("y", tensor.Int64, graph.Ints(labels...)...)
		rate := g.Input("learning rate", tensor.Float32, graph.Const(1))
		logits, truth := net.Forward(x), y
		if m.tokens {
			logits, truth = graph.Reshape(logits, graph.Const(-1), logits.Dim(-1)), graph.Reshape(y, graph.Const(-1))
		}
		loss := nn.CrossEntropy(logits, truth, 0)
		optim.Apply(loss, params, m.rule, rate, optim.Options{})
		program = graph.Program{Inputs: []*graph.Node{x, y, rate}, Outputs: []*graph.Node{loss}, Precision: precision}
	})
	if err != nil {
		return nil, err
	}
	w.exec, err = graph.Compile(dev, program)
	return w, err
}
