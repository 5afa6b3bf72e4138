package nn_test

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestSequenceLayers compares values and input gradients with the interpreter's.
func TestSequenceLayers(t *testing.T) {
	p := nn.NewParams(1)
	grouped := nn.NewMultiHeadAttention(p.Sub("grouped"), 8, 4, nn.AttentionOptions{Causal: true, KeyValueHeads: 2, Rotary: &graph.RotaryOptions{}, NoBias: true})
	halves := nn.NewMultiHeadAttention(p.Sub("halves"), 8, 2, nn.AttentionOptions{Rotary: &graph.RotaryOptions{Base: 100, Halves: true}})
	cross := nn.NewMultiHeadAttention(p.Sub("cross"), 8, 2, nn.AttentionOptions{Causal: true})
	feed := nn.NewSwiGLU(p.Sub("feed"), 8, 12, nn.SwiGLUOptions{})
	learned := nn.NewLearnedPositions(p.Sub("positions"), 6, 8)
	padded := nn.NewEmbedding(p.Sub("padded"), 5, 8).Padding(2)
	lstm := nn.NewLSTM(p.Sub("lstm"), 8, 3, nn.RecurrentOptions{Layers: 2, Bidirectional: true, Peephole: true})
	gru := nn.NewGRU(p.Sub("gru"), 8, 3, nn.RecurrentOptions{Layers: 2, Bidirectional: true, ResetAfter: true})
	mask := tensor.Of([]bool{true, true, true, false, true, false, false, false}, 2, 4)
	one := func(f func(x *node) *node) graphtest.Case {
		return graphtest.Case{Inputs: []*tensor.Tensor{values(1, 2, 5, 8)}, Build: func(_ *graph.Graph, in []*node) *node { return f(in[0]) }}
	}
	ids := tensor.Of([]int64{0, 2, 4, 1, 2, 3, 3, 2, 0, 1}, 2, 5)
	cases := map[string]graphtest.Case{
		"grouped": one(func(x *node) *node { return grouped.Forward(x, nil) }),
		"halves":  one(func(x *node) *node { return halves.Forward(x, nil) }),
		"cross": {Inputs: []*tensor.Tensor{values(1, 2, 3, 8), values(2, 2, 4, 8)}, Build: func(g *graph.Graph, in []*node) *node {
			return cross.Cross(in[0], in[1], g.Const(mask))
		}},
		"swiglu":     one(feed.Forward),
		"learned":    one(learned.Forward),
		"sinusoidal": one(nn.SinusoidalPositions.Forward),
		"padding": {Inputs: []*tensor.Tensor{values(1, 2, 5, 8)}, Build: func(g *graph.Graph, in []*node) *node {
			return graph.Mul(in[0], padded.Forward(g.Const(ids)))
		}},
		"lstm": one(lstm.Forward),
		"gru":  one(gru.Forward),
		"lstm state": {Inputs: []*tensor.Tensor{values(1, 2, 5, 8), values(2, 4, 2, 3), values(3, 4, 2, 3)}, Build: func(g *graph.Graph, in []*node) *node {
			y, s := lstm.Run(in[0], nn.RecurrentInput{State: nn.RecurrentState{H: in[1], C: in[2]}, Lengths: g.Const(tensor.Of([]int64{5, 2}, 2))})
			flat := func(x *node) *node { return graph.Reshape(x, graph.Const(-1)) }
			return graph.Concat(0, flat(y), flat(s.H), flat(s.C))
		}},
	}
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { graphtest.Check(t, dev, c) })
		if name != "padding" && name != "lstm state" {
			t.Run(name+"/symbolic", func(t *testing.T) {
				c.Symbolic = len(c.Inputs)
				graphtest.Check(t, dev, c)
			})
		}
	}
}

// eval computes a node for one input, or fails.
func eval(t *testing.T, y *node, feeds map[*node]*tensor.Tensor) []float32 {
	t.Helper()
	out, err := graph.Eval(cpu.New(cpu.Options{Threads: 1}), y, feeds)
	if err != nil {
		t.Fatal(err)
	}
	return out.Float32s()
}

// TestRotaryConventions: a turn by hand, and that scores depend on the distance
// of positions alone.
func TestRotaryConventions(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Const(tensor.Of([]float32{1, 2, 3, 4}, 1, 1, 1, 4))
	at := g.Input("at", tensor.Int64, graph.Const(1))
	s, c := math.Sincos(3)
	s2, c2 := math.Sincos(3.0 / 100)
	for name, tc := range map[string]struct {
		o    graph.RotaryOptions
		want [4]float64
	}{
		"neighbours": {graph.RotaryOptions{}, [4]float64{c - 2*s, s + 2*c, 3*c2 - 4*s2, 3*s2 + 4*c2}},
		"halves":     {graph.RotaryOptions{Halves: true}, [4]float64{c - 3*s, 2*c2 - 4*s2, s + 3*c, 2*s2 + 4*c2}},
	} {
		for i, v := range eval(t, graph.Rotary(x, at, tc.o), map[*node]*tensor.Tensor{at: tensor.Of([]int64{3}, 1)}) {
			if math.Abs(float64(v)-tc.want[i]) > 1e-5 {
				t.Errorf("%s: element %d is %v, want %v", name, i, v, tc.want[i])
			}
		}
	}
	y := g.Const(values(4, 1, 1, 1, 4))
	shift := g.Const(tensor.Of([]int64{2}, 1))
	score := graph.Sum(graph.Mul(graph.Rotary(x, at, graph.RotaryOptions{}), graph.Rotary(y, graph.Add(at, shift), graph.RotaryOptions{})))
	near := eval(t, score, map[*node]*tensor.Tensor{at: tensor.Of([]int64{1}, 1)})[0]
	far := eval(t, score, map[*node]*tensor.Tensor{at: tensor.Of([]int64{90}, 1)})[0]
	if math.Abs(float64(near-far)) > 1e-4 {
		t.Errorf("one distance scores %v and %v", near, far)
	}
}

// TestSinusoidalByHand: the formula at position 3.
func TestSinusoidalByHand(t *testing.T) {
	g := graph.New(graph.Inference)
	y := eval(t, nn.SinusoidalPositions.Forward(graph.Fill(g, 0, graph.Ints(1, 4, 4)...)), nil)
	for i, want := range []float64{math.Sin(3), math.Cos(3), math.Sin(0.03), math.Cos(0.03)} {
		if math.Abs(float64(y[12+i])-want) > 1e-6 {
			t.Errorf("element %d is %v, want %v", i, y[12+i], want)
		}
	}
}

// TestExtendEqualsForward: a sequence in pieces gives what it gives at once.
func TestExtendEqualsForward(t *testing.T) {
	d := nn.NewDecoder(nn.NewParams(5), nn.DecoderConfig{Vocab: 13, Width: 16, Layers: 2, Heads: 4, KeyValueHeads: 2})
	tokens := tensor.Of([]int64{3, 1, 4, 1, 5, 9, 2, 6}, 1, 8)
	dev := cpu.New(cpu.Options{Threads: 2})

	g := graph.New(graph.Inference)
	x := g.Input("tokens", tensor.Int64, graph.Dims(1, "T")...)
	want, err := graph.Eval(dev, d.Forward(x), map[*node]*tensor.Tensor{x: tokens})
	if err != nil {
		t.Fatal(err)
	}

	g = graph.New(graph.Inference)
	x = g.Input("tokens", tensor.Int64, graph.Dims(1, "T")...)
	first := g.Input("first", tensor.Int64, graph.Const(1))
	y, last := d.Extend(x, d.NewCache(1, 8), first), d.ExtendLast(x, d.NewCache(1, 8), first)
	e, err := graph.Compile(dev, graph.Program{Inputs: []*node{x, first}, Outputs: []*node{y, last}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	at := 0
	for _, n := range []int{3, 1, 1, 2, 1} {
		part := tensor.Of(tokens.Int64s()[at:at+n], 1, n)
		outs, err := e.Run(part, tensor.Of([]int64{int64(at)}, 1))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range outs[0].Float32s() {
			if w := want.Float32s()[at*13+i]; math.Abs(float64(v-w)) > 1e-5 {
				t.Fatalf("position %d: logit %d is %v, want %v", at+i/13, i%13, v, w)
			}
		}
		at += n
		for i, v := range outs[1].Float32s() {
			if w := want.Float32s()[(at-1)*13+i]; outs[1].Len() != 13 || math.Abs(float64(v-w)) > 1e-5 {
				t.Fatalf("last position %d: logit %d of %d is %v, want %v", at-1, i, outs[1].Len(), v, w)
			}
		}
	}
	if _, err := e.Run(tensor.Of([]int64{0}, 1, 1), tensor.Of([]int64{8}, 1)); err == nil {
		t.Error("a ninth token fitted into a cache of eight")
	}
}

// TestGeneratorSlides: beyond its capacity a generator goes on from the latest half.
func TestGeneratorSlides(t *testing.T) {
	d := nn.NewDecoder(nn.NewParams(5), nn.DecoderConfig{Vocab: 13, Width: 16, Layers: 1, Heads: 2})
	logits := func(tokens ...int) []float32 {
		gen, err := nn.NewGenerator(cpu.New(cpu.Options{Threads: 1}), d, 4)
		if err != nil {
			t.Fatal(err)
		}
		defer gen.Close()
		var last []float32
		for _, token := range tokens {
			if last, err = gen.Extend(token); err != nil {
				t.Fatal(err)
			}
		}
		return last
	}
	got, want := logits(7, 8, 1, 2, 3), logits(2, 3)
	for i, v := range got {
		if math.Abs(float64(v-want[i])) > 1e-5 {
			t.Fatalf("logit %d is %v, want %v", i, v, want[i])
		}
	}
}

func TestPaddingIsZero(t *testing.T) {
	e := nn.NewEmbedding(nn.NewParams(1), 4, 2).Padding(1)
	g := graph.New(graph.Inference)
	y := eval(t, e.Forward(g.Const(tensor.Of([]int64{0, 1}, 2))), nil)
	if y[2] != 0 || y[3] != 0 || y[0] == 0 {
		t.Errorf("vectors %v", y)
	}
}

// TestSampler: what is left out is never drawn, the rest as often as it should.
func TestSampler(t *testing.T) {
	logits := []float32{0, float32(math.Log(2)), float32(math.Log(4)), float32(math.Log(1))} // 1/8, 2/8, 4/8, 1/8
	for name, tc := range map[string]struct {
		s    nn.Sampler
		want [4]float64
	}{
		"greedy":      {nn.Sampler{}, [4]float64{0, 0, 1, 0}},
		"all":         {nn.Sampler{Temperature: 1, Seed: 1}, [4]float64{0.125, 0.25, 0.5, 0.125}},
		"cold":        {nn.Sampler{Temperature: 0.5, Seed: 1}, [4]float64{1. / 22, 4. / 22, 16. / 22, 1. / 22}},
		"top 2":       {nn.Sampler{Temperature: 1, TopK: 2, Seed: 1}, [4]float64{0, 1. / 3, 2. / 3, 0}},
		"top 0.7":     {nn.Sampler{Temperature: 1, TopP: 0.7, Seed: 1}, [4]float64{0, 1. / 3, 2. / 3, 0}},
		"top 0.4":     {nn.Sampler{Temperature: 1, TopP: 0.4, Seed: 1}, [4]float64{0, 0, 1, 0}},
		"top 3 of .8": {nn.Sampler{Temperature: 1, TopK: 3, TopP: 0.8, Seed: 1}, [4]float64{0, 1. / 3, 2. / 3, 0}},
	} {
		const n = 20000
		var count [4]float64
		for range n {
			count[tc.s.Next(logits)] += 1.0 / n
		}
		for i, w := range tc.want {
			if math.Abs(count[i]-w) > 0.012 || w == 0 && count[i] > 0 {
				t.Errorf("%s: drawn %v, want %v", name, count, tc.want)
				break
			}
		}
	}
}
