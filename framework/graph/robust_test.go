package graph_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestEmptyBatch runs every case of gradientCases whose operator takes a
// symbolic batch with no rows at all: a value or an error, but never a panic.
func TestEmptyBatch(t *testing.T) {
	for _, threads := range []int{1, 2} {
		dev := cpu.New(cpu.Options{Threads: threads})
		for name, c := range gradientCases {
			t.Run(fmt.Sprint(name, "/", threads), func(t *testing.T) {
				g := graph.New(c.Mode)
				in, feeds := make(nodes, len(c.Inputs)), make(tensors, len(c.Inputs))
				var program graph.Program
				err := graph.Trace(func() {
					for i, v := range c.Inputs {
						dims := graph.Ints(v.Shape()...)
						shape := append([]int(nil), v.Shape()...)
						if i == 0 && len(dims) > 0 {
							dims[0], shape[0] = graph.Symbol("N"), 0
						}
						in[i], feeds[i] = g.Input(string(rune('a'+i)), v.DType(), dims...), v
						if i == 0 {
							feeds[i] = tensor.New(v.DType(), shape...)
						}
					}
					y := c.Build(g, in)
					program = graph.Program{Inputs: in, Outputs: nodes{y}}
					if y.DType() == tensor.Float32 {
						program.Outputs = append(program.Outputs, graph.Grad(graph.Sum(graph.Square(y)), in[0])...)
					}
				})
				if _, ok := errors.AsType[*graph.ShapeError](err); err != nil && !ok {
					t.Fatalf("error %v, want a ShapeError", err)
				}
				if err != nil {
					return // the operator does not take a symbol there
				}
				e, err := graph.Compile(dev, program)
				if err != nil {
					return
				}
				defer e.Close()
				outs, err := e.Run(feeds...)
				if err != nil && strings.Contains(err.Error(), "the kernel failed") {
					t.Errorf("a kernel panicked: %v", err)
				}
				if err == nil && len(outs) != len(program.Outputs) {
					t.Errorf("%d outputs", len(outs))
				}
			})
		}
	}
}

// TestEmptyValues: what operators give for nothing is defined.
func TestEmptyValues(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 3)...)
	w := g.Const(values(1, -1, 1, 3, 2))
	inner := graph.MatMul(graph.Transpose(x), x) // [3,N]·[N,3] over no rows is zero
	e := compile(t, dev, graph.Program{Inputs: nodes{x}, Outputs: nodes{graph.MatMul(x, w), graph.Sum(x), graph.Mean(x), inner, graph.Concat(0, x, g.Const(values(2, 0, 1, 2, 3)))}})
	outs := mustRun(t, e, tensor.New(tensor.Float32, 0, 3))
	if outs[0].Len() != 0 || outs[1].Float32s()[0] != 0 || !math.IsNaN(float64(outs[2].Float32s()[0])) || outs[3].Len() != 9 || outs[4].Shape()[0] != 2 {
		t.Errorf("no rows give %v", outs)
	}
	for _, v := range outs[3].Float32s() {
		if v != 0 {
			t.Errorf("a product over nothing has %v", v)
		}
	}
}

// TestRunRefuses lists runs that must fail with one clear sentence.
func TestRunRefuses(t *testing.T) {
	cases := []struct {
		name  string
		build func(g *graph.Graph, x, i *node) *node
		x, i  *tensor.Tensor
		want  string
	}{
		{"index", func(_ *graph.Graph, x, i *node) *node { return graph.Gather(x, i, 0) }, values(1, 0, 1, 5, 3), ids(0, 5), "index 5 (element 1) is outside an axis of 5"},
		{"negative index", func(_ *graph.Graph, x, i *node) *node { return graph.Gather(x, i, 1) }, values(1, 0, 1, 5, 3), ids(-4, 1), "index -4 (element 0) is outside an axis of 3"},
		{"index into nothing", func(_ *graph.Graph, x, i *node) *node { return graph.Gather(x, i, 0) }, tensor.New(tensor.Float32, 0, 3), ids(0, 0), "index 0 (element 0) is outside an axis of 0"},
		{"large index in workers", func(_ *graph.Graph, x, i *node) *node { return graph.Gather(x, i, 0) }, values(1, 0, 1, 3000, 300), manyIDs(3000, 2999, 1<<40), "index 1099511627776 (element 2999)"},
		{"gradient of an index", func(_ *graph.Graph, x, i *node) *node { return graph.Grad(graph.Sum(graph.Gather(x, i, 0)), x)[0] }, values(1, 0, 1, 4, 3), ids(1, 9), "index 9 (element 1)"},
		{"label", func(_ *graph.Graph, x, i *node) *node { return graph.CrossEntropy(x, graph.Reshape(i, x.Dim(0)), 0) }, values(1, 0, 1, 3, 3), ids(2, -1, 3), "label 3 (row 2) is outside of 3 classes"},
		{"maximum of nothing", func(_ *graph.Graph, x, i *node) *node { return graph.ArgMax(x, 0) }, tensor.New(tensor.Float32, 0, 3), ids(), "empty"},
		{"window", func(_ *graph.Graph, x, i *node) *node {
			return graph.MaxPool2D(graph.Unsqueeze(x, 0, -1), graph.PoolOptions{Size: 2})
		}, values(1, 0, 1, 1, 3), ids(), "larger than the padded image"},
		{"slice", func(_ *graph.Graph, x, i *node) *node { return graph.Slice(x, 0, 3, graph.End) }, values(1, 0, 1, 2, 3), ids(), "becomes -1"},
		{"reshape", func(_ *graph.Graph, x, i *node) *node { return graph.Reshape(x, graph.Dims(-1, 4)...) }, values(1, 0, 1, 3, 3), ids(), "do not fit"},
		{"too much memory", func(g *graph.Graph, x, i *node) *node {
			return graph.Sum(graph.Softmax(graph.Broadcast(graph.Unsqueeze(x, 0), graph.Const(1<<38), x.Dim(0), x.Dim(1))))
		}, values(1, 0, 1, 5, 3), ids(), "GB"},
		{"too many elements", func(g *graph.Graph, x, i *node) *node {
			y := graph.Broadcast(graph.Unsqueeze(x, 0), graph.Const(1<<42), x.Dim(0), x.Dim(1))
			return graph.Sum(y)
		}, values(1, 0, 1, 100, 3), ids(), "more elements than a machine can hold"},
	}
	for _, threads := range []int{1, 2} {
		dev := cpu.New(cpu.Options{Threads: threads})
		for _, c := range cases {
			t.Run(fmt.Sprint(c.name, "/", threads), func(t *testing.T) {
				g := graph.New(graph.Train)
				x, i := g.Input("x", tensor.Float32, graph.Dims("N", 3)...), g.Input("i", tensor.Int64, graph.Dims("M")...)
				if c.x.Shape()[1] != 3 {
					x = g.Input("wide", tensor.Float32, graph.Dims("N", c.x.Shape()[1])...)
				}
				e, err := graph.Compile(dev, graph.Program{Inputs: nodes{x, i}, Outputs: nodes{c.build(g, x, i)}})
				if err != nil {
					t.Fatal(err)
				}
				defer e.Close()
				if _, err = e.Run(c.x, c.i); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want one line that contains %q", err, c.want)
				}
				if _, err = e.Run(nil, c.i); err == nil || !strings.Contains(err.Error(), "is nil") {
					t.Errorf("a nil tensor: error %v", err)
				}
			})
		}
	}
}

// manyIDs are n indices from 0, of which element at is v.
func manyIDs(n, at int, v int64) *tensor.Tensor {
	t := tensor.New(tensor.Int64, n)
	for i := range n {
		t.Int64s()[i] = int64(i)
	}
	t.Int64s()[at] = v
	return t
}

// TestCompileRefuses: nil nodes and sizes that are known at once.
func TestCompileRefuses(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Ints(2)...)
	huge := graph.Softmax(graph.Broadcast(x, graph.Ints(1<<40, 2)...))
	unknown := graph.Broadcast(x, graph.Dims("M", 2)...)
	for name, c := range map[string]struct {
		p    graph.Program
		want string
	}{
		"nil output":     {graph.Program{Inputs: nodes{x}, Outputs: nodes{nil}}, "is nil"},
		"nil input":      {graph.Program{Inputs: nodes{nil}, Outputs: nodes{x}}, "is nil"},
		"all nil":        {graph.Program{Inputs: nodes{nil}, Outputs: nodes{nil}}, "no inputs, outputs or graph"},
		"memory":         {graph.Program{Inputs: nodes{x}, Outputs: nodes{graph.Sum(huge)}}, "GB"},
		"output memory":  {graph.Program{Inputs: nodes{x}, Outputs: nodes{huge}}, "GB"},
		"unknown symbol": {graph.Program{Inputs: nodes{x}, Outputs: nodes{unknown}}, `dimension "M" is not given by any input`},
	} {
		e, err := graph.Compile(dev, c.p)
		if err == nil {
			e.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that contains %q", name, err, c.want)
		}
	}
	if _, err := graph.Eval(dev, nil, nil); err == nil {
		t.Error("Eval of nil succeeded")
	}
}

// narrow is a device without a kernel for Softmax.
type narrow struct{ chip.Device }

func (d narrow) Supports(op chip.Op, ins, outs []chip.Value) bool {
	_, softmax := op.(*chip.Softmax)
	return !softmax && d.Device.Supports(op, ins, outs)
}

// TestUnsupportedOperator names the operator and its operands.
func TestUnsupportedOperator(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Ints(2, 3)...)
	_, err := graph.Compile(narrow{cpu.New(cpu.Options{Threads: 1})}, graph.Program{Inputs: nodes{x}, Outputs: nodes{graph.Softmax(x)}})
	if err == nil || !strings.Contains(err.Error(), "no kernel for Softmax") || !strings.Contains(err.Error(), "float32[2 3]") {
		t.Errorf("error %v", err)
	}
}

// TestNumbersPassThrough: NaN and Inf as inputs are values like others.
func TestNumbersPassThrough(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range gradientCases {
		if c.Inputs[0].DType() != tensor.Float32 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			g := graph.New(c.Mode)
			in, feeds := make(nodes, len(c.Inputs)), make(tensors, len(c.Inputs))
			for i, v := range c.Inputs {
				in[i], feeds[i] = g.Input(string(rune('a'+i)), v.DType(), graph.Ints(v.Shape()...)...), v
			}
			feeds[0] = feeds[0].Clone()
			for i := range feeds[0].Float32s() {
				feeds[0].Float32s()[i] = []float32{nan, inf, -inf, 3e38, float32(math.Copysign(0, -1))}[i%5]
			}
			y := c.Build(g, in)
			run(t, dev, in, append(nodes{y}, graph.Grad(graph.Sum(graph.Cast(y, tensor.Float32)), in[0])...), feeds...)
		})
	}
}
