package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestMixedPrecisionTrains compares training in bfloat16 with that in float32:
// the first losses differ no more than float32 training from weights that are
// off by bfloat16's rounding, the activations take about half of the memory, and
// repeating a run repeats its bits, with recomputation too.
func TestMixedPrecisionTrains(t *testing.T) {
	const steps = 30
	for _, c := range trainees {
		t.Run(c.name, func(t *testing.T) {
			full := newTrainee(c.build, c.batches...)
			want, before := full.train(t, 2, steps)
			mixed := func(memory int64) (*trainee, []float32, graph.Stats) {
				m := newTrainee(c.build, c.batches...)
				m.program.Precision, m.program.Memory = graph.MixedPrecision, memory
				losses, stats := m.train(t, 2, steps)
				return m, losses, stats
			}
			first, got, after := mixed(0)
			t.Logf("loss %.4f to %.4f, in float32 %.4f to %.4f; arena %d bytes, in float32 %d (%.2f of it)",
				got[0], got[steps-1], want[0], want[steps-1], after.Arena, before.Arena, float64(after.Arena)/float64(before.Arena))
			if float64(after.Arena) > c.mixed*float64(before.Arena) {
				t.Errorf("the arena takes %d bytes, in float32 %d", after.Arena, before.Arena)
			}
			// Rounding changes both factors of a product, the spread tells of one:
			// √2, of which a normal deviation passes three times once in 370.
			limit := min(0.02, 3*math.Sqrt2*slices.Max(disturbed(t, c.build, c.batches, want[:5])))
			for i := range 5 {
				if d := math.Abs(float64(got[i] - want[i])); !(d < limit) {
					t.Errorf("step %d: loss %v, in float32 %v; at most %v apart", i, got[i], want[i], limit)
				}
			}
			same, drift := 0, 0.0
			for i := range want {
				if i >= steps-10 {
					drift += float64(got[i]-want[i]) / 10
				}
				if got[i] == want[i] {
					same++
				}
			}
			if !(math.Abs(drift) < 0.05) {
				t.Errorf("the mean of the last ten losses is off by %v", drift)
			}
			if same == steps {
				t.Error("nothing was rounded")
			}
			if got[steps-1] >= got[0] {
				t.Errorf("the loss does not fall: %v", got)
			}
			second, again, _ := mixed(0)
			tight, less, small := mixed(after.Arena * 19 / 20)
			t.Logf("with recomputation %d bytes", small.Arena)
			for i := range got {
				if again[i] != got[i] || less[i] != got[i] {
					t.Errorf("step %d: losses %v, repeated %v, recomputed %v", i, got[i], again[i], less[i])
				}
			}
			for i, v := range first.vars {
				if v.DType() != full.vars[i].DType() || !tensor.Equal(v.Value(), second.vars[i].Value()) || !tensor.Equal(v.Value(), tight.vars[i].Value()) {
					t.Errorf("variable %s differs between equal runs", v.Name())
				}
			}
		})
	}
}

// disturbed is how far the first losses of float32 training move, the root mean
// square over 16 runs, when it starts from weights w·(1+e) with e up to ±2^-8, the
// largest relative error of rounding to bfloat16.
func disturbed(t *testing.T, build func(*model, *graph.Graph, nodes) *node, batches []tensors, losses []float32) []float64 {
	t.Helper()
	const runs = 16
	spread := make([]float64, len(losses))
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := newTrainee(build, batches...)
		for _, v := range m.vars {
			if !v.Trainable() {
				continue
			}
			w := v.Value()
			for i := range w.Float32s() {
				w.Float32s()[i] *= 1 + float32(2*r.Float64()-1)/256
			}
			if err := v.Set(w); err != nil {
				t.Fatal(err)
			}
		}
		moved, _ := m.train(t, 2, len(losses))
		for i, l := range moved {
			spread[i] += math.Pow(float64(l-losses[i]), 2) / runs
		}
	}
	for i, v := range spread {
		spread[i] = math.Sqrt(v)
	}
	return spread
}

// TestMixedPrecisionRule: products read bfloat16; convolutions, losses,
// statistics and optimisers never do; a sum of squares, which is a product with
// one result, neither.
func TestMixedPrecisionRule(t *testing.T) {
	if n := productsOf(t, newTrainee(deepConv, imageBatches(4, 12)...)); n != 3 {
		t.Errorf("%d products of one linear layer are of bfloat16, want 3", n)
	}
	if n := productsOf(t, newTrainee(transformer(2), tensors{tokens(4, 32), classes(4)})); n < 40 {
		t.Errorf("only %d products of a transformer are of bfloat16", n)
	}
}

// productsOf counts products of bfloat16, and complains of others that read it.
func productsOf(t *testing.T, c *trainee) (products int) {
	t.Helper()
	g := c.program.Inputs[0].Graph()
	w := graph.Reshape(g.Var(c.vars[0]), graph.Dims(1, -1)...)
	c.program.Outputs = append(c.program.Outputs, graph.MatMulT(w, w, false, true))
	c.program.Precision = graph.MixedPrecision
	e, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), c.program)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for op, types := range graph.Operands(e) {
		bfloats := 0
		for _, dt := range types {
			if dt == tensor.BFloat {
				bfloats++
			}
		}
		switch o := op.(type) {
		case *chip.Gemm:
			if bfloats == 2 {
				products++
			} else if !o.TransB || bfloats != 0 {
				t.Errorf("%s of %v", op.Name(), types)
			}
		case *chip.Map, *chip.Cast, *chip.Transpose:
		case *chip.ConvGradWeight:
			if types[1] == tensor.BFloat { // its gradient; the input is what was stored
				t.Errorf("%s of %v", op.Name(), types)
			}
		default:
			if bfloats > 0 {
				t.Errorf("%s of %v", op.Name(), types)
			}
		}
	}
	return products
}

// TestMixedPrecisionRoundsFactors computes a product by hand: 1 + 2^-9 rounds
// to 1, the sum of the rounded factors does not round.
func TestMixedPrecisionRoundsFactors(t *testing.T) {
	g := graph.New(graph.Inference)
	x, y := g.Input("x", tensor.Float32, graph.Ints(2, 2)...), g.Input("y", tensor.Float32, graph.Ints(2, 1)...)
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x, y}, Outputs: nodes{graph.MatMul(x, y)}, Precision: graph.MixedPrecision})
	const d = 1.0 / 512
	got := mustRun(t, e, tensor.Of([]float32{1 + d, d, 1, 1}, 2, 2), tensor.Of([]float32{1, 1}, 2, 1))[0].Float32s()
	if got[0] != 1+d || got[1] != 2 {
		t.Errorf("got %v, want %v and 2", got, 1+d)
	}
}

// rounding passes numbers through bfloat16.
func rounding(x *node) *node { return graph.Cast(graph.Cast(x, tensor.BFloat), tensor.Float32) }

// exact are numbers that bfloat16 holds.
func exact(seed uint64, dims ...int) *tensor.Tensor {
	t := values(seed, -1, 1, dims...)
	for i, v := range t.Float32s() {
		t.Float32s()[i] = tensor.NewBFloat16(float64(v)).Float32()
	}
	return t
}

// TestBFloatGradients: the gradient passes through casts as it is, and through
// products and moves of bfloat16 nodes.
func TestBFloatGradients(t *testing.T) {
	g := graph.New(graph.Train)
	x, w := g.Input("x", tensor.Float32, graph.Ints(3, 4)...), g.Input("w", tensor.Float32, graph.Ints(5, 4)...)
	build := func(half bool) nodes {
		a, b := x, w
		if half {
			a, b = graph.Cast(x, tensor.BFloat), graph.Cast(w, tensor.BFloat)
		}
		a = graph.Slice(graph.Reshape(graph.Concat(0, a, a), graph.Ints(6, 4)...), 0, 1, 5)
		y := graph.Sin(graph.MatMul(a, graph.Transpose(b)))
		return append(nodes{y}, graph.Grad(graph.Sum(graph.Mul(y, y)), x, w)...)
	}
	outs := mustRun(t, compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x, w}, Outputs: append(build(true), build(false)...)}), exact(1, 3, 4), exact(2, 5, 4))
	for i := range 3 {
		graphtest.Compare(t, "result", graphtest.ArrayOf(outs[i]), graphtest.ArrayOf(outs[3+i]), 1e-5)
	}
}

// TestBFloatConstants: constants and variables may be held in bfloat16.
func TestBFloatConstants(t *testing.T) {
	g := graph.New(graph.Inference)
	half := tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(1.5), tensor.NewBFloat16(-3)}, 2)
	v := graph.NewVariable("v", half, false)
	y := graph.Add(graph.Cast(g.Const(half), tensor.Float32), graph.Cast(g.Var(v), tensor.Float32))
	g.Assign(v, graph.Cast(y, tensor.BFloat))
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Outputs: nodes{y, graph.Cast(y, tensor.BFloat)}})
	out := mustRun(t, e)
	if got := out[0].Float32s(); got[0] != 3 || got[1] != -6 || !tensor.Equal(v.Value(), out[1]) || v.Value().DType() != tensor.BFloat {
		t.Errorf("got %v, variable %v", got, v.Value())
	}
}

func init() {
	addRows(gradientCases, map[string]graphtest.Case{
		"Cast": of(func(in nodes) *node { return graph.Mul(rounding(graph.StopGradient(in[0])), graph.Sin(in[0])) }, exact(1, 3, 4)),
	})
}
