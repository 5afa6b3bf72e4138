package graph_test

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// kinked checks a function at values that are not near 0 nor a multiple of 0.05.
func kinked(f func(*node) *node) graphtest.Case {
	return of(func(in nodes) *node { return f(in[0]) }, spread(1, 3, 40))
}

func init() {
	addRows(gradientCases, map[string]graphtest.Case{
		"Tan":         unaryCase(-1.2, 1.2, graph.Tan),
		"Atan":        unaryCase(-4, 4, graph.Atan),
		"Asin":        unaryCase(-0.9, 0.9, graph.Asin),
		"Acos":        unaryCase(-0.9, 0.9, graph.Acos),
		"Sinh":        unaryCase(-2, 2, graph.Sinh),
		"Cosh":        unaryCase(-2, 2, graph.Cosh),
		"Asinh":       unaryCase(-3, 3, graph.Asinh),
		"Acosh":       unaryCase(1.2, 4, graph.Acosh),
		"Atanh":       unaryCase(-0.9, 0.9, graph.Atanh),
		"Log1p":       unaryCase(-0.7, 3, graph.Log1p),
		"Expm1":       unaryCase(-3, 2, graph.Expm1),
		"ELU":         kinked(func(x *node) *node { return graph.ELU(x, 0.7) }),
		"SELU":        kinked(graph.SELU),
		"CELU":        kinked(func(x *node) *node { return graph.CELU(x, 0.7) }),
		"HardSigmoid": kinked(func(x *node) *node { return graph.HardSigmoid(graph.MulScalar(x, 2)) }),
		"HardSwish":   kinked(func(x *node) *node { return graph.HardSwish(graph.MulScalar(x, 2)) }),
		"Hardtanh":    kinked(graph.Hardtanh),
		"Relu6":       kinked(func(x *node) *node { return graph.Relu6(graph.MulScalar(x, 4)) }),
		"HardShrink":  kinked(func(x *node) *node { return graph.HardShrink(x, 0.5) }),
		"SoftShrink":  kinked(func(x *node) *node { return graph.SoftShrink(x, 0.5) }),
		"Mish":        unaryCase(-4, 4, graph.Mish),
		"Softsign":    kinked(graph.Softsign),
		"LogSigmoid":  unaryCase(-4, 4, graph.LogSigmoid),
		"GELUTanh":    unaryCase(-3, 3, graph.GELUTanh),
		"GLU":         of(func(in nodes) *node { return graph.GLU(in[0], 1) }, values(1, -1, 1, 2, 6, 3)),
		"PReLU":       of(func(in nodes) *node { return graph.PReLU(in[0], in[1]) }, spread(1, 3, 4), values(2, 0.1, 0.5, 4)),
		"ThresholdedRelu": kinked(func(x *node) *node {
			return graph.ThresholdedRelu(x, 0.5)
		}),
	})
}

// TestUnaryValues compares with package math, at the edges too.
func TestUnaryValues(t *testing.T) {
	inf := math.Inf(1)
	dev := cpu.New(cpu.Options{Threads: 1})
	cases := map[string]struct {
		f    func(*node) *node
		want func(float64) float64
		at   []float64
	}{
		"Tan":   {graph.Tan, math.Tan, []float64{0, 1, -1}},
		"Atan":  {graph.Atan, math.Atan, []float64{0, 1e-20, 1e-4, 0.3, 0.41, 0.42, 1, 2.5, -7, 1e30, inf, -inf}},
		"Asin":  {graph.Asin, math.Asin, []float64{-1, -0.5, 0, 1e-5, 0.999, 1}},
		"Acos":  {graph.Acos, math.Acos, []float64{-1, -0.5, 0, 0.999, 1}},
		"Sinh":  {graph.Sinh, math.Sinh, []float64{-10, 1e-6, 0, 3}},
		"Cosh":  {graph.Cosh, math.Cosh, []float64{-10, 1e-6, 0, 3}},
		"Asinh": {graph.Asinh, math.Asinh, []float64{-1e30, -3, -1e-6, 0, 1e-25, 0.5, 100}},
		"Acosh": {graph.Acosh, math.Acosh, []float64{1, 1.0001220703125, 2, 1e10}},
		"Atanh": {graph.Atanh, math.Atanh, []float64{-0.99, -1e-6, 0, 0.5}},
		"Log1p": {graph.Log1p, math.Log1p, []float64{-1, -0.5, 1e-10, -1e-7, 1e-4, 0.5, 10, 1e30, inf}},
		"Expm1": {graph.Expm1, math.Expm1, []float64{-100, -1e-8, 1e-5, 0.1, 1, 20}},
		"SELU": {graph.SELU, func(x float64) float64 {
			return 1.0507009873554805 * (max(x, 0) + 1.6732632423543772*math.Expm1(min(x, 0)))
		}, []float64{-1, 0.5}},
		"Mish":     {graph.Mish, func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) }, []float64{-3, 0, 2}},
		"GELUTanh": {graph.GELUTanh, func(x float64) float64 { return x / 2 * (1 + math.Tanh(0.7978845608*(x+0.044715*x*x*x))) }, []float64{-2, 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := tensor.New(tensor.Float32, len(c.at))
			for i, v := range c.at {
				x.Float32s()[i] = float32(v)
			}
			g := graph.New(graph.Inference)
			in := g.Input("x", tensor.Float32, graph.Ints(len(c.at))...)
			got := run(t, dev, nodes{in}, nodes{c.f(in)}, x)[0].Float32s()
			for i, v := range x.Float32s() {
				want := c.want(float64(v))
				if off := math.Abs(float64(got[i]) - want); off > 1e-6*math.Abs(want) && float64(got[i]) != want {
					t.Errorf("at %v: %v, want %v", v, got[i], want)
				}
			}
		})
	}
}

func TestFloorDiv(t *testing.T) {
	g := graph.New(graph.Inference)
	a, b := g.Input("a", tensor.Int64, graph.Ints(4)...), g.Input("b", tensor.Int64, graph.Ints(4)...)
	got := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{a, b}, nodes{graph.FloorDiv(a, b)}, ids(7, -7, 7, -7), ids(2, 2, -2, -2))
	if want := ids(3, -4, -4, 3); !tensor.Equal(got[0], want) {
		t.Errorf("floor quotients %v, want %v", got[0].Int64s(), want.Int64s())
	}
}
