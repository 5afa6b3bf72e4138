package nn_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

type node = graph.Node

func values(seed uint64, dims ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	t := tensor.New(tensor.Float32, dims...)
	for i := range t.Float32s() {
		t.Float32s()[i] = 2*r.Float32() - 1
	}
	return t
}

// TestLayers compares values and input gradients of layers and losses with the
// interpreter's.
func TestLayers(t *testing.T) {
	p := nn.NewParams(1)
	attention := nn.NewMultiHeadAttention(p.Sub("attention"), 8, 2, nn.AttentionOptions{})
	causal := nn.NewMultiHeadAttention(p.Sub("causal"), 8, 4, nn.AttentionOptions{Causal: true})
	conv1 := nn.NewConv1D(p.Sub("conv1d"), 3, 4, 3, nn.ConvOptions{Pad: 1})
	conv := nn.NewConv2D(p.Sub("conv2d"), 4, 6, 3, nn.ConvOptions{Pad: 1, Stride: 2, Groups: 2})
	table := nn.NewEmbedding(p.Sub("embedding"), 5, 8)
	layer, rms := nn.NewLayerNorm(p.Sub("layer"), 8), nn.NewRMSNorm(p.Sub("rms"), 8)
	batch := nn.NewBatchNorm(p.Sub("batch"), 4)
	head := nn.NewLinearWith(p.Sub("head"), 8, 3, nn.LinearOptions{NoBias: true, Init: nn.GlorotNormal})
	mask := tensor.Of([]float32{1, 1, 1, 1, 1, 0, 1, 1, 0, 0}, 2, 5)
	cases := map[string]graphtest.Case{
		"attention": {Inputs: []*tensor.Tensor{values(1, 2, 5, 8)}, Build: func(_ *graph.Graph, in []*node) *node { return attention.Forward(in[0], nil) }},
		"causal":    {Inputs: []*tensor.Tensor{values(1, 2, 5, 8)}, Build: func(_ *graph.Graph, in []*node) *node { return causal.Forward(in[0], nil) }},
		"masked": {Inputs: []*tensor.Tensor{values(1, 2, 5, 8)}, Build: func(g *graph.Graph, in []*node) *node {
			return attention.Forward(in[0], g.Const(mask))
		}},
		"conv1d": {Inputs: []*tensor.Tensor{values(1, 2, 5, 3)}, Build: func(_ *graph.Graph, in []*node) *node { return conv1.Forward(in[0]) }},
		"conv2d": {Inputs: []*tensor.Tensor{values(1, 2, 5, 6, 4)}, Build: func(_ *graph.Graph, in []*node) *node { return conv.Forward(in[0]) }},
		"batch norm": {Mode: graph.Train, Inputs: []*tensor.Tensor{values(1, 6, 4)}, Build: func(_ *graph.Graph, in []*node) *node {
			return batch.Forward(in[0])
		}},
		"transformer block": {Inputs: []*tensor.Tensor{values(1, 2, 5, 8), tensor.Of([]int64{0, 1, 4, 1, 2, 3, 3, 3, 0, 1}, 2, 5)},
			Build: func(_ *graph.Graph, in []*node) *node {
				x := graph.Add(in[0], table.Forward(in[1]))
				x = graph.Add(x, causal.Forward(layer.Forward(x), nil))
				return head.Forward(graph.GELU(rms.Forward(x)))
			}},
		"cross-entropy": {Inputs: []*tensor.Tensor{values(1, 4, 3), tensor.Of([]int64{2, 0, 1, 1}, 4)}, Build: func(_ *graph.Graph, in []*node) *node {
			return nn.CrossEntropy(in[0], in[1], 0.1)
		}},
		"mse":   {Inputs: []*tensor.Tensor{values(1, 4, 3), values(2, 4, 3)}, Build: func(_ *graph.Graph, in []*node) *node { return nn.MSE(in[0], in[1]) }},
		"huber": {Inputs: []*tensor.Tensor{values(1, 4, 3), values(2, 4, 3)}, Build: func(_ *graph.Graph, in []*node) *node { return nn.Huber(in[0], in[1], 0.5) }},
		"bce":   {Inputs: []*tensor.Tensor{values(1, 4, 3), values(2, 4, 3)}, Build: func(_ *graph.Graph, in []*node) *node { return nn.BCE(in[0], in[1]) }},
	}
	for _, name := range nn.Activations() {
		cases["activation "+name] = graphtest.Case{Inputs: []*tensor.Tensor{values(3, 3, 4)}, Build: func(_ *graph.Graph, in []*node) *node {
			return nn.Act(name).Forward(in[0])
		}}
	}
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { graphtest.Check(t, dev, c) })
	}
}

// TestCausalAttentionLooksBack: changing a later position leaves earlier
// results as they are.
func TestCausalAttentionLooksBack(t *testing.T) {
	layer := nn.NewMultiHeadAttention(nn.NewParams(1), 8, 2, nn.AttentionOptions{Causal: true})
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "T", 8)...)
	y := layer.Forward(x, nil)
	in := values(1, 1, 6, 8)
	dev := cpu.New(cpu.Options{Threads: 1})
	before, err := graph.Eval(dev, y, map[*node]*tensor.Tensor{x: in})
	if err != nil {
		t.Fatal(err)
	}
	in = in.Clone()
	for i := 4 * 8; i < 5*8; i++ {
		in.Float32s()[i] += 1
	}
	after, err := graph.Eval(dev, y, map[*node]*tensor.Tensor{x: in})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range before.Float32s() {
		if changed := v != after.Float32s()[i]; changed != (i >= 4*8) {
			t.Fatalf("element %d of position %d: changed %v", i, i/8, changed)
		}
	}
}

// TestBatchNormRuns moves the running statistics in training and uses them in
// inference.
func TestBatchNormRuns(t *testing.T) {
	p := nn.NewParams(1)
	norm := nn.NewBatchNorm(p, 1)
	in := tensor.Of([]float32{1, 3, 5, 7}, 4, 1) // mean 4, unbiased variance 20/3
	dev := cpu.New(cpu.Options{Threads: 1})
	run := func(mode graph.Mode) []float32 {
		g := graph.New(mode)
		x := g.Input("x", tensor.Float32, graph.Dims("N", 1)...)
		e, err := graph.Compile(dev, graph.Program{Inputs: []*node{x}, Outputs: []*node{norm.Forward(x)}})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		outs, err := e.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		return outs[0].Float32s()
	}
	near := func(what string, got, want float32) {
		if math.Abs(float64(got-want)) > 1e-4 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	near("first in training", run(graph.Train)[0], -3/float32(math.Sqrt(5)))
	mean, variance := norm.Mean.Value().Float32s()[0], norm.Var.Value().Float32s()[0]
	near("running mean", mean, 0.4)
	near("running variance", variance, 0.9+0.1*20/3)
	near("first in inference", run(graph.Inference)[0], (1-mean)/float32(math.Sqrt(float64(variance))))
}

func TestActivationNames(t *testing.T) {
	if _, err := nn.Activation("rellu"); err == nil || !strings.Contains(err.Error(), "relu") {
		t.Errorf("error %v", err)
	}
}
