package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// quadratic trains w [2,1] and b [1] to lessen w·(1,-2)·3 + b²: the gradients
// are (3,-6) and 2b.
type quadratic struct {
	exec  *graph.Executable
	w, b  *graph.Variable
	state *optim.State
}

func newQuadratic(t *testing.T, rule optim.Rule, o optim.Options) *quadratic {
	t.Helper()
	p := nn.NewParams(1)
	q := &quadratic{w: p.Weight("w", nn.Constant(0.5), 2, 1), b: p.Weight("b", nn.Constant(2), 1)}
	g := graph.New(graph.Train)
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	slope := g.Const(tensor.Of([]float32{3, -6}, 2, 1))
	loss := graph.Add(graph.Sum(graph.Mul(g.Var(q.w), slope)), graph.Sum(graph.Square(g.Var(q.b))))
	q.state = optim.Apply(loss, p, rule, lr, o)
	outs := []*graph.Node{loss}
	if q.state.Norm() != nil {
		outs = append(outs, q.state.Norm())
	}
	var err error
	if q.exec, err = graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}, Outputs: outs}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.exec.Close)
	return q
}

func (q *quadratic) step(t *testing.T, lr float32) []*tensor.Tensor {
	t.Helper()
	outs, err := q.exec.Run(tensor.Of([]float32{lr}, 1))
	if err != nil {
		t.Fatal(err)
	}
	return outs
}

// TestRules compares three steps with the formulas written out in float64.
func TestRules(t *testing.T) {
	const lr = 0.1
	cases := []struct {
		name string
		rule optim.Rule
		o    optim.Options
		step func(s *scalar, g float64, i int, decay bool)
	}{
		{"sgd", optim.SGD{}, optim.Options{}, func(s *scalar, g float64, _ int, _ bool) { s.p -= lr * g }},
		{"momentum and decay", optim.SGD{Momentum: 0.9, WeightDecay: 0.1}, optim.Options{}, func(s *scalar, g float64, _ int, decay bool) {
			if decay {
				g += 0.1 * s.p
			}
			s.m = 0.9*s.m + g
			s.p -= lr * s.m
		}},
		{"nesterov, all decay", optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.1}, optim.Options{DecayAll: true}, func(s *scalar, g float64, _ int, _ bool) {
			g += 0.1 * s.p
			s.m = 0.9*s.m + g
			s.p -= lr * (g + 0.9*s.m)
		}},
		{"adamw", optim.AdamW{WeightDecay: 0.1}, optim.Options{}, func(s *scalar, g float64, i int, decay bool) {
			if decay {
				s.p -= lr * 0.1 * s.p
			}
			s.m = 0.9*s.m + 0.1*g
			s.v = 0.999*s.v + 0.001*g*g
			m, v := s.m/(1-math.Pow(0.9, float64(i))), s.v/(1-math.Pow(0.999, float64(i)))
			s.p -= lr * m / (math.Sqrt(v) + 1e-8)
		}},
		{"clipped", optim.SGD{}, optim.Options{ClipNorm: 1}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := newQuadratic(t, c.rule, c.o)
			w, b := &scalar{p: 0.5}, &scalar{p: 2}
			for i := 1; i <= 3; i++ {
				outs := q.step(t, lr)
				gw, gb := 3.0, 2*b.p
				if c.step != nil {
					c.step(w, gw, i, true)
					c.step(b, gb, i, false)
				} else {
					norm := math.Sqrt(9 + 36 + gb*gb)
					near(t, "norm", outs[1].Float32s()[0], norm)
					w.p, b.p = w.p-lr*gw/norm, b.p-lr*gb/norm
				}
				near(t, "w", q.w.Value().Float32s()[0], w.p)
				near(t, "b", q.b.Value().Float32s()[0], b.p)
			}
		})
	}
}

// scalar is one parameter with its moments.
type scalar struct{ p, m, v float64 }

func near(t *testing.T, what string, got float32, want float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > 1e-4*(1+math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestEMA(t *testing.T) {
	q := newQuadratic(t, optim.SGD{}, optim.Options{EMA: 0.9})
	average, now := 0.5, 0.5
	for range 4 {
		q.step(t, 0.1)
		now -= 0.3
		average += 0.1 * (now - average)
	}
	values := q.state.EMA().Tensors()
	near(t, "average", values["w"].Float32s()[0], average)
	near(t, "present value", q.w.Value().Float32s()[0], now)
	if err := q.state.EMA().Swap(); err != nil {
		t.Fatal(err)
	}
	near(t, "swapped in", q.w.Value().Float32s()[0], average)
	if err := q.state.EMA().Swap(); err != nil {
		t.Fatal(err)
	}
	near(t, "swapped back", q.w.Value().Float32s()[0], now)
}

// TestEMAOfStatistics: averages cover the running statistics of normalisation.
func TestEMAOfStatistics(t *testing.T) {
	p := nn.NewParams(1)
	norm := nn.NewBatchNorm(p.Sub("norm"), 2)
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	s := optim.Apply(graph.Mean(graph.Square(norm.Forward(x))), p, optim.AdamW{}, lr, optim.Options{EMA: 0.5})
	e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{x, lr}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(tensor.Of([]float32{1, 10, 3, 10}, 2, 2), tensor.Of([]float32{0.1}, 1)); err != nil {
		t.Fatal(err)
	}
	near(t, "running mean", norm.Mean.Value().Float32s()[0], 0.2)
	near(t, "average of it", s.EMA().Tensors()["norm/mean"].Float32s()[0], 0.1)
}

// TestResume: values, moments and averages restored from copies repeat the steps.
func TestResume(t *testing.T) {
	o := optim.Options{EMA: 0.9, ClipNorm: 3}
	a, b := newQuadratic(t, optim.AdamW{}, o), newQuadratic(t, optim.AdamW{}, o)
	a.step(t, 0.1)
	a.step(t, 0.1)
	for _, pair := range [][2][]*graph.Variable{{a.state.Variables(), b.state.Variables()}, {{a.w, a.b}, {b.w, b.b}}} {
		for i, v := range pair[0] {
			if pair[1][i].Name() != v.Name() {
				t.Fatalf("variable %d is %q and %q", i, v.Name(), pair[1][i].Name())
			}
			if err := pair[1][i].Set(v.Value()); err != nil {
				t.Fatal(err)
			}
		}
	}
	a.step(t, 0.1)
	b.step(t, 0.1)
	if !tensor.Equal(a.w.Value(), b.w.Value()) || !tensor.Equal(a.state.EMA().Tensors()["b"], b.state.EMA().Tensors()["b"]) {
		t.Error("the restored run differs")
	}
}

// TestTrainingIsDeterministic trains a network twice with two threads.
func TestTrainingIsDeterministic(t *testing.T) {
	w := workloads["lenet5"]
	w.shape = []int{8, 28, 28, 1}
	var losses [2][]float32
	for i := range losses {
		s := w.prepare(t, 2)
		for range 5 {
			losses[i] = append(losses[i], s.step(t))
		}
	}
	if !slices.Equal(losses[0], losses[1]) {
		t.Errorf("losses %v and %v", losses[0], losses[1])
	}
	if losses[0][4] >= losses[0][0] {
		t.Errorf("the loss does not fall: %v", losses[0])
	}
}

func TestSchedules(t *testing.T) {
	cycle := optim.OneCycle{Max: 1, Steps: 101, Warm: 0.3}
	cases := []struct {
		name string
		s    optim.Schedule
		step int
		want float64
	}{
		{"constant", optim.Constant(0.3), 7, 0.3},
		{"cycle start", cycle, 0, 0.04},
		{"cycle middle of rise", cycle, 15, 0.52},
		{"cycle peak", cycle, 30, 1},
		{"cycle middle of fall", cycle, 65, 0.50005},
		{"cycle end", cycle, 100, 1e-4},
		{"cycle beyond", cycle, 1000, 1e-4},
		{"cosine start", optim.Cosine{Max: 1, Min: 0.2, Steps: 10}, 0, 1},
		{"cosine middle", optim.Cosine{Max: 1, Min: 0.2, Steps: 10}, 5, 0.6},
		{"cosine end", optim.Cosine{Max: 1, Min: 0.2, Steps: 10}, 10, 0.2},
		{"warmup first", optim.WarmupCosine{Max: 1, Warmup: 4, Steps: 14}, 0, 0.25},
		{"warmup last", optim.WarmupCosine{Max: 1, Warmup: 4, Steps: 14}, 3, 1},
		{"warmup middle", optim.WarmupCosine{Max: 1, Warmup: 4, Steps: 14}, 9, 0.5},
		{"warmup end", optim.WarmupCosine{Max: 1, Warmup: 4, Steps: 14}, 14, 0},
	}
	for _, c := range cases {
		if got := c.s.At(c.step); math.Abs(float64(got)-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
