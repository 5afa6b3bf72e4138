package graph_test

import (
	"math"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// fuses compiles build over an input and returns its plan, after comparing its
// result with that of the plan without passes.
func fuses(t *testing.T, build func(g *graph.Graph, x *node) *node, x *tensor.Tensor) string {
	t.Helper()
	var program graph.Program
	if err := graph.Trace(func() {
		g := graph.New(graph.Inference)
		in := g.Input("x", tensor.Float32, graph.Ints(x.Shape()...)...)
		program = graph.Program{Inputs: nodes{in}, Outputs: nodes{build(g, in)}}
	}); err != nil {
		t.Fatal(err)
	}
	dev := cpu.New(cpu.Options{Threads: 1})
	exec, err := graph.Compile(dev, program)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	plain, err := graph.CompilePlain(dev, program)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	var results [2][]float32
	for i, e := range []*graph.Executable{exec, plain} {
		outs, err := e.Run(x)
		if err != nil {
			t.Fatal(err)
		}
		results[i] = outs[0].Float32s()
	}
	for i, want := range results[1] {
		if got := results[0][i]; !(math.Abs(float64(got-want)) <= 1e-5) {
			t.Errorf("at %d: %v, and %v without passes", i, got, want)
		}
	}
	return exec.Dump()
}

// TestWrittenOutLayerNorm: one instruction, unless a part is read elsewhere or differs.
func TestWrittenOutLayerNorm(t *testing.T) {
	gamma, beta := values(2, 0.5, 1.5, 6), values(3, -1, 1, 6)
	norm := func(g *graph.Graph, x *node, axis int, square func(d *node) *node) (y, d *node) {
		d = graph.Sub(x, graph.MeanKeep(x, axis))
		std := graph.Sqrt(graph.AddScalar(graph.MeanKeep(square(d), -1), 1e-3))
		return graph.Add(graph.Mul(graph.Div(d, std), g.Const(gamma)), g.Const(beta)), d
	}
	pow := func(d *node) *node { return graph.Pow(d, graph.Scalar(d.Graph(), 2)) }
	for name, c := range map[string]struct {
		f     func(g *graph.Graph, x *node) *node
		fused bool
	}{
		"power":   {func(g *graph.Graph, x *node) *node { y, _ := norm(g, x, -1, pow); return y }, true},
		"product": {func(g *graph.Graph, x *node) *node { y, _ := norm(g, x, -1, graph.Square); return y }, true},
		"cube": {func(g *graph.Graph, x *node) *node {
			y, _ := norm(g, x, -1, func(d *node) *node { return graph.Abs(graph.Pow(graph.Abs(d), graph.Scalar(g, 3))) })
			return y
		}, false},
		"another axis": {func(g *graph.Graph, x *node) *node { y, _ := norm(g, x, 1, pow); return y }, false},
		"a part is read again": {func(g *graph.Graph, x *node) *node {
			y, d := norm(g, x, -1, pow)
			return graph.Add(y, d)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if dump := fuses(t, c.f, values(1, -1, 1, 2, 5, 6)); strings.Contains(dump, "LayerNorm(") != c.fused {
				t.Errorf("fused: %v, want %v\n%s", !c.fused, c.fused, dump)
			}
		})
	}
}

// TestWrittenOutAttention: one instruction without transpositions, unless the
// mask is not causal or a part is read elsewhere.
func TestWrittenOutAttention(t *testing.T) {
	swap := func(x *node) *node { return graph.Transpose(x, 0, 2, 1, 3) }
	mask := func(g *graph.Graph, at func(i, j int) float32) *node {
		m := tensor.New(tensor.Float32, 5, 5)
		for k := range m.Float32s() {
			m.Float32s()[k] = at(k/5, k%5)
		}
		return g.Const(m)
	}
	causal := func(low float32) func(i, j int) float32 {
		return func(i, j int) float32 {
			if j > i {
				return low
			}
			return 0
		}
	}
	scores := func(x *node) *node { return graph.MulScalar(graph.MatMulT(swap(x), swap(x), false, true), 0.6) }
	apply := func(s, x *node) *node { return swap(graph.MatMul(graph.Softmax(s), swap(x))) }
	inf := float32(math.Inf(-1))
	for name, c := range map[string]struct {
		f     func(g *graph.Graph, x *node) *node
		fused bool
	}{
		"full":   {func(g *graph.Graph, x *node) *node { return apply(scores(x), x) }, true},
		"causal": {func(g *graph.Graph, x *node) *node { return apply(graph.Add(scores(x), mask(g, causal(inf))), x) }, true},
		"turned keys": {func(g *graph.Graph, x *node) *node {
			s := graph.Mul(graph.MatMul(swap(x), graph.Transpose(x, 0, 2, 3, 1)), graph.Scalar(g, 0.6))
			return apply(graph.Add(mask(g, causal(-1e30)), s), x)
		}, true},
		"heads first": {func(g *graph.Graph, x *node) *node {
			return graph.MatMul(graph.Softmax(graph.MatMulT(x, graph.Tanh(x), false, true)), graph.Exp(x))
		}, true},
		"a weak mask": {func(g *graph.Graph, x *node) *node { return apply(graph.Add(scores(x), mask(g, causal(-5))), x) }, false},
		"another mask": {func(g *graph.Graph, x *node) *node {
			return apply(graph.Add(scores(x), mask(g, func(i, j int) float32 { return float32(i - j) })), x)
		}, false},
		"a mask beside": {func(g *graph.Graph, x *node) *node {
			return apply(graph.Add(scores(x), mask(g, func(i, j int) float32 { return causal(inf)(i+1, j) })), x)
		}, false},
		"the scores are read again": {func(g *graph.Graph, x *node) *node {
			s := scores(x)
			return graph.Add(apply(s, x), graph.Mean(s))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dump := fuses(t, c.f, values(1, -1, 1, 2, 5, 3, 4))
			if name == "heads first" {
				dump = fuses(t, c.f, values(1, -1, 1, 2, 3, 5, 4))
			}
			if strings.Contains(dump, "Attention(") != c.fused || c.fused && strings.Contains(dump, "Transpose") {
				t.Errorf("fused: want %v\n%s", c.fused, dump)
			}
		})
	}
}
