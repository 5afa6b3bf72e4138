package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// double replaces every read of v by 2v.
func double(v *graph.Variable) func(n *node, in nodes) *node {
	return func(n *node, _ nodes) *node {
		if a, ok := n.Op().Attrs.(graph.VarAttrs); ok && a.Variable == v {
			return graph.MulScalar(n, 2)
		}
		return nil
	}
}

func TestRewrite(t *testing.T) {
	w := graph.NewVariable("w", tensor.Of([]float32{3, 5}, 1, 2), true)
	last := graph.NewVariable("last", tensor.Of([]float32{0, 0}, 2), false)
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 1)...)
	y := graph.MatMul(x, g.Var(w))
	kept := graph.Neg(x)
	g.Assign(last, graph.Sum(y, 0))
	out := graph.Rewrite(double(w), graph.Add(y, graph.Scalar(g, 1)), kept)
	if out[1] != kept {
		t.Error("a node that does not depend on what changed was rebuilt")
	}
	dw := graph.Grad(graph.Sum(out[0]), g.Var(w))
	got := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x}, nodes{out[0], dw[0]}, tensor.Of([]float32{1, 2}, 2, 1))
	for i, want := range []*tensor.Tensor{tensor.Of([]float32{7, 11, 13, 21}, 2, 2), tensor.Of([]float32{6, 6}, 1, 2)} {
		if !tensor.Equal(got[i], want) {
			t.Errorf("output %d is %v, want %v", i, got[i].Float32s(), want.Float32s())
		}
	}
	if want := tensor.Of([]float32{18, 30}, 2); !tensor.Equal(last.Value(), want) {
		t.Errorf("the assignment stored %v, want %v", last.Value().Float32s(), want.Float32s())
	}
}

// Running statistics are results of the operator whose operand changed.
func TestRewriteFollowsStatistics(t *testing.T) {
	w := graph.NewVariable("w", tensor.Of([]float32{1}, 1, 1), true)
	vector := func(name string, v float32) *graph.Variable {
		return graph.NewVariable(name, tensor.Of([]float32{v}, 1), false)
	}
	gamma, beta, mean, variance := vector("gamma", 1), vector("beta", 0), vector("mean", 0), vector("var", 1)
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims(2, 1)...)
	y := graph.BatchNorm(graph.MatMul(x, g.Var(w)), g.Var(gamma), g.Var(beta), mean, variance, graph.BatchNormOptions{})
	out := graph.Rewrite(double(w), y)
	run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x}, out, tensor.Of([]float32{10, 30}, 2, 1))
	if got := mean.Value().Float32s()[0]; got != 4 {
		t.Errorf("the running mean is %v, want a tenth of the doubled mean, 4", got)
	}
}

func TestRewriteAfterOptimiserFails(t *testing.T) {
	w := graph.NewVariable("w", tensor.Of([]float32{1}, 1), true)
	g := graph.New(graph.Train)
	graph.Lerp(w, g.Const(tensor.Of([]float32{2}, 1)), 0.5)
	if err := graph.Trace(func() { graph.Rewrite(double(w), g.Var(w)) }); err == nil {
		t.Error("rewriting a graph with updates is no error")
	}
}
