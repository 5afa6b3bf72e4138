package graph_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestShapeErrors lists mistakes and what their errors must say.
func TestShapeErrors(t *testing.T) {
	cases := []struct {
		name  string
		build func(g *graph.Graph, f func(dims ...any) *node)
		want  string
	}{
		{"add", func(g *graph.Graph, f func(...any) *node) { graph.Add(f("N", 3), f("N", 4)) }, "Add(float32[N 3], float32[N 4]): the shapes do not broadcast"},
		{"symbols", func(g *graph.Graph, f func(...any) *node) { graph.Add(f("N"), f("M")) }, "do not broadcast"},
		{"types", func(g *graph.Graph, f func(...any) *node) { graph.Add(f(3), graph.Cast(f(3), tensor.Int64)) }, "different types"},
		{"matmul", func(g *graph.Graph, f func(...any) *node) { graph.MatMul(f(2, 3), f(4, 5)) }, "inner dimensions 3 and 4 differ"},
		{"linear", func(g *graph.Graph, f func(...any) *node) { graph.Linear(f("N", 3), f(4, 5), nil) }, "must be 4"},
		{"bias", func(g *graph.Graph, f func(...any) *node) { graph.Linear(f("N", 4), f(4, 5), f(4)) }, "operand 3 must be float32[5]"},
		{"conv channels", func(g *graph.Graph, f func(...any) *node) {
			graph.Conv2D(f("N", 8, 8, 3), f(3, 3, 4, 8), nil, graph.ConvOptions{})
		}, "3 input channels"},
		{"conv groups", func(g *graph.Graph, f func(...any) *node) {
			graph.Conv2D(f("N", 8, 8, 3), f(3, 3, 3, 8), nil, graph.ConvOptions{Groups: 2})
		}, "2 groups do not divide 3 channels"},
		{"conv too large", func(g *graph.Graph, f func(...any) *node) {
			graph.Conv2D(f("N", 2, 8, 3), f(3, 3, 3, 8), nil, graph.ConvOptions{})
		}, "does not fit into the height 2"},
		{"reshape", func(g *graph.Graph, f func(...any) *node) { graph.Reshape(f(2, 3), graph.Dims(4)...) }, "6 elements do not fit into [4]"},
		{"reshape twice", func(g *graph.Graph, f func(...any) *node) { graph.Reshape(f(2, 3), graph.Dims(-1, -1)...) }, "only one dimension"},
		{"axis", func(g *graph.Graph, f func(...any) *node) { graph.Sum(f(2, 3), 2) }, "there is no axis 2"},
		{"axis twice", func(g *graph.Graph, f func(...any) *node) { graph.Sum(f(2, 3), 1, -1) }, "name one twice"},
		{"permutation", func(g *graph.Graph, f func(...any) *node) { graph.Transpose(f(2, 3), 0, 0) }, "not a permutation"},
		{"slice", func(g *graph.Graph, f func(...any) *node) { graph.Slice(f(2, 3), 1, 1, 5) }, "outside of axis 1"},
		{"concat", func(g *graph.Graph, f func(...any) *node) { graph.Concat(0, f(2, 3), f(2, 4)) }, "differ along axis 1"},
		{"split", func(g *graph.Graph, f func(...any) *node) { graph.Split(f(2, 5), 1, 2, 2) }, "do not add up"},
		{"gather", func(g *graph.Graph, f func(...any) *node) { graph.Embedding(f(4, 2), f(3)) }, "not int64 or int32"},
		{"labels", func(g *graph.Graph, f func(...any) *node) {
			graph.CrossEntropy(f("N", 4), graph.Cast(f("M"), tensor.Int64), 0)
		}, "int64[N]"},
		{"norm", func(g *graph.Graph, f func(...any) *node) { graph.LayerNorm(f(2, 3), f(4), f(3), 0) }, "float32[3]"},
		{"dropout", func(g *graph.Graph, f func(...any) *node) { graph.Dropout(f(2), 1) }, "not in [0, 1)"},
		{"loss", func(g *graph.Graph, f func(...any) *node) { graph.Grad(f(2)) }, "one float32 number"},
		{"graphs", func(g *graph.Graph, f func(...any) *node) {
			graph.Add(f(2), graph.Scalar(graph.New(graph.Train), 1))
		}, "different graphs"},
		{"input twice", func(g *graph.Graph, f func(...any) *node) {
			g.Input("x", tensor.Float32)
			g.Input("x", tensor.Float32)
		}, `an input "x" already`},
		{"assign", func(g *graph.Graph, f func(...any) *node) {
			g.Assign(graph.NewVariable("w", tensor.Scalar(float32(1)), true), f(2))
		}, `variable "w" is float32[]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New(graph.Train)
			n := 0
			err := graph.Trace(func() {
				c.build(g, func(dims ...any) *node {
					n++
					return g.Input(string(rune('a'+n)), tensor.Float32, graph.Dims(dims...)...)
				})
			})
			shape, ok := errors.AsType[*graph.ShapeError](err)
			if !ok || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one that contains %q", err, c.want)
			}
			if !strings.HasSuffix(shape.File, "error_test.go") || shape.Line == 0 {
				t.Errorf("the error blames %s:%d, not the model", shape.File, shape.Line)
			}
		})
	}
}

func TestShapeErrorNamesTheLine(t *testing.T) {
	g := graph.New(graph.Train)
	a := g.Input("a", tensor.Float32, graph.Ints(2)...)
	_, _, line, _ := runtime.Caller(0)
	err := graph.Trace(func() { graph.Sigmoid(graph.Add(a, g.Input("b", tensor.Float32, graph.Ints(3)...))) })
	if shape, ok := errors.AsType[*graph.ShapeError](err); !ok || shape.Line != line+1 {
		t.Errorf("error %v, want line %d", err, line+1)
	}
}

func TestTracePassesOtherPanics(t *testing.T) {
	defer func() {
		if r := recover(); r != "other" {
			t.Errorf("recovered %v", r)
		}
	}()
	_ = graph.Trace(func() { panic("other") })
}

// TestRunErrors lists inputs that a program must refuse.
func TestRunErrors(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 6)...)
	y := g.Input("y", tensor.Float32, graph.Dims("N", "M")...)
	z := graph.Add(graph.Sum(x, 1), graph.Sum(graph.Slice(y, 1, 0, -4), 1))
	e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x, y}, Outputs: nodes{z}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	float := func(dims ...int) *tensor.Tensor { return tensor.New(tensor.Float32, dims...) }
	cases := []struct {
		name string
		in   tensors
		want string
	}{
		{"number", tensors{float(2, 6)}, "2 inputs, not 1"},
		{"type", tensors{float(2, 6), tensor.New(tensor.Int64, 2, 6)}, `input "y" is float32, not int64`},
		{"rank", tensors{float(2, 6), float(2)}, `input "y" has shape [2], not [N M]`},
		{"constant", tensors{float(2, 5), float(2, 6)}, `input "x" has shape [2 5], not [N 6]`},
		{"symbol", tensors{float(2, 6), float(3, 6)}, "dimension N is 2 in one input and 3"},
		{"negative", tensors{float(2, 6), float(2, 3)}, "becomes -1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := e.Run(c.in...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that contains %q", err, c.want)
			}
		})
	}
	if _, err := e.Run(float(2, 6), float(2, 6)); err != nil {
		t.Errorf("after refusals: %v", err)
	}
	if err := e.RunInto(tensors{float(3)}, tensors{float(2, 6), float(2, 6)}); err == nil || !strings.Contains(err.Error(), "output 0 is float32[2]") {
		t.Errorf("output of another shape: %v", err)
	}
}

func TestCompileErrors(t *testing.T) {
	g, h := graph.New(graph.Inference), graph.New(graph.Inference)
	x, y := g.Input("x", tensor.Float32, graph.Ints(2)...), g.Input("y", tensor.Float32, graph.Ints(2)...)
	z := graph.Add(x, y)
	other := graph.Scalar(h, 1)
	cases := []struct {
		name string
		p    graph.Program
		want string
	}{
		{"missing input", graph.Program{Inputs: nodes{x}, Outputs: nodes{z}}, `needs the input "y"`},
		{"no input", graph.Program{Inputs: nodes{x, z}, Outputs: nodes{z}}, "is not an input"},
		{"twice", graph.Program{Inputs: nodes{x, x, y}, Outputs: nodes{z}}, "given twice"},
		{"other graph", graph.Program{Inputs: nodes{x, y}, Outputs: nodes{z, other}}, "another graph"},
		{"empty", graph.Program{}, "no inputs, outputs or graph"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), c.p); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that contains %q", err, c.want)
			}
		})
	}
}
