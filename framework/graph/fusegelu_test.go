package graph_test

import (
	"math"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestWrittenOutGELU: x·(1+erf(x/√2))/2 in any order of its factors becomes one
// GELU behind the product that makes x, and what differs in a number does not.
func TestWrittenOutGELU(t *testing.T) {
	s := graph.MulScalar
	for name, c := range map[string]struct {
		f     func(x *node) *node
		fused bool
	}{
		"x·(1+erf)·half": {func(x *node) *node {
			return s(graph.Mul(x, graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 1)), 0.5)
		}, true},
		"divided": {func(x *node) *node {
			return s(graph.Mul(graph.AddScalar(graph.Erf(graph.Div(x, graph.Scalar(x.Graph(), math.Sqrt2))), 1), x), 0.5)
		}, true},
		"half of x": {func(x *node) *node {
			return graph.Mul(s(x, 0.5), graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 1))
		}, true},
		"half of the sum": {func(x *node) *node {
			return graph.Mul(x, s(graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 1), 0.5))
		}, true},
		"another half":  {func(x *node) *node { return graph.Mul(s(x, 0.51), graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 1)) }, false},
		"another one":   {func(x *node) *node { return graph.Mul(s(x, 0.5), graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 2)) }, false},
		"another scale": {func(x *node) *node { return graph.Mul(s(x, 0.5), graph.AddScalar(graph.Erf(s(x, 0.7)), 1)) }, false},
		"another factor": {func(x *node) *node {
			return graph.Mul(s(graph.Exp(x), 0.5), graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 1))
		}, false},
		"the sum is read again": {func(x *node) *node {
			sum := graph.AddScalar(graph.Erf(s(x, math.Sqrt2/2)), 1)
			return graph.Add(graph.Mul(s(x, 0.5), sum), sum)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var program graph.Program
			if err := graph.Trace(func() {
				g := graph.New(graph.Inference)
				a, b := g.Input("a", tensor.Float32, graph.Ints(5, 6)...), g.Input("b", tensor.Float32, graph.Ints(6, 7)...)
				x := graph.MatMul(a, b)
				program = graph.Program{Inputs: nodes{a, b}, Outputs: nodes{c.f(x), x}}
			}); err != nil {
				t.Fatal(err)
			}
			exec, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), program)
			if err != nil {
				t.Fatal(err)
			}
			defer exec.Close()
			outs, err := exec.Run(values(1, -1, 1, 5, 6), values(2, -1, 1, 6, 7))
			if err != nil {
				t.Fatal(err)
			}
			if fused := strings.Contains(exec.Plan(), "CDF"); fused != c.fused {
				t.Errorf("recognised: %v, want %v\n%s", fused, c.fused, exec.Plan())
			}
			if !c.fused {
				return
			}
			for i, x := range outs[1].Float32s() {
				want := float64(x) * math.Erfc(-float64(x)/math.Sqrt2) / 2
				if got := outs[0].Float32s()[i]; math.Abs(float64(got)-want) > 1e-6 {
					t.Errorf("%v gives %v, want %v", x, got, want)
				}
			}
		})
	}
}
