package graph_test

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var inf = float32(math.Inf(1))

// TestCheckNumbers lists models whose results are not finite, and what must be
// named: the operator, the numbers that it was given, and this file's line.
func TestCheckNumbers(t *testing.T) {
	ok := tensor.Of([]float32{1, 2, 3, 4}, 4)
	var line int
	mark := func(x *node) *node { _, _, line, _ = runtime.Caller(1); return x }
	cases := []struct {
		name  string
		in    *tensor.Tensor
		build func(g *graph.Graph, x *node) *node
		op    string
		want  []string
	}{
		{"log", ok, func(g *graph.Graph, x *node) *node {
			return graph.Sum(graph.Exp(mark(graph.Log(graph.AddScalar(x, -2)))))
		}, "Log", []string{"float32[4] of -1 to 2, mean 0.5", "gives 1 NaN, 1 Inf among 4", "output 0 is not finite"}},
		{"overflow", ok, func(g *graph.Graph, x *node) *node {
			y := graph.Exp(graph.MulScalar(x, 100))
			return graph.Sum(mark(graph.Sub(y, y)))
		}, "Sub", []string{"Exp at numbers_test.go", "4 Inf", "the Inf is from numbers_test.go", "Exp(Mul"}},
		{"input", tensor.Of([]float32{1, nan, 3, 4}, 4), func(g *graph.Graph, x *node) *node {
			return graph.Sum(graph.Exp(mark(graph.Neg(x))))
		}, "Neg", []string{`which input "x" held before the run`}},
		{"hidden", ok, func(g *graph.Graph, x *node) *node {
			// The logarithm's NaN is never used; the root's is.
			safe := graph.Where(graph.Gt(x, graph.Scalar(g, 2)), graph.Log(graph.AddScalar(x, -2)), graph.Scalar(g, 0))
			return graph.Sum(mark(graph.Sqrt(graph.AddScalar(safe, -0.1))))
		}, "Sqrt", nil},
		{"gradient", ok, func(g *graph.Graph, x *node) *node {
			y := graph.AddScalar(x, -1)
			return graph.Grad(graph.Sum(mark(graph.Sqrt(y))), x)[0]
		}, "gradient of Sqrt", []string{"1 Inf"}},
		{"bfloat16", ok, func(g *graph.Graph, x *node) *node {
			y := graph.Cast(mark(graph.Log(graph.AddScalar(x, -2))), tensor.BFloat)
			return graph.Sum(graph.Exp(graph.Cast(y, tensor.Float32)))
		}, "Log", []string{"gives 1 NaN, 1 Inf among 4"}},
		{"bfloat16 result", ok, func(g *graph.Graph, x *node) *node {
			return mark(graph.Cast(graph.MulScalar(x, 0.8503e38), tensor.BFloat))
		}, "Cast", []string{"gives 1 Inf among 4", "output 0"}},
		{"infinity", ok, func(g *graph.Graph, x *node) *node {
			return graph.AddScalar(mark(graph.Recip(graph.AddScalar(x, -1))), 1)
		}, "Recip", []string{"1 Inf among 4"}},
	}
	for _, threads := range []int{1, 2} {
		dev := cpu.New(cpu.Options{Threads: threads})
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				g := graph.New(graph.Train)
				x := g.Input("x", tensor.Float32, graph.Dims("N")...)
				y := c.build(g, x)
				e := compile(t, dev, graph.Program{Inputs: nodes{x}, Outputs: nodes{y}, CheckNumbers: true})
				_, err := e.Run(c.in)
				bad, is := errors.AsType[*graph.NumberError](err)
				if !is || bad.Culprit == nil {
					t.Fatalf("error %v, want a NumberError", err)
				}
				if !strings.HasPrefix(bad.Culprit.Op, c.op) || bad.Culprit.Line != line || !strings.HasSuffix(bad.Culprit.File, "numbers_test.go") {
					t.Errorf("blames %s at %s:%d, want %s at line %d\n%v", bad.Culprit.Op, bad.Culprit.File, bad.Culprit.Line, c.op, line, err)
				}
				for _, w := range c.want {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %q lacks %q", err, w)
					}
				}
			})
		}
	}
}

// TestCheckNumbersKeepsVariables: a bad step leaves parameters, moments and the
// step counter alone, and the next good one is that of a program without checks.
func TestCheckNumbersKeepsVariables(t *testing.T) {
	good, bad := values(1, -1, 1, 3, 2), tensor.Of([]float32{1, 2, 3, inf, 5, 6}, 3, 2)
	build := func(check bool) (*graph.Executable, []*graph.Variable) {
		g := graph.New(graph.Train)
		g.Seed(4)
		w := graph.NewVariable("w", values(2, -1, 1, 2, 2), true)
		m := graph.NewVariable("m", tensor.New(tensor.Float32, 2, 2), false)
		avg := graph.NewVariable("avg", values(3, -1, 1, 2, 2), false)
		x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
		loss := graph.Mean(graph.Square(graph.Dropout(graph.MatMul(x, g.Var(w)), 0.3)))
		one := g.Const(tensor.Of([]float32{1}, 1))
		fresh := graph.SGD(w, graph.Grad(loss, g.Var(w))[0], m, g.Const(tensor.Of([]float32{0.1}, 1)), one, chip.SGD{Momentum: 0.9})
		graph.Lerp(avg, fresh, 0.5)
		e := compile(t, cpu.New(cpu.Options{Threads: 2}), graph.Program{Inputs: nodes{x}, Outputs: nodes{loss}, CheckNumbers: check})
		return e, []*graph.Variable{w, m, avg, g.StepCounter()}
	}
	checked, vars := build(true)
	free, same := build(false)
	mustRun(t, checked, good)
	mustRun(t, free, good)
	for range 2 {
		if _, err := checked.Run(bad); err == nil {
			t.Fatal("a step on Inf succeeded")
		}
		for i, v := range vars {
			if !tensor.Equal(v.Value(), same[i].Value()) {
				t.Errorf("the bad step changed %s", v.Name())
			}
		}
	}
	got, want := mustRun(t, checked, good), mustRun(t, free, good)
	if !tensor.Equal(got[0], want[0]) {
		t.Errorf("the next loss is %v, want %v", got[0].Float32s(), want[0].Float32s())
	}
	for i, v := range vars {
		if !tensor.Equal(v.Value(), same[i].Value()) {
			t.Errorf("%s differs from that of the unchecked program", v.Name())
		}
	}
}

// TestCheckNumbersUpdate: a variable can go wrong while the loss is fine.
func TestCheckNumbersUpdate(t *testing.T) {
	g := graph.New(graph.Train)
	v := graph.NewVariable("scale", tensor.Of([]float32{3e38}, 1), true)
	g.Assign(v, graph.MulScalar(g.Var(v), 10))
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Graph: g, CheckNumbers: true})
	_, err := e.Run()
	bad, ok := errors.AsType[*graph.NumberError](err)
	if !ok || bad.Result != `variable "scale"` || bad.Culprit == nil || bad.Culprit.Op != "Mul" || v.Value().Float32s()[0] != 3e38 {
		t.Errorf("error %v, variable %v", err, v.Value().Float32s())
	}
}

// TestCheckNumbersOff: without the option nothing is allocated by a run.
func TestCheckNumbersOff(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims(4)...)
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x}, Outputs: nodes{graph.Log(x)}})
	in, out := tensors{values(1, -1, 1, 4)}, tensors{tensor.New(tensor.Float32, 4)}
	if n := testing.AllocsPerRun(10, func() {
		if err := e.RunInto(out, in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a run allocates %v times", n)
	}
}
