package graph_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func compile(t *testing.T, dev chip.Device, p graph.Program) *graph.Executable {
	t.Helper()
	e, err := graph.Compile(dev, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func mustRun(t *testing.T, e *graph.Executable, in ...*tensor.Tensor) tensors {
	t.Helper()
	outs, err := e.Run(in...)
	if err != nil {
		t.Fatal(err)
	}
	return outs
}

// TestSymbolicImage runs one program on images of several sizes and batches.
func TestSymbolicImage(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "H", "W", 2)...)
	w := g.Const(values(1, -1, 1, 3, 3, 2, 4))
	y := graph.MaxPool2D(graph.Relu(graph.Conv2D(x, w, nil, graph.ConvOptions{Stride: 2, Pad: 1})), graph.PoolOptions{Size: 2})
	flat := graph.Reshape(y, y.Dim(0), graph.Const(-1))
	mean := graph.Mean(flat, 1)
	e := compile(t, cpu.New(cpu.Options{Threads: 2}), graph.Program{Inputs: nodes{x}, Outputs: nodes{y, flat, mean}, Plans: 2})
	for _, size := range [][]int{{1, 8, 8}, {3, 9, 12}, {2, 8, 8}, {1, 8, 8}, {3, 9, 12}} {
		in := values(2, -1, 1, size[0], size[1], size[2], 2)
		outs := mustRun(t, e, in)
		oh, ow := ((size[1]-1)/2+1)/2, ((size[2]-1)/2+1)/2
		if want := []int{size[0], oh, ow, 4}; !slices.Equal(outs[0].Shape(), want) {
			t.Fatalf("%v: shape %v, want %v", size, outs[0].Shape(), want)
		}
		single := graph.New(graph.Inference)
		fixed := single.Input("x", tensor.Float32, graph.Ints(in.Shape()...)...)
		ref := graph.MaxPool2D(graph.Relu(graph.Conv2D(fixed, single.Const(values(1, -1, 1, 3, 3, 2, 4)), nil, graph.ConvOptions{Stride: 2, Pad: 1})), graph.PoolOptions{Size: 2})
		want := run(t, cpu.New(cpu.Options{Threads: 2}), nodes{fixed}, nodes{ref}, in)
		if !tensor.Equal(outs[0], want[0]) {
			t.Errorf("%v: the symbolic program differs from the fixed one", size)
		}
	}
}

// TestAssign exchanges two variables, counts a third, and returns old and new
// values, which must not disturb each other.
func TestAssign(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	a := graph.NewVariable("a", tensor.Of([]float32{1, 2}, 2), true)
	b := graph.NewVariable("b", tensor.Of([]float32{3, 4}, 2), true)
	n := graph.NewVariable("n", tensor.Of([]int64{5}, 1), false)
	same := graph.NewVariable("same", tensor.Of([]float32{9}, 1), false)
	g := graph.New(graph.Train)
	oldA, oldB := g.Var(a), g.Var(b)
	next := graph.AddScalar(g.Var(n), 1)
	g.Assign(a, oldB)
	g.Assign(b, oldA)
	g.Assign(n, next)
	g.Assign(same, g.Var(same))
	e := compile(t, dev, graph.Program{Outputs: nodes{oldA, graph.Add(oldA, oldB), next, g.Var(n), next}})
	for i := range 3 {
		outs := mustRun(t, e)
		want := [][]float32{{1, 2}, {3, 4}}
		if got := outs[0].Float32s(); !slices.Equal(got, want[i%2]) {
			t.Errorf("run %d: old a is %v, want %v", i, got, want[i%2])
		}
		if got := outs[1].Float32s(); !slices.Equal(got, []float32{4, 6}) {
			t.Errorf("run %d: sum is %v", i, got)
		}
		old, now := outs[3].Int64s()[0], outs[2].Int64s()[0]
		if old != int64(5+i) || now != int64(6+i) || outs[4].Int64s()[0] != now || n.Value().Int64s()[0] != now {
			t.Errorf("run %d: counter %d to %d, variable %v", i, old, now, n.Value().Int64s())
		}
		if got := a.Value().Float32s(); !slices.Equal(got, want[(i+1)%2]) {
			t.Errorf("run %d: a is %v, want %v", i, got, want[(i+1)%2])
		}
	}
	if same.Value().Float32s()[0] != 9 {
		t.Errorf("a variable assigned to itself became %v", same.Value().Float32s())
	}
}

// TestUpdateOrder lets a graph read a parameter after it has asked for its
// update: readers must see the old value, averages the new one.
func TestUpdateOrder(t *testing.T) {
	w := graph.NewVariable("w", tensor.Of([]float32{1}, 1), true)
	avg := graph.NewVariable("avg", tensor.Of([]float32{1}, 1), false)
	g := graph.New(graph.Train)
	one := g.Const(tensor.Of([]float32{1}, 1))
	fresh := graph.SGD(w, graph.Mul(g.Var(w), one), nil, g.Const(tensor.Of([]float32{0.5}, 1)), one, chip.SGD{})
	graph.Lerp(avg, fresh, 0.5)
	late := graph.Exp(graph.Neg(g.Var(w)))
	both := graph.Add(fresh, graph.MulScalar(g.Var(w), 10))
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Outputs: nodes{late, both, fresh}})
	outs := mustRun(t, e)
	if got := outs[0].Float32s()[0]; got < 0.3678 || got > 0.3680 {
		t.Errorf("a late reader sees exp(-w) = %v, want exp(-1)", got)
	}
	if got := outs[1].Float32s()[0]; got != 10.5 {
		t.Errorf("new + 10·old = %v, want 10.5", got)
	}
	if got := outs[2].Float32s()[0]; got != 0.5 || w.Value().Float32s()[0] != 0.5 || avg.Value().Float32s()[0] != 0.75 {
		t.Errorf("w %v, average %v; want 0.5 and 0.75", w.Value().Float32s(), avg.Value().Float32s())
	}
}

// TestVariableMoves uses one variable on two devices in turn.
func TestVariableMoves(t *testing.T) {
	v := graph.NewVariable("v", tensor.Of([]float32{1}, 1), false)
	g := graph.New(graph.Train)
	g.Assign(v, graph.MulScalar(g.Var(v), 2))
	for i := range 4 {
		e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Graph: g})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Run(); err != nil {
			t.Fatal(err)
		}
		e.Close()
		if got, want := v.Value().Float32s()[0], float32(int(2)<<i); got != want {
			t.Fatalf("after %d runs: %v, want %v", i+1, got, want)
		}
	}
	if err := v.Set(tensor.Of([]float32{7}, 1)); err != nil || v.Value().Float32s()[0] != 7 {
		t.Errorf("Set: %v, value %v", err, v.Value().Float32s())
	}
	if err := v.Set(tensor.Of([]float32{7}, 1, 1)); err == nil {
		t.Error("Set takes another shape")
	}
}

// TestDropout checks the rate, the scale, the gradient's mask, the change from
// run to run, and that a restored counter repeats the masks.
func TestDropout(t *testing.T) {
	g := graph.New(graph.Train)
	g.Seed(3)
	x := g.Input("x", tensor.Float32, graph.Ints(100, 100)...)
	y := graph.Dropout(x, 0.25)
	z := graph.Dropout(x, 0.25)
	grad := graph.Grad(graph.Sum(y), x)[0]
	e := compile(t, cpu.New(cpu.Options{Threads: 2}), graph.Program{Inputs: nodes{x}, Outputs: nodes{y, z, grad}})
	ones := values(1, 1, 1, 100, 100)
	first := mustRun(t, e, ones)
	kept := 0
	for _, v := range first[0].Float32s() {
		switch {
		case v != 0 && (v < 1.3333 || v > 1.3334):
			t.Fatalf("a kept element became %v, want 4/3", v)
		case v != 0:
			kept++
		}
	}
	if kept < 7300 || kept > 7700 {
		t.Errorf("%d of 10000 elements were kept, want about 7500", kept)
	}
	if tensor.Equal(first[0], first[1]) {
		t.Error("two dropouts have the same mask")
	}
	if !tensor.Equal(first[0], first[2]) {
		t.Error("the gradient has another mask than the value")
	}
	second := mustRun(t, e, ones)
	if tensor.Equal(first[0], second[0]) {
		t.Error("two runs have the same mask")
	}
	if err := g.StepCounter().Set(tensor.Of([]int64{0}, 1)); err != nil {
		t.Fatal(err)
	}
	if again := mustRun(t, e, ones); !tensor.Equal(first[0], again[0]) {
		t.Error("a restored counter does not repeat the mask")
	}
	eval := graph.New(graph.Inference)
	in := eval.Input("x", tensor.Float32, graph.Ints(2)...)
	if graph.Dropout(in, 0.5) != in {
		t.Error("dropout acts in inference")
	}
}

// TestPlanReusesMemory: a long chain of layers needs memory for two of them.
func TestPlanReusesMemory(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Ints(64, 64)...)
	w := g.Const(values(1, -1, 1, 64, 64))
	y := x
	for range 10 {
		y = graph.MatMul(y, w)
	}
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x}, Outputs: nodes{y}})
	s := e.Stats()
	if s.Instrs != 10 || s.Arena > 2*64*64*4 || s.FLOPs != 10*2*64*64*64 {
		t.Errorf("%+v, want 10 instructions within %d bytes", s, 2*64*64*4)
	}
}

// TestFusion lists graphs and the instructions they must become.
func TestFusion(t *testing.T) {
	c := func(g *graph.Graph, dims ...int) *node { return g.Const(values(9, -1, 1, dims...)) }
	cases := []struct {
		name  string
		mode  graph.Mode
		build func(g *graph.Graph, x *node) nodes
		want  string
	}{
		{"chain", graph.Inference, func(g *graph.Graph, x *node) nodes {
			return nodes{graph.Tanh(graph.AddScalar(graph.MulScalar(graph.Exp(x), 2), 1))}
		}, "Map"},
		{"broadcast", graph.Inference, func(g *graph.Graph, x *node) nodes {
			return nodes{graph.Relu(graph.Mul(x, graph.Broadcast(c(g, 8), x.Shape()...)))}
		}, "Map"},
		{"bias and activation", graph.Inference, func(g *graph.Graph, x *node) nodes {
			return nodes{graph.GELU(graph.Add(graph.MatMul(x, c(g, 8, 4)), c(g, 4)))}
		}, "Gemm"},
		{"alpha and transpose", graph.Inference, func(g *graph.Graph, x *node) nodes {
			return nodes{graph.MulScalar(graph.MatMul(x, graph.Transpose(c(g, 4000, 8))), 0.5)}
		}, "Gemm"},
		{"scaled operand", graph.Inference, func(g *graph.Graph, x *node) nodes {
			y := graph.MulScalar(x, 0.25)
			return nodes{graph.MatMul(y, c(g, 8, 4)), graph.MatMulT(y, x, true, false)}
		}, "Gemm Gemm"},
		{"convolution, norm, activation", graph.Inference, func(g *graph.Graph, x *node) nodes {
			y := graph.Conv2D(graph.Reshape(x, graph.Ints(4, 4, 4, 8)...), c(g, 1, 1, 8, 4), nil, graph.ConvOptions{})
			return nodes{graph.Relu(batchNorm(nodes{y, c(g, 4), c(g, 4)}))}
		}, "Map Map Conv"},
		{"training norm", graph.Train, func(g *graph.Graph, x *node) nodes {
			y := graph.Relu(batchNorm(nodes{x, c(g, 8), c(g, 8)}))
			return append(nodes{y}, graph.Grad(graph.Sum(graph.Mul(y, y)), x)...)
		}, "BatchNorm Map BatchNormGrad"},
		{"common", graph.Inference, func(g *graph.Graph, x *node) nodes {
			return nodes{graph.Sum(graph.Softmax(x)), graph.Mean(graph.Softmax(x))}
		}, "Softmax Reduce Reduce"},
		{"dead", graph.Inference, func(g *graph.Graph, x *node) nodes {
			graph.Softmax(x)
			return nodes{graph.Neg(x)}
		}, "Map"},
		{"constant", graph.Inference, func(g *graph.Graph, x *node) nodes {
			return nodes{graph.Softmax(graph.Add(x, graph.Sqrt(graph.Sum(graph.Square(c(g, 8))))))}
		}, "Map Softmax"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New(c.mode)
			x := g.Input("x", tensor.Float32, graph.Ints(64, 8)...)
			e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x}, Outputs: c.build(g, x)})
			if got := operatorsOf(e); got != c.want {
				t.Errorf("instructions %q, want %q\n%s", got, c.want, e.Dump())
			}
		})
	}
}

// operatorsOf lists the instructions of a plan.
func operatorsOf(e *graph.Executable) string {
	var names []string
	for _, line := range strings.Split(strings.TrimSpace(e.Dump()), "\n") {
		_, rest, _ := strings.Cut(line, " = ")
		name, _, _ := strings.Cut(rest, "(")
		name, _, _ = strings.Cut(name, "[")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// TestDeterminism: the same seed and threads give the same bits.
func TestDeterminism(t *testing.T) {
	var last tensors
	for range 3 {
		g := graph.New(graph.Train)
		x := g.Input("x", tensor.Float32, graph.Ints(33, 70)...)
		w := g.Const(values(1, -1, 1, 70, 50))
		y := graph.Dropout(graph.Softmax(graph.MatMul(x, w)), 0.3)
		grads := graph.Grad(graph.Sum(graph.Square(y)), x, w)
		got := run(t, cpu.New(cpu.Options{Threads: 2}), nodes{x}, grads, values(2, -1, 1, 33, 70))
		for i := range last {
			if !tensor.Equal(last[i], got[i]) {
				t.Fatalf("result %d differs between runs", i)
			}
		}
		last = got
	}
}

// TestConcurrentRuns shares variables among executables that only read them.
func TestConcurrentRuns(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	w := graph.NewVariable("w", values(1, -1, 1, 8, 8), false)
	in := values(2, -1, 1, 16, 8)
	var wg sync.WaitGroup
	results := make(tensors, 4)
	for i := range results {
		g := graph.New(graph.Inference)
		x := g.Input("x", tensor.Float32, graph.Dims("N", 8)...)
		e := compile(t, dev, graph.Program{Inputs: nodes{x}, Outputs: nodes{graph.Relu(graph.MatMul(x, g.Var(w)))}})
		for range 2 {
			wg.Go(func() {
				for range 20 {
					outs, err := e.Run(in)
					if err != nil {
						t.Error(err)
						return
					}
					_ = outs
				}
			})
		}
		wg.Go(func() {
			if outs, err := e.Run(in); err == nil {
				results[i] = outs[0]
			}
		})
	}
	wg.Wait()
	for _, r := range results {
		if r == nil || !tensor.Equal(r, results[0]) {
			t.Error("concurrent runs differ")
		}
	}
}

func TestEval(t *testing.T) {
	g := graph.New(graph.Train)
	v := graph.NewVariable("v", tensor.Of([]float32{1}, 1), true)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	unused := g.Input("unused", tensor.Float32)
	g.Assign(v, graph.AddScalar(g.Var(v), 1))
	y := graph.Add(x, g.Var(v))
	dev := cpu.New(cpu.Options{Threads: 1})
	got, err := graph.Eval(dev, y, map[*node]*tensor.Tensor{x: tensor.Of([]float32{1, 2}, 2), unused: tensor.Scalar(float32(0))})
	if err != nil || !slices.Equal(got.Float32s(), []float32{2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
	if v.Value().Float32s()[0] != 1 {
		t.Error("Eval made an assignment")
	}
	if _, err := graph.Eval(dev, y, nil); err == nil {
		t.Error("Eval without the input succeeded")
	}
}

func TestProfile(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 32)...)
	w := graph.NewVariable("fc/weight", values(1, -1, 1, 32, 32), true)
	y := graph.Softmax(graph.Linear(x, g.Var(w), nil))
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x}, Outputs: nodes{y}})
	p, err := e.Profile(3, values(2, -1, 1, 16, 32))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Instrs) != 2 || p.Total() <= 0 || !strings.Contains(p.String(), "Linear fc/weight") {
		t.Errorf("profile %v", p)
	}
}
