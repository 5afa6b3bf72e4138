package onnx

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	graphCases = append(graphCases, randomOperators...)
	for _, op := range []string{"Adagrad", "Adam", "Momentum"} { // in TestStandard; onnxruntime lacks them
		graphCases = append(graphCases, trainingDomain+"."+op)
	}
}

// drawn runs a node of random numbers so many times in one session.
func drawn(t *testing.T, c opCase, runs int) []*tensor.Tensor {
	t.Helper()
	m, feeds := c.model()
	s, err := NewSession(m, testDevice(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out []*tensor.Tensor
	for range runs {
		got, err := s.Run(context.Background(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, got["out0"])
	}
	return out
}

// TestDistributions compares mean, variance and bounds over 40000 draws with
// those of the distribution.
func TestDistributions(t *testing.T) {
	seed := Attrs{"seed": 3.0}
	shape := with(seed, Attrs{"shape": []int{200, 200}})
	like := tensor.New(tensor.Float64, 200, 200)
	for _, c := range []struct {
		name string
		opCase
		dt             tensor.DType
		mean, variance float64
		low, high      float64
	}{
		{"normal", opCase{op: "RandomNormal", attrs: shape}, tensor.Float32, 0, 1, -6, 6},
		{"normal of mean and scale", opCase{op: "RandomNormal", attrs: with(shape, Attrs{"mean": 5.0, "scale": 2.0, "dtype": tensor.Half})}, tensor.Half, 5, 4, -7, 17},
		{"normal like", opCase{op: "RandomNormalLike", attrs: seed, ins: ts{like}}, tensor.Float64, 0, 1, -6, 6},
		{"uniform", opCase{op: "RandomUniform", attrs: shape}, tensor.Float32, 0.5, 1. / 12, 0, 1},
		{"uniform of bounds", opCase{op: "RandomUniform", attrs: with(shape, Attrs{"low": -3.0, "high": 1.0, "dtype": tensor.Float64})}, tensor.Float64, -1, 16. / 12, -3, 1},
		{"uniform like", opCase{op: "RandomUniformLike", attrs: with(seed, Attrs{"dtype": tensor.Float32}), ins: ts{like}, fixed: 1}, tensor.Float32, 0.5, 1. / 12, 0, 1},
		{"Bernoulli", opCase{op: "Bernoulli", attrs: with(seed, Attrs{"dtype": tensor.Bool}), ins: ts{tensor.Of(slices.Repeat([]float32{0.3}, 40000), 200, 200)}}, tensor.Bool, 0.3, 0.21, 0, 1},
		{"multinomial", opCase{op: "Multinomial", attrs: with(seed, Attrs{"sample_size": 20000}), ins: ts{tensor.Of([]float32{9, -inf, 9, 7, -inf, 7}, 2, 3)}}, tensor.Int32, 1, 1, 0, 2},
		{"dropout", opCase{op: "Dropout", attrs: Attrs{"seed": 3}, ins: ts{tensor.Of(slices.Repeat([]float32{1}, 40000), 200, 200), scalar(0.2), tensor.Scalar(true)}, fixed: 2}, tensor.Float32, 1, 0.25, 0, 1.25},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := drawn(t, c.opCase, 1)[0]
			if y.DType() != c.dt || y.Len() != 40000 {
				t.Fatalf("got %v", y)
			}
			sum, squares := 0.0, 0.0
			for _, v := range doubles(TensorValue(y)) {
				if v < c.low || v > c.high {
					t.Fatalf("a draw is %v", v)
				}
				sum += v
				squares += square(v - c.mean)
			}
			mean, variance := sum/40000, squares/40000
			if math.Abs(mean-c.mean) > 5*math.Sqrt(c.variance/40000) || math.Abs(variance/c.variance-1) > 0.05 {
				t.Errorf("mean %v and variance %v, want %v and %v", mean, variance, c.mean, c.variance)
			}
		})
	}
}

// TestSeed has a seed fix the sequence of a session, whose runs differ, and
// sessions without one differ.
func TestSeed(t *testing.T) {
	at := func(attrs Attrs) []*tensor.Tensor {
		return drawn(t, opCase{op: "RandomNormal", attrs: with(attrs, Attrs{"shape": []int{4}})}, 2)
	}
	a, b, c := at(Attrs{"seed": 1.0}), at(Attrs{"seed": 1.0}), at(Attrs{"seed": 2.0})
	if !tensor.Equal(a[0], b[0]) || !tensor.Equal(a[1], b[1]) {
		t.Errorf("one seed gives %v and %v", a, b)
	}
	if tensor.Equal(a[0], a[1]) || tensor.Equal(a[0], c[0]) {
		t.Error("runs or seeds give the same numbers")
	}
	if d, e := at(nil), at(nil); tensor.Equal(d[0], e[0]) || tensor.Equal(d[0], d[1]) {
		t.Error("without a seed two sessions or runs give the same numbers")
	}
}

// TestRandomNodesAreNotShared builds a node twice, within a sub-graph too.
func TestRandomNodesAreNotShared(t *testing.T) {
	b := NewBuilder("two")
	one := func() string { return b.Op("RandomNormal", Attrs{"shape": []int{3}}) }
	if x, y := one(), one(); x == y {
		t.Error("two random nodes became one")
	}
	cond := b.Const(tensor.Scalar(true))
	branch := func() string {
		yes, no := b.Body("yes"), b.Body("no")
		yes.Output(yes.Op("RandomUniform", Attrs{"shape": []int{3}}), tensor.Float32, 3)
		no.Output(no.Op("Identity", nil, cond), tensor.Bool)
		return b.Op("If", Attrs{"then_branch": yes.Graph(), "else_branch": no.Graph()}, cond)
	}
	if x, y := branch(), branch(); x == y {
		t.Error("two nodes with random branches became one")
	}
}

func TestRandomMistakes(t *testing.T) {
	for _, c := range []struct {
		opCase
		want string
	}{
		{opCase{op: "RandomNormal"}, "attribute shape"},
		{opCase{op: "RandomUniform", attrs: Attrs{"shape": []int{1 << 20, 1 << 20}}}, "too large"},
		{opCase{op: "RandomNormal", attrs: Attrs{"shape": []int{1}, "dtype": tensor.Int64}}, "attribute dtype"},
		{opCase{op: "RandomNormal", attrs: Attrs{"shape": []int{1}, "dtype": 99}}, "attribute dtype = 99"},
		{opCase{op: "Bernoulli", ins: ts{ints(1)}}, "int64 is not supported"},
		{opCase{op: "Multinomial", ins: ts{floats(1)}}, "want [N,C]"},
		{opCase{op: "Multinomial", attrs: Attrs{"sample_size": 0}, ins: ts{normal(1, 2)}}, "sample_size"},
		{opCase{op: "Multinomial", attrs: Attrs{"sample_size": 1 << 28}, ins: ts{normal(2, 2)}}, "sample_size"},
		{opCase{op: "Multinomial", ins: ts{tensor.Of([]float32{-inf, -inf}, 1, 2)}}, "no class"},
		{opCase{op: "Dropout", ins: ts{normal(3), scalar(1), tensor.Scalar(true)}}, "the ratio is 1"},
		{opCase{op: "Dropout", ins: ts{normal(3), floats(0.5, 0.5), tensor.Scalar(true)}}, "the ratio"},
		{opCase{op: "Dropout", ins: ts{normal(3), scalar(0.5), ints(1)}}, "training_mode"},
	} {
		wantError(t, c.opCase, c.want)
	}
}
