package optim_test

import (
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/nn/models"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// resnet is a residual network for 32 by 32 images with three stages.
func resnet(p *nn.Params) nn.Layer {
	return nn.Sequential{nn.NewConv2D(p.Sub("stem"), 3, 16, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("norm"), 16), nn.Act("relu"),
		models.BasicBlock(p.Sub("b1"), 16, 16, 1), models.BasicBlock(p.Sub("b2"), 16, 32, 2), models.BasicBlock(p.Sub("b3"), 32, 64, 2), nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), 64, 10)}
}

// workload is a training step on fixed random data.
type workload struct {
	net   func(*nn.Params) nn.Layer
	shape []int
	opts  optim.Options
}

var workloads = map[string]workload{
	"lenet5": {net: models.LeNet5, shape: []int{64, 28, 28, 1}},
	"mlp":    {net: func(p *nn.Params) nn.Layer { return models.MLP(p, 784, 512, 512, 10) }, shape: []int{128, 784}},
	"resnet": {net: resnet, shape: []int{64, 32, 32, 3}, opts: optim.Options{EMA: 0.999, ClipNorm: 5}},
}

type training struct {
	exec      *graph.Executable
	ins, outs []*tensor.Tensor
}

// prepare compiles the step: SGD with momentum 0.9 and rate 0.01.
func (w workload) prepare(tb testing.TB, threads int) training {
	params := nn.NewParams(1)
	net := w.net(params)
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Ints(w.shape...)...)
	y := g.Input("y", tensor.Int64, graph.Const(w.shape[0]))
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	loss := nn.CrossEntropy(net.Forward(x), y, 0)
	optim.Apply(loss, params, optim.SGD{Momentum: 0.9}, lr, w.opts)
	exec, err := graph.Compile(cpu.New(cpu.Options{Threads: threads}), graph.Program{Inputs: []*graph.Node{x, y, lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(exec.Close)
	r := rand.New(rand.NewPCG(1, 1))
	images, labels := tensor.New(tensor.Float32, w.shape...), tensor.New(tensor.Int64, w.shape[0])
	for i := range images.Float32s() {
		images.Float32s()[i] = float32(r.NormFloat64())
	}
	for i := range labels.Int64s() {
		labels.Int64s()[i] = r.Int64N(10)
	}
	return training{exec, []*tensor.Tensor{images, labels, tensor.Of([]float32{0.01}, 1)}, []*tensor.Tensor{tensor.New(tensor.Float32)}}
}

func (t training) step(tb testing.TB) float32 {
	if err := t.exec.RunInto(t.outs, t.ins); err != nil {
		tb.Fatal(err)
	}
	return t.outs[0].Float32s()[0]
}

func BenchmarkStep(b *testing.B) {
	for name, w := range workloads {
		b.Run(name, func(b *testing.B) {
			t := w.prepare(b, 0)
			t.step(b)
			s := t.exec.Stats()
			b.ReportMetric(float64(s.Instrs), "instrs")
			b.ReportMetric(float64(s.Arena), "arena-B")
			for b.Loop() {
				t.step(b)
			}
			b.ReportMetric(float64(s.FLOPs)/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOP/s")
		})
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for name, w := range workloads {
		t.Run(name, func(t *testing.T) {
			w.shape = append([]int{2}, w.shape[1:]...)
			s := w.prepare(t, 2)
			s.step(t)
			if n := testing.AllocsPerRun(5, func() { s.step(t) }); n > 0 {
				t.Errorf("a step allocates %v times", n)
			}
		})
	}
}
