package optim_test

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestAccumulation: four micro-batches and an update are one batch, with
// clipping and averages, step after step.
func TestAccumulation(t *testing.T) {
	for name, o := range map[string]optim.Options{
		"norm":  {ClipNorm: 0.3, EMA: 0.9},
		"value": {ClipValue: 0.02},
		"both":  {ClipValue: 0.02, ClipNorm: 0.05, Groups: []optim.Group{{Prefix: "head/", LRScale: 0.5}}},
	} {
		t.Run(name, func(t *testing.T) {
			whole, parts := newFitting(5), newFitting(5)
			rule := optim.SGD{Momentum: 0.9, WeightDecay: 0.01}
			state := optim.Apply(whole.loss, whole.params, rule, whole.rate, o)
			one := whole.compile(t)

			acc := optim.Accumulate(parts.loss, parts.params, o)
			micro, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{parts.x, parts.y}, Outputs: []*graph.Node{parts.loss}})
			if err != nil {
				t.Fatal(err)
			}
			defer micro.Close()
			g := graph.New(graph.Train)
			lr := g.Input("lr", tensor.Float32, graph.Const(1))
			summed := acc.Apply(g, rule, lr)
			update, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}})
			if err != nil {
				t.Fatal(err)
			}
			defer update.Close()

			x, y, rate := whole.feed[0], whole.feed[1], tensor.Of([]float32{0.5}, 1)
			start := whole.params.Tensors()
			for range 4 {
				if _, err := one.Run(x, y, rate); err != nil {
					t.Fatal(err)
				}
				for i := range 4 {
					if _, err := micro.Run(tensor.Of(x.Float32s()[40*i:40*i+40], 8, 5), tensor.Of(y.Int64s()[8*i:8*i+8], 8)); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := update.Run(rate); err != nil {
					t.Fatal(err)
				}
			}
			a, b := whole.params.Tensors(), parts.params.Tensors()
			if o.EMA > 0 {
				a, b = state.EMA().Tensors(), summed.EMA().Tensors()
			}
			moved := 0.0
			for n := range a {
				for i, v := range a[n].Float32s() {
					moved += math.Abs(float64(v - start[n].Float32s()[i]))
					if math.Abs(float64(v-b[n].Float32s()[i])) > 2e-6 {
						t.Fatalf("%s[%d] is %v in parts and %v at once", n, i, b[n].Float32s()[i], v)
					}
				}
			}
			if moved < 0.1 {
				t.Errorf("the weights moved by %v only", moved)
			}
		})
	}
}

// TestAccumulationWastesNothing: a micro-step takes one instruction for each
// variable and one to count, an update those of the rule and two for the count.
func TestAccumulationWastesNothing(t *testing.T) {
	without := newFitting(1).instrs(t, optim.SGD{}, optim.Options{}) - 4
	f := newFitting(1)
	acc := optim.Accumulate(f.loss, f.params, optim.Options{})
	micro, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{f.x, f.y}, Outputs: []*graph.Node{f.loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer micro.Close()
	if _, err := micro.Run(f.feed[:2]...); err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Train)
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	acc.Apply(g, optim.SGD{Momentum: 0.9}, lr)
	update, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}})
	if err != nil {
		t.Fatal(err)
	}
	defer update.Close()
	// The first test of the count is made once, by an instruction of its own.
	if got := micro.Stats().Instrs - without; got > 4+2 {
		t.Errorf("a micro-step takes %d more instructions than the gradients\n%s", got, micro.Dump())
	}
	if got := update.Stats().Instrs; got > 4+2 {
		t.Errorf("an update takes %d instructions\n%s", got, update.Dump())
	}
}

func TestGroups(t *testing.T) {
	p := nn.NewParams(1)
	for _, name := range []string{"stem/w", "body/w", "body/bias", "head/w", "norm/gain"} {
		p.Weight(name, nn.Constant(1), 2, 1)
	}
	g := graph.New(graph.Train)
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	loss := graph.Scalar(g, 0)
	for _, v := range p.Trainable() {
		loss = graph.Add(loss, graph.Sum(g.Var(v)))
	}
	s := optim.Apply(loss, p, optim.SGD{WeightDecay: 0.5}, lr, optim.Options{EMA: 0.5, Groups: []optim.Group{
		{Prefix: "stem/", Frozen: true},
		{Prefix: "body/", Match: func(v *graph.Variable) bool { return v.Name() == "body/bias" }, WeightDecay: -1},
		{Prefix: "body/", LRScale: 0.5, WeightDecay: 1},
		{Prefix: "head/", Rule: optim.Lion{WeightDecay: 2}},
	}})
	e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(tensor.Of([]float32{0.1}, 1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"stem/w": 1, "body/bias": 0.9, "body/w": 1 - 0.05*2, "head/w": 1 - 0.1*3, "norm/gain": 1 - 0.1*1.5} {
		near(t, name, p.Get(name).Value().Float32s()[0], want)
		near(t, "average of "+name, s.EMA().Tensors()[name].Float32s()[0], (1+want)/2)
	}
	for _, v := range s.Variables() {
		if v.Name() == "stem/w/ema" {
			t.Error("a frozen variable has an average")
		}
	}
}

// TestScalarVariable: every rule takes variables of rank 0.
func TestScalarVariable(t *testing.T) {
	for name, c := range references {
		p := nn.NewParams(1)
		w := p.Weight("w", nn.Constant(2))
		g := graph.New(graph.Train)
		lr := g.Input("lr", tensor.Float32, graph.Const(1))
		optim.Apply(graph.Square(g.Var(w)), p, c.rule, lr, c.o)
		e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{lr}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := e.Run(tensor.Of([]float32{0.1}, 1)); err != nil || w.Value().Float32s()[0] >= 2 {
			t.Errorf("%s: %v, %v", name, w.Value().Float32s(), err)
		}
		e.Close()
	}
}
