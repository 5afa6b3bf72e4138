package graph_test

import (
	"fmt"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// model makes a network's variables as it is traced.
type model struct {
	vars []*graph.Variable
	made int
}

// next returns variable number made, making it on the first trace.
func (m *model) next(lo, hi float32, trainable bool, dims ...int) *graph.Variable {
	if m.made == len(m.vars) {
		m.vars = append(m.vars, graph.NewVariable(fmt.Sprint("v", m.made), values(uint64(m.made), lo, hi, dims...), trainable))
	}
	m.made++
	return m.vars[m.made-1]
}

func (m *model) weight(g *graph.Graph, dims ...int) *node {
	return g.Var(m.next(-0.5, 0.5, true, dims...))
}

func (m *model) norm(g *graph.Graph, x *node, c int) *node {
	gamma, beta := m.next(0.5, 1.5, true, c), m.next(-0.5, 0.5, true, c)
	return graph.BatchNorm(x, g.Var(gamma), g.Var(beta), m.next(-0.1, 0.1, false, c), m.next(0.5, 1, false, c), graph.BatchNormOptions{})
}

// image has every pattern that passes rewrite: bias and activation behind
// convolutions, pooling behind ReLU, norms with and without ReLU, a residual.
func (m *model) image(g *graph.Graph, x *node) *node {
	y := graph.MaxPool2D(graph.Relu(graph.Conv2D(x, m.weight(g, 3, 3, 2, 4), m.weight(g, 4), graph.ConvOptions{Pad: 1})), graph.PoolOptions{Size: 2})
	z := graph.Relu(m.norm(g, graph.Conv2D(y, m.weight(g, 3, 3, 4, 4), nil, graph.ConvOptions{Pad: 1}), 4))
	z = m.norm(g, graph.Conv2D(z, m.weight(g, 3, 3, 4, 4), nil, graph.ConvOptions{Pad: 1}), 4)
	y = graph.Relu(graph.Add(y, z))
	y = graph.SiLU(m.norm(g, graph.Conv2D(y, m.weight(g, 1, 1, 4, 6), m.weight(g, 6), graph.ConvOptions{}), 6))
	return graph.Linear(graph.GlobalAvgPool(y), m.weight(g, 6, 3), m.weight(g, 3))
}

// TestTrainingMatchesPlain trains with and without passes and compares losses
// and all variables after some steps.
func TestTrainingMatchesPlain(t *testing.T) {
	images := tensors{values(50, -1, 1, 6, 8, 8, 2), values(51, -1, 1, 6, 8, 8, 2)}
	labels := ids(0, 1, 2, 2, 1, 0)
	dev := cpu.New(cpu.Options{Threads: 2})
	train := func(build func(chip.Device, graph.Program) (*graph.Executable, error)) (losses []float32, m *model) {
		m = &model{}
		g := graph.New(graph.Train)
		x, y := g.Input("x", tensor.Float32, graph.Dims("N", 8, 8, 2)...), g.Input("y", tensor.Int64, graph.Dims("N")...)
		loss := graph.Mean(graph.CrossEntropy(m.image(g, x), y, 0.1))
		var by nodes
		var trained []*graph.Variable
		for _, v := range m.vars {
			if v.Trainable() {
				by, trained = append(by, g.Var(v)), append(trained, v)
			}
		}
		lr, one := g.Const(tensor.Of([]float32{0.1}, 1)), g.Const(tensor.Of([]float32{1}, 1))
		for i, d := range graph.Grad(loss, by...) {
			fresh := graph.SGD(trained[i], d, nil, lr, one, chip.SGD{})
			graph.Lerp(m.next(0, 1, false, trained[i].Shape()...), fresh, 0.1)
		}
		e, err := build(dev, graph.Program{Inputs: nodes{x, y}, Outputs: nodes{loss}})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for i := range 6 {
			losses = append(losses, mustRun(t, e, images[i%2], labels)[0].Float32s()[0])
		}
		return losses, m
	}
	got, fast := train(graph.Compile)
	want, plain := train(graph.CompilePlain)
	for i := range want {
		if d := got[i] - want[i]; d > 1e-4 || d < -1e-4 {
			t.Errorf("step %d: loss %v, want %v", i, got[i], want[i])
		}
	}
	if got[4] >= got[0] {
		t.Errorf("the loss does not fall: %v", got)
	}
	for i, v := range plain.vars {
		graphtest.Compare(t, v.Name(), graphtest.ArrayOf(fast.vars[i].Value()), graphtest.ArrayOf(v.Value()), 1e-3)
	}
}

// TestInferenceMatchesReference compares the fused network, whose norms are
// folded into the convolutions, with the interpreter.
func TestInferenceMatchesReference(t *testing.T) {
	m := &model{}
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "H", "W", 2)...)
	y := m.image(g, x)
	in := values(60, -1, 1, 3, 12, 10, 2)
	e := compile(t, cpu.New(cpu.Options{Threads: 2}), graph.Program{Inputs: nodes{x}, Outputs: nodes{y}})
	got := mustRun(t, e, in)[0]
	want := graphtest.NewInterpreter(map[*node]graphtest.Array{x: graphtest.ArrayOf(in)}).Value(y)
	graphtest.Compare(t, "logits", graphtest.ArrayOf(got), want, 1e-4)
}

// TestLaterNodesStayOut: plans made after Compile do not see what the graph
// got afterwards.
func TestLaterNodesStayOut(t *testing.T) {
	v := graph.NewVariable("v", tensor.Scalar(float32(1)), false)
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x}, Outputs: nodes{graph.Add(x, g.Var(v))}})
	g.Assign(v, graph.AddScalar(g.Var(v), 1))
	mustRun(t, e, values(1, 0, 1, 3))
	if got := v.Value().Float32s()[0]; got != 1 {
		t.Errorf("the variable became %v", got)
	}
}
