package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestFakeQuantize compares with values by hand: bounds -1 and 4.1 give the
// scale 0.02 and the zero point 50, so that the grid runs from -1 to 4.1.
func TestFakeQuantize(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	lo, hi := g.Input("lo", tensor.Float32), g.Input("hi", tensor.Float32)
	y := graph.FakeQuantize(x, lo, hi)
	grads := graph.Grad(graph.Sum(y), x, lo, hi)
	out := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x, lo, hi}, append(nodes{y}, grads...),
		tensor.Of([]float32{-5, -1, -0.011, 0, 0.031, 4.045, 4.5, 9}, 8), tensor.Scalar(float32(-1)), tensor.Scalar(float32(4.1)))
	for i, want := range [][]float64{{-1, -1, -0.02, 0, 0.04, 4.04, 4.1, 4.1}, {0, 1, 1, 1, 1, 1, 0, 0}, {1}, {2}} {
		for j, w := range want {
			if got := out[i].Float32s()[j]; math.Abs(float64(got)-w) > 1e-5 {
				t.Errorf("result %d at %d is %v, want %v", i, j, got, w)
			}
		}
	}
	if out[0].Float32s()[3] != 0 {
		t.Errorf("zero became %v", out[0].Float32s()[3])
	}
}

// Quantising what is on the grid changes nothing, for ranges of one
// sign and of both.
func TestFakeQuantizeRanges(t *testing.T) {
	for _, r := range [][2]float32{{2, 5.1}, {-2.55, -1}, {-0.3, 0.9}} {
		g := graph.New(graph.Inference)
		x := g.Input("x", tensor.Float32, graph.Dims("N")...)
		lo, hi := graph.Scalar(g, r[0]), graph.Scalar(g, r[1])
		once := graph.FakeQuantize(x, lo, hi)
		out := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x}, nodes{once, graph.FakeQuantize(once, lo, hi)}, values(1, -6, 6, 50))
		if !tensor.Equal(out[0], out[1]) {
			t.Errorf("range %v: not idempotent", r)
		}
		for _, v := range out[0].Float32s() {
			step := (max(r[1], 0) - min(r[0], 0)) / 255
			if v < min(r[0], 0)-step || v > max(r[1], 0)+step {
				t.Errorf("range %v: %v lies outside", r, v)
			}
		}
	}
}

func TestFakeQuantizeWeight(t *testing.T) {
	g := graph.New(graph.Inference)
	w := g.Input("w", tensor.Float32, graph.Dims(3, 2)...)
	y := graph.FakeQuantizeWeight(w)
	out := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{w}, nodes{y, graph.Grad(graph.Sum(graph.Square(y)), w)[0]},
		tensor.Of([]float32{1.27, 0, -0.014, 0, 0.5049, 0}, 3, 2))
	for i, want := range []float64{1.27, 0, -0.01, 0, 0.5, 0} {
		if got := float64(out[0].Float32s()[i]); math.Abs(got-want) > 1e-6 {
			t.Errorf("weight %d is %v, want %v", i, got, want)
		}
		if got := float64(out[1].Float32s()[i]); math.Abs(got-2*want) > 1e-6 {
			t.Errorf("gradient %d is %v, want %v", i, got, 2*want)
		}
	}
}

func int8Weights(dims ...int) *tensor.Tensor {
	r, w := rand.New(rand.NewPCG(1, 2)), tensor.New(tensor.Int8, dims...)
	for i := range tensor.Values[int8](w) {
		tensor.Values[int8](w)[i] = int8(r.IntN(255) - 127)
	}
	return w
}

// TestInt8 compares the operators on integers with the interpreter, and the
// float and the requantised results with each other.
func TestInt8(t *testing.T) {
	in := graph.Affine{Scale: 0.01, Zero: 100}
	out, shortcut := &graph.Affine{Scale: 0.07, Zero: 90}, graph.Affine{Scale: 0.05, Zero: 70}
	linear := graph.Int8{X: in, Weight: int8Weights(6, 3), Scales: []float32{0.01, 0.02, 0.005}, Bias: []int32{100, -2000, 7}}
	image := graph.Int8{X: in, Weight: int8Weights(3, 3, 2, 4), Scales: []float32{0.01, 0.02, 0.005, 0.01}, Bias: []int32{100, -2000, 7, 0}}
	geometry := graph.ConvAttrs{Window: graph.Window{Size: [2]int{3, 3}, Stride: [2]int{2, 1}, Dilation: [2]int{1, 1}, Pad: [4]int{1, 1, 1, 0}}, Groups: 2}
	image.Add = shortcut
	with := func(q graph.Int8, relu bool, to *graph.Affine) graph.Int8 {
		q.Relu, q.Out = relu, to
		return q
	}
	for _, relu := range []bool{false, true} {
		for _, to := range []*graph.Affine{nil, out} {
			g := graph.New(graph.Inference)
			x := g.Input("x", tensor.Float32, graph.Dims("N", 6)...)
			y := g.Input("y", tensor.Float32, graph.Dims("N", "H", "W", 4)...)
			a := graph.LinearInt8(graph.QuantizeLinear(x, in), nil, with(linear, relu, to))
			b := graph.Conv2DInt8(graph.QuantizeLinear(y, in), nil, geometry, with(image, relu, to))
			if to != nil {
				a, b = graph.DequantizeLinear(a, *to), graph.DequantizeLinear(b, *to)
			}
			// The results, in float32 and as bytes, are added to the same products.
			c := graph.LinearInt8(graph.QuantizeLinear(x, in), a, with(linear, relu, to))
			d := graph.Conv2DInt8(graph.QuantizeLinear(y, in), graph.QuantizeLinear(b, shortcut), geometry, with(image, relu, to))
			if to != nil {
				c, d = graph.DequantizeLinear(c, *to), graph.DequantizeLinear(d, *to)
			}
			feeds := tensors{values(1, -1, 1.5, 2, 6), values(2, -1, 1.5, 2, 5, 4, 4)}
			got := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x, y}, nodes{a, b, c, d}, feeds...)
			ref := graphtest.NewInterpreter(map[*node]graphtest.Array{x: graphtest.ArrayOf(feeds[0]), y: graphtest.ArrayOf(feeds[1])})
			graphtest.Compare(t, "linear", graphtest.ArrayOf(got[0]), ref.Value(a), 1e-6)
			graphtest.Compare(t, "convolution", graphtest.ArrayOf(got[1]), ref.Value(b), 1e-6)
			graphtest.Compare(t, "linear and float32", graphtest.ArrayOf(got[2]), ref.Value(c), 1e-6)
			graphtest.Compare(t, "convolution and bytes", graphtest.ArrayOf(got[3]), ref.Value(d), 1e-6)
		}
	}
}

func TestInt8Errors(t *testing.T) {
	q := graph.Int8{X: graph.Affine{Scale: 1}, Weight: int8Weights(6, 3), Scales: make([]float32, 3), Bias: make([]int32, 3)}
	short := q
	short.Bias = nil
	for name, build := range map[string]func(g *graph.Graph){
		"operand": func(g *graph.Graph) { graph.LinearInt8(g.Input("x", tensor.Uint8, graph.Dims("N", 5)...), nil, q) },
		"type":    func(g *graph.Graph) { graph.LinearInt8(g.Input("x", tensor.Float32, graph.Dims("N", 6)...), nil, q) },
		"bias":    func(g *graph.Graph) { graph.LinearInt8(g.Input("x", tensor.Uint8, graph.Dims("N", 6)...), nil, short) },
		"addend": func(g *graph.Graph) {
			graph.LinearInt8(g.Input("x", tensor.Uint8, graph.Dims("N", 6)...), g.Input("y", tensor.Float32, graph.Dims("N", 4)...), q)
		},
		"long": func(g *graph.Graph) {
			n := 1 << 17
			graph.LinearInt8(g.Input("x", tensor.Uint8, graph.Dims("N", n)...), nil, graph.Int8{Weight: tensor.New(tensor.Int8, n, 1), Scales: make([]float32, 1), Bias: make([]int32, 1)})
		},
		"bounds": func(g *graph.Graph) {
			x := g.Input("x", tensor.Float32, graph.Dims(2)...)
			graph.FakeQuantize(x, x, x)
		},
	} {
		if err := graph.Trace(func() { build(graph.New(graph.Inference)) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
