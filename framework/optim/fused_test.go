package optim_test

import (
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// fitting is a small classification whose gradients come from products and
// sums, so that nothing but the updates is elementwise in its last part.
type fitting struct {
	g          *graph.Graph
	x, y, rate *graph.Node
	loss       *graph.Node
	params     *nn.Params
	feed       []*tensor.Tensor
}

func newFitting(seed uint64) *fitting {
	p := nn.NewParams(seed)
	hidden, head := nn.NewLinear(p.Sub("hidden"), 5, 16), nn.NewLinear(p.Sub("head"), 16, 3)
	g := graph.New(graph.Train)
	f := &fitting{g: g, params: p, x: g.Input("x", tensor.Float32, graph.Dims("N", 5)...), y: g.Input("y", tensor.Int64, graph.Dims("N")...),
		rate: g.Input("lr", tensor.Float32, graph.Const(1))}
	f.loss = nn.CrossEntropy(head.Forward(graph.Relu(hidden.Forward(f.x))), f.y, 0)
	r := rand.New(rand.NewPCG(seed, 1))
	x, y := tensor.New(tensor.Float32, 32, 5), tensor.New(tensor.Int64, 32)
	for i := range y.Int64s() {
		y.Int64s()[i] = int64(i % 3)
		for j := range 5 {
			x.Float32s()[5*i+j] = float32(r.NormFloat64())*0.4 + float32((i%3)*(j%2))
		}
	}
	f.feed = []*tensor.Tensor{x, y, tensor.Of([]float32{0.01}, 1)}
	return f
}

func (f *fitting) compile(t *testing.T) *graph.Executable {
	t.Helper()
	e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{f.x, f.y, f.rate}, Outputs: []*graph.Node{f.loss}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func (f *fitting) instrs(t *testing.T, rule optim.Rule, o optim.Options) int {
	t.Helper()
	optim.Apply(f.loss, f.params, rule, f.rate, o)
	e := f.compile(t)
	if _, err := e.Run(f.feed...); err != nil {
		t.Fatal(err)
	}
	if testing.Verbose() {
		t.Log(e.Dump())
	}
	return e.Stats().Instrs
}

// TestUpdatesAreFused counts what the updates of two matrices and two vectors
// take. SGD is one instruction for each, so the plan without updates is 4 less.
func TestUpdatesAreFused(t *testing.T) {
	without := newFitting(1).instrs(t, optim.SGD{}, optim.Options{}) - 4
	// The step is counted, cast to float and made the corrections of the moments.
	const counted, corrections = 2, 2
	cases := []struct {
		name string
		rule optim.Rule
		o    optim.Options
		want int
	}{
		{"sgd", optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.1}, optim.Options{}, 4},
		{"adamw", optim.AdamW{WeightDecay: 0.1}, optim.Options{}, 4 + 1},
		{"adam", optim.Adam{}, optim.Options{}, 4 + 1},
		{"adam with decay", optim.Adam{WeightDecay: 0.1}, optim.Options{DecayAll: true}, 4 + counted + corrections},
		{"amsgrad", optim.AdamW{WeightDecay: 0.1, AMSGrad: true}, optim.Options{}, 4 + counted + corrections},
		{"rmsprop", optim.RMSProp{Momentum: 0.9, Centered: true, WeightDecay: 0.1}, optim.Options{}, 4},
		{"adagrad", optim.Adagrad{WeightDecay: 0.1}, optim.Options{}, 4},
		{"lion", optim.Lion{WeightDecay: 0.1}, optim.Options{}, 4},
		// The direction, two norms, their ratio, the step.
		{"lamb", optim.LAMB{WeightDecay: 0.1}, optim.Options{}, 4*5 + counted + corrections},
		{"clip by value", optim.SGD{}, optim.Options{ClipValue: 1}, 2 * 4},
		{"clip by value, lion", optim.Lion{}, optim.Options{ClipValue: 1}, 4},
		{"groups", optim.Lion{}, optim.Options{Groups: []optim.Group{{Prefix: "head/", LRScale: 0.1}}}, 4 + 1},
		// A matrix: momentum, 5 iterations of 3 products and 2 maps, 2 for the norm, the step.
		{"muon", optim.Muon{}, optim.Options{}, 2*(1+2+1+5*5+1) + 2 + 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := newFitting(1).instrs(t, c.rule, c.o) - without; got > c.want {
				t.Errorf("%d instructions for the updates, want %d", got, c.want)
			} else if got < c.want {
				t.Logf("%d instructions for the updates, even less than %d", got, c.want)
			}
		})
	}
}

// TestRulesConverge trains the classification with every rule, twice, and
// wants equal bits and a small loss.
func TestRulesConverge(t *testing.T) {
	rates := map[string]float32{"muon": 0.05, "muon heavy": 0.05, "lion": 0.02, "lamb": 0.05, "adagrad": 0.2,
		"adafactor": 0.2, "adafactor relative": 0.2, "clipped by value": 0.5}
	for name, c := range references {
		t.Run(name, func(t *testing.T) {
			var losses [2]float32
			for i := range losses {
				f := newFitting(3)
				optim.Apply(f.loss, f.params, c.rule, f.rate, c.o)
				e := f.compile(t)
				f.feed[2].Float32s()[0] = 0.03
				if r := rates[name]; r != 0 {
					f.feed[2].Float32s()[0] = r
				}
				for range 200 {
					outs, err := e.Run(f.feed...)
					if err != nil {
						t.Fatal(err)
					}
					losses[i] = outs[0].Float32s()[0]
				}
			}
			if losses[0] != losses[1] {
				t.Errorf("two runs end at %v and %v", losses[0], losses[1])
			}
			if !(losses[0] < 0.45) { // of 1.1; coupled decay holds it up
				t.Errorf("the loss is %v after 200 steps", losses[0])
			}
		})
	}
}
