package prune_test

import (
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/prune"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var dev = cpu.New(cpu.Options{Threads: 1})

// weight makes a tree with one variable "w".
func weight(t *testing.T, values []float32, dims ...int) (*nn.Params, *graph.Variable) {
	t.Helper()
	p := nn.NewParams(1)
	v := p.Weight("w", nn.Zeros, dims...)
	if err := v.Set(tensor.Of(values, dims...)); err != nil {
		t.Fatal(err)
	}
	return p, v
}

func TestPatterns(t *testing.T) {
	w := []float32{
		4, -1,
		-3, 2,
		2, -3,
		1, 4,
		0.5, 0.25,
		-0.75, 0.5,
	}
	cases := []struct {
		name string
		set  func(m *prune.Masks) error
		want []float32
	}{
		{"magnitude", func(m *prune.Masks) error { return m.Magnitude(0.5) }, []float32{4, 0, -3, 2, 2, -3, 0, 4, 0, 0, 0, 0}},
		{"magnitude twice", func(m *prune.Masks) error {
			if err := m.Magnitude(0.5); err != nil {
				return err
			}
			return m.Magnitude(0.75)
		}, []float32{4, 0, 0, 0, 0, -3, 0, 4, 0, 0, 0, 0}},
		{"2:4", func(m *prune.Masks) error { return m.Pattern(2, 4) }, []float32{4, 0, -3, 0, 0, -3, 0, 4, 0.5, 0.25, -0.75, 0.5}},
		{"channels", func(m *prune.Masks) error { return m.Channels(0.5) }, []float32{4, 0, -3, 0, 2, 0, 1, 0, 0.5, 0, -0.75, 0}},
	}
	for _, c := range cases {
		p, v := weight(t, slices.Clone(w), 6, 2)
		m := prune.New(p, nil)
		if err := c.set(m); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(v.Value().Float32s(), w) {
			t.Errorf("%s: the weight itself changed", c.name)
		}
		if err := m.Remove(); err != nil {
			t.Fatal(err)
		}
		if got := v.Value().Float32s(); !slices.Equal(got, c.want) {
			t.Errorf("%s leaves %v, want %v", c.name, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	p, _ := weight(t, []float32{1, 2}, 2, 1)
	m := prune.New(p, nil)
	for name, err := range map[string]error{"all": m.Magnitude(1), "less than none": m.Channels(-0.1), "NaN": m.Magnitude(math.NaN()), "pattern": m.Pattern(5, 4)} {
		if err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

func TestSchedule(t *testing.T) {
	s := prune.Schedule{Initial: 0.2, Final: 0.8, Begin: 10, End: 30, Every: 5}
	for _, c := range []struct {
		step    int
		want    float64
		changes bool
	}{{9, 0, false}, {10, 0.2, true}, {12, 0.2, false}, {15, 0.8 - 0.6*0.421875, true}, {20, 0.8 - 0.6*0.125, true}, {30, 0.8, true}, {31, 0.8, false}} {
		got, changes := s.At(c.step)
		if math.Abs(got-c.want) > 1e-12 || changes != c.changes {
			t.Errorf("step %d: %v %v, want %v %v", c.step, got, changes, c.want, c.changes)
		}
	}
}

// Pruned weights stay zero through training with momentum and decay, while the
// others learn; the model with the zeros written in is the masked one.
func TestTraining(t *testing.T) {
	params := nn.NewParams(1)
	net := nn.Sequential{nn.NewLinear(params.Sub("hidden"), 2, 32), nn.Act("tanh"), nn.NewLinear(params.Sub("head"), 32, 1)}
	masks := prune.New(params, func(name string, _ []int) bool { return name == "hidden/weight" })
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
	y := g.Input("y", tensor.Float32, graph.Dims("N", 1)...)
	lr := g.Input("lr", tensor.Float32, graph.Dims(1)...)
	plain := net.Forward(x)
	loss := nn.BCE(masks.Apply(plain)[0], y)
	optim.Apply(loss, params, optim.AdamW{WeightDecay: 0.01}, lr, optim.Options{})
	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x, y, lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	points, truth := tensor.Of([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2), tensor.Of([]float32{0, 1, 1, 0}, 4, 1)
	schedule := prune.Schedule{Final: 0.75, Begin: 50, End: 200, Every: 10}
	var last float32
	var pruned []float32
	for step := range 500 {
		if s, changes := schedule.At(step); changes {
			if err := masks.Magnitude(s); err != nil {
				t.Fatal(err)
			}
			if step == schedule.End {
				pruned = masks.Params().Get("hidden/weight/mask").Value().Float32s()
			}
		}
		outs, err := exec.Run(points, truth, tensor.Of([]float32{0.03}, 1))
		if err != nil {
			t.Fatal(err)
		}
		last = outs[0].Float32s()[0]
	}
	if last > 0.02 {
		t.Errorf("the loss is %v", last)
	}
	if r := masks.Report(); r.Total.Zeros != 48 || r.Total.Values != 64 {
		t.Errorf("pruned %d of %d", r.Total.Zeros, r.Total.Values)
	}
	if got := masks.Params().Get("hidden/weight/mask").Value().Float32s(); !slices.Equal(got, pruned) {
		t.Error("training moved the mask")
	}
	if err := masks.Remove(); err != nil {
		t.Fatal(err)
	}
	for i, v := range params.Get("hidden/weight").Value().Float32s() {
		if (v == 0) != (pruned[i] == 0) {
			t.Fatalf("weight %d is %v under the mask %v", i, v, pruned[i])
		}
	}
	h := graph.New(graph.Inference)
	in := h.Const(points)
	bare, err := graph.Eval(dev, nn.BCE(net.Forward(in), h.Const(truth)), nil)
	if err != nil {
		t.Fatal(err)
	}
	masked, err := graph.Eval(dev, nn.BCE(masks.Apply(net.Forward(in))[0], h.Const(truth)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !tensor.Equal(bare, masked) || bare.Float32s()[0] > 0.02 {
		t.Errorf("without masks the loss is %v, with them %v", bare.Float32s(), masked.Float32s())
	}
}
