package onnx

import (
	"context"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestTrainingLeavesTheDevice puts nodes in training mode behind a product,
// where the device has a segment.
func TestTrainingLeavesTheDevice(t *testing.T) {
	eye := tensor.Of([]float32{1, 0, 0, 1}, 2, 2)
	x := tensor.Of([]float32{1, 10, 3, 30}, 2, 2)
	for _, c := range []struct {
		name string
		make func(b *Builder, y string) string
		good func(y []float32) bool
	}{
		{"Dropout by a constant", func(b *Builder, y string) string {
			return b.Op("Dropout", nil, y, b.Float(0.5), b.Const(tensor.Scalar(true)))
		}, dropped},
		{"Dropout by an input", func(b *Builder, y string) string {
			return b.Op("Dropout", nil, y, b.Float(0.5), b.Input("training", tensor.Bool))
		}, dropped},
		{"BatchNormalization", func(b *Builder, y string) string {
			one, zero := b.Const(floats(1, 1)), b.Const(floats(0, 0))
			return b.Op("BatchNormalization", Attrs{"training_mode": 1, "epsilon": 0.0}, y, one, zero, zero, one)
		}, func(y []float32) bool {
			return compare(floats(y...), floats(-1, -1, 1, 1), 1e-5) == ""
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBuilder("training")
			y := b.Op("MatMul", nil, b.Input("x", tensor.Float32, "N", 2), b.Const(eye))
			b.Output("out0", b.Op("MatMul", nil, c.make(b, y), b.Const(eye)), tensor.Float32, "N", 2)
			feeds := map[string]*tensor.Tensor{"x": x, "training": tensor.Scalar(true)}
			m := b.Model()
			if len(m.Graph.Inputs) == 1 {
				delete(feeds, "training")
			}
			s, err := NewSession(m, testDevice(t))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := s.Run(context.Background(), feeds)
			if err != nil {
				t.Fatal(err)
			}
			if y := got["out0"].Float32s(); !c.good(y) {
				t.Errorf("got %v", y)
			}
		})
	}
}

// dropped says whether y is 2·x or 0 everywhere, for the x of the test above.
func dropped(y []float32) bool {
	for i, x := range []float32{1, 10, 3, 30} {
		if y[i] != 0 && y[i] != 2*x {
			return false
		}
	}
	return true
}

// TestDropoutOfConstantsIsDrawnAnew runs what constants alone go into.
func TestDropoutOfConstantsIsDrawnAnew(t *testing.T) {
	ones := tensor.New(tensor.Float32, 64)
	for i := range ones.Float32s() {
		ones.Float32s()[i] = 1
	}
	got := drawn(t, opCase{op: "Dropout", ins: ts{ones, scalar(0.5), tensor.Scalar(true)}, fixed: 3}, 2)
	if tensor.Equal(got[0], got[1]) {
		t.Error("two runs drop the same elements")
	}
}

// TestBatchStatistics has the outputs beside y, by hand: channels (1,3) and
// (10,30), momentum 0.9.
func TestBatchStatistics(t *testing.T) {
	x, one, zero := tensor.Of([]float32{1, 10, 3, 30}, 2, 2), floats(1, 1), floats(0, 0)
	want := []*tensor.Tensor{tensor.Of([]float32{-1, -1, 1, 1}, 2, 2), floats(0.2, 2), floats(1, 10.9), floats(2, 20), floats(1, 100)}
	for _, c := range []struct {
		version int64
		outs    int
		attrs   Attrs
	}{
		{6, 5, nil}, {7, 5, nil}, {9, 5, nil}, {14, 3, Attrs{"training_mode": 1}}, {15, 3, Attrs{"training_mode": 1}},
	} {
		m, feeds := opCase{op: "BatchNormalization", attrs: with(c.attrs, Attrs{"epsilon": 0.0}), ins: ts{x, one, zero, zero, one}, outs: c.outs}.model()
		m.Opsets[0].Version = c.version
		s, err := NewSession(m, testDevice(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Run(context.Background(), feeds)
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.outs {
			if diff := compare(got[[]string{"out0", "out1", "out2", "out3", "out4"}[i]], want[i], 1e-5); diff != "" {
				t.Errorf("set %d, output %d: %s", c.version, i, diff)
			}
		}
	}
}

// TestInputsOfWhichTheTypeMatters has CastLike take any shape for the tensor
// whose type it wants, and no other input.
func TestInputsOfWhichTheTypeMatters(t *testing.T) {
	b := NewBuilder("like")
	x, like := b.Input("x", tensor.Float32, 2), b.Input("like", tensor.Int64, 3, 4)
	b.Output("y", b.Op("CastLike", nil, x, like), tensor.Int64, 2)
	s, err := NewSession(b.Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x, like *tensor.Tensor
		ok      bool
	}{{floats(1, 2), ints(0), true}, {floats(1), ints(0), false}, {floats(1, 2), floats(0), false}} {
		if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"x": c.x, "like": c.like}); (err == nil) != c.ok {
			t.Errorf("%v like %v: %v", c.x, c.like, err)
		}
	}
}
