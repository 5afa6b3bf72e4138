package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
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

var trainModels = map[string]trainModel{
	"lenet":    {batch: 32, dims: []int{28, 28, 1}, rule: optim.SGD{Momentum: 0.9}, net: lenet5},
	"resnet18": {batch: 32, dims: []int{32, 32, 3}, rule: optim.SGD{Momentum: 0.9}, net: resnet18},
	"gpt":      {batch: 4, dims: []int{gptContext}, tokens: true, rule: optim.AdamW{}, net: gpt},
}

// newTrainStep compiles the named network's step.
func newTrainStep(name string, batch int, dev chip.Device) (workload, error) {
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
		program = graph.Program{Inputs: []*graph.Node{x, y, rate}, Outputs: []*graph.Node{loss}}
	})
	if err != nil {
		return nil, err
	}
	w.exec, err = graph.Compile(dev, program)
	return w, err
}

// lenet5 is the network of LeCun et al. 1998 with ReLU and maximum pooling.
func lenet5(p *nn.Params) nn.Layer {
	relu, pool := nn.Act("relu"), nn.MaxPool(graph.PoolOptions{Size: 2})
	return nn.Sequential{
		nn.NewConv2D(p.Sub("conv1"), 1, 6, 5, nn.ConvOptions{Pad: 2}), relu, pool,
		nn.NewConv2D(p.Sub("conv2"), 6, 16, 5, nn.ConvOptions{}), relu, pool, nn.Flatten,
		nn.NewLinear(p.Sub("fc1"), 400, 120), relu, nn.NewLinear(p.Sub("fc2"), 120, 84), relu, nn.NewLinear(p.Sub("fc3"), 84, 10)}
}

// resnet18 has the blocks of He et al. 2016, arXiv:1512.03385, with the stem
// for images of 32 by 32: a 3 by 3 convolution and no pooling.
func resnet18(p *nn.Params) nn.Layer {
	net := nn.Sequential{nn.NewConv2D(p.Sub("stem"), 3, 64, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("norm"), 64), nn.Act("relu")}
	in := 64
	for stage, out := range []int{64, 128, 256, 512} {
		for i := range 2 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			net = append(net, residual(p.Subf("stage%d", stage+1).Subf("block%d", i+1), in, out, stride))
			in = out
		}
	}
	return append(net, nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), in, 10))
}

func residual(p *nn.Params, in, out, stride int) nn.Layer {
	o := nn.ConvOptions{Stride: stride, Pad: 1, NoBias: true}
	conv1, norm1 := nn.NewConv2D(p.Sub("conv1"), in, out, 3, o), nn.NewBatchNorm(p.Sub("norm1"), out)
	o.Stride = 1
	conv2, norm2 := nn.NewConv2D(p.Sub("conv2"), out, out, 3, o), nn.NewBatchNorm(p.Sub("norm2"), out)
	short := nn.Sequential{}
	if stride != 1 || in != out {
		short = nn.Sequential{nn.NewConv2D(p.Sub("short"), in, out, 1, nn.ConvOptions{Stride: stride, NoBias: true}), nn.NewBatchNorm(p.Sub("shortnorm"), out)}
	}
	return nn.Func(func(x *graph.Node) *graph.Node {
		y := norm2.Forward(conv2.Forward(graph.Relu(norm1.Forward(conv1.Forward(x)))))
		return graph.Relu(graph.Add(y, short.Forward(x)))
	})
}

// gptContext is how many tokens a sample of gpt has.
const gptContext = 128

// gpt is a small decoder of 14 million parameters.
func gpt(p *nn.Params) nn.Layer {
	return nn.NewDecoder(p, nn.DecoderConfig{Vocab: 8192, Width: 384, Layers: 6, Heads: 6})
}
