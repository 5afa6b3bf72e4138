package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
	"pgregory.net/rapid"
)

// trainee is a training step of one of the networks of the tests.
type trainee struct {
	model
	program graph.Program
	batches []tensors
}

// newTrainee traces the loss of build over inputs, whose batches it also gets,
// and its descent with a moving average of every weight.
func newTrainee(build func(m *model, g *graph.Graph, in nodes) *node, batches ...tensors) *trainee {
	t := &trainee{batches: batches}
	g := graph.New(graph.Train)
	g.Seed(3)
	for i, b := range batches[0] {
		t.program.Inputs = append(t.program.Inputs, g.Input(fmt.Sprint("in", i), b.DType(), graph.Ints(b.Shape()...)...))
	}
	loss := build(&t.model, g, t.program.Inputs)
	t.program.Outputs = nodes{loss}
	var by nodes
	var trained []*graph.Variable
	for _, v := range t.vars {
		if v.Trainable() {
			by, trained = append(by, g.Var(v)), append(trained, v)
		}
	}
	lr, one := g.Const(tensor.Of([]float32{0.05}, 1)), g.Const(tensor.Of([]float32{1}, 1))
	for i, d := range graph.Grad(loss, by...) {
		velocity := t.next(0, 0, false, trained[i].Shape()...)
		fresh := graph.SGD(trained[i], d, velocity, lr, one, chip.SGD{Momentum: 0.9})
		graph.Lerp(t.next(0, 1, false, trained[i].Shape()...), fresh, 0.1)
	}
	return t
}

// train makes some steps from the variables' present values and returns the losses.
func (t *trainee) train(tb testing.TB, threads, steps int) (losses []float32, stats graph.Stats) {
	tb.Helper()
	dev := cpu.New(cpu.Options{Threads: threads})
	e, err := graph.Compile(dev, t.program)
	if err != nil {
		tb.Fatal(err)
	}
	defer e.Close()
	for i := range steps {
		out, err := e.Run(t.batches[i%len(t.batches)]...)
		if err != nil {
			tb.Fatal(err)
		}
		losses = append(losses, out[0].Float32s()[0])
	}
	return losses, e.Stats()
}

// deepConv is a stack of convolutions, norms and residuals with dropout.
func deepConv(m *model, g *graph.Graph, in nodes) *node {
	x := graph.Conv2D(in[0], m.weight(g, 3, 3, 2, 8), m.weight(g, 8), graph.ConvOptions{Pad: 1})
	for range 6 {
		y := graph.Relu(m.norm(g, graph.Conv2D(x, m.weight(g, 3, 3, 8, 8), nil, graph.ConvOptions{Pad: 1}), 8))
		y = m.norm(g, graph.Conv2D(y, m.weight(g, 3, 3, 8, 8), nil, graph.ConvOptions{Pad: 1}), 8)
		x = graph.Dropout(graph.Relu(graph.Add(x, y)), 0.1)
	}
	x = graph.MaxPool2D(x, graph.PoolOptions{Size: 2})
	return graph.Mean(graph.CrossEntropy(graph.Linear(graph.GlobalAvgPool(x), m.weight(g, 8, 3), m.weight(g, 3)), in[1], 0.1))
}

// perceptron is a chain of layers without shortcuts.
func perceptron(m *model, g *graph.Graph, in nodes) *node {
	x := in[0]
	for range 24 {
		x = graph.Tanh(graph.Linear(x, m.weight(g, 16, 16), m.weight(g, 16)))
	}
	return graph.Mean(graph.CrossEntropy(graph.Linear(x, m.weight(g, 16, 3), m.weight(g, 3)), in[1], 0))
}

// transformer has blocks of attention and feed-forward layers, norm first.
func transformer(layers int) func(m *model, g *graph.Graph, in nodes) *node {
	return func(m *model, g *graph.Graph, in nodes) *node {
		const d, heads = 16, 2
		length, _ := in[0].Dim(1).Known()
		norm := func(x *node) *node {
			return graph.LayerNorm(x, g.Var(m.next(0.5, 1.5, true, d)), g.Var(m.next(-0.5, 0.5, true, d)), 1e-5)
		}
		split := func(x *node) *node {
			return graph.Transpose(graph.Reshape(x, x.Dim(0), x.Dim(1), graph.Const(heads), graph.Const(d/heads)), 0, 2, 1, 3)
		}
		x := graph.Add(graph.Gather(m.weight(g, 10, d), in[0], 0), m.weight(g, length, d))
		for range layers {
			h := norm(x)
			q, k, v := split(graph.Linear(h, m.weight(g, d, d), nil)), split(graph.Linear(h, m.weight(g, d, d), nil)), split(graph.Linear(h, m.weight(g, d, d), nil))
			p := graph.Dropout(graph.Softmax(graph.MulScalar(graph.MatMulT(q, k, false, true), 0.35)), 0.1)
			y := graph.Reshape(graph.Transpose(graph.MatMul(p, v), 0, 2, 1, 3), x.Shape()...)
			x = graph.Add(x, graph.Dropout(graph.Linear(y, m.weight(g, d, d), m.weight(g, d)), 0.1))
			h = graph.GELU(graph.Linear(norm(x), m.weight(g, d, 4*d), m.weight(g, 4*d)))
			x = graph.Add(x, graph.Linear(h, m.weight(g, 4*d, d), m.weight(g, d)))
		}
		return graph.Mean(graph.CrossEntropy(graph.Linear(graph.Mean(norm(x), 1), m.weight(g, d, 3), m.weight(g, 3)), in[1], 0))
	}
}

func imageBatches(n, size int) []tensors {
	return []tensors{{values(50, -1, 1, n, size, size, 2), classes(n)}, {values(51, -1, 1, n, size, size, 2), classes(n)}}
}

func classes(n int) *tensor.Tensor {
	t := tensor.New(tensor.Int64, n)
	for i := range t.Int64s() {
		t.Int64s()[i] = int64(i*i) % 3
	}
	return t
}

func tokens(n, length int) *tensor.Tensor {
	t := tensor.New(tensor.Int64, n, length)
	for i := range t.Int64s() {
		t.Int64s()[i] = int64(i*7+i/length) % 10
	}
	return t
}

// trainees are the networks by name, with the factor by which recomputation
// must be able to shrink the arena.
var trainees = []struct {
	name    string
	factor  float64
	mixed   float64 // and the share of it that mixed precision may take
	build   func(m *model, g *graph.Graph, in nodes) *node
	batches []tensors
}{
	{"convolutions", 3, 0.7, deepConv, imageBatches(4, 12)},
	{"perceptron", 2.5, 0.7, perceptron, []tensors{{values(52, -1, 1, 256, 16), classes(256)}}},
	{"transformer", 2.5, 0.7, transformer(6), []tensors{{tokens(4, 32), classes(4)}}},
	{"lenet", 1.2, 0.9, func(m *model, g *graph.Graph, in nodes) *node {
		return graph.Mean(graph.CrossEntropy(m.image(g, in[0]), in[1], 0.1))
	}, imageBatches(6, 16)},
}

// TestRecomputationKeepsBits trains every network without and with a budget
// and compares losses and all variables bit by bit.
func TestRecomputationKeepsBits(t *testing.T) {
	for _, c := range trainees {
		t.Run(c.name, func(t *testing.T) {
			for _, threads := range []int{1, 2} {
				plain := newTrainee(c.build, c.batches...)
				want, before := plain.train(t, threads, 4)
				tight := newTrainee(c.build, c.batches...)
				tight.program.Memory = int64(float64(before.Arena) / c.factor)
				got, after := tight.train(t, threads, 4)
				t.Logf("%d threads: arena %d bytes, %d with recomputation (%.2f times less); %d instructions, %d", threads, before.Arena, after.Arena,
					float64(before.Arena)/float64(after.Arena), before.Instrs, after.Instrs)
				if after.Arena > tight.program.Memory {
					t.Errorf("the arena is %d bytes, more than %d", after.Arena, tight.program.Memory)
				}
				for i := range want {
					if got[i] != want[i] {
						t.Errorf("step %d: loss %v, want %v", i, got[i], want[i])
					}
				}
				for i, v := range plain.vars {
					if !tensor.Equal(tight.vars[i].Value(), v.Value()) {
						t.Errorf("variable %s differs", v.Name())
					}
				}
			}
		})
	}
}

// TestRecomputationFails names both sizes when a budget cannot be met.
func TestRecomputationFails(t *testing.T) {
	c := newTrainee(perceptron, tensors{values(52, -1, 1, 32, 16), classes(32)})
	c.program.Memory = 100
	_, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), c.program)
	if err == nil || !strings.Contains(err.Error(), "bytes and") || !strings.Contains(err.Error(), "the 100 allowed") {
		t.Errorf("error is %v", err)
	}
}

// TestRecomputationOfRandomGraphs asks of random programs for as little memory
// as they can do with and compares all results with those without a limit.
func TestRecomputationOfRandomGraphs(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	weights := tensors{values(5, -1, 1, 6), values(6, -1, 1, 6, 6)}
	feeds := tensors{values(7, -1, 1, 4, 6), values(8, -1, 1, 4, 6)}
	rapid.Check(t, func(t *rapid.T) {
		vars := []*graph.Variable{graph.NewVariable("v", weights[0], true), graph.NewVariable("w", weights[1], true)}
		program, _ := draw(t, vars)
		results := func(share float64, arena int64) (tensors, int64) {
			for i, v := range vars {
				if err := v.Set(weights[i]); err != nil {
					t.Fatal(err)
				}
			}
			program.Memory = int64(share * float64(arena))
			e, err := graph.Compile(dev, program)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			outs, err := e.Run(feeds...)
			if err != nil {
				if strings.Contains(err.Error(), "more than the") {
					return nil, 0
				}
				t.Fatal(err)
			}
			return append(outs, vars[0].Value(), vars[1].Value()), e.Stats().Arena
		}
		program.Precision = rapid.SampledFrom([]graph.Precision{graph.FullPrecision, graph.MixedPrecision}).Draw(t, "precision")
		want, arena := results(0, 0)
		for _, share := range []float64{0.95, 0.85, 0.7, 0.5, 0.3} {
			got, less := results(share, arena)
			if got == nil {
				continue
			}
			if less > int64(share*float64(arena)) && arena > 0 {
				t.Fatalf("the arena is %d bytes, more than %v of %d", less, share, arena)
			}
			for i := range want {
				if !tensor.Equal(got[i], want[i]) {
					t.Fatalf("result %d differs with %v of the memory", i, share)
				}
			}
		}
	})
}
