package onnx

import (
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestRunTraced: a product on the device behind a step of the host gives the
// results of Run and spans of both, one after the other.
func TestRunTraced(t *testing.T) {
	b := NewBuilder("traced")
	x := b.Op("Hardmax", nil, b.Input("x", tensor.Float32, "N", 4))
	w := tensor.New(tensor.Float32, 4, 3)
	for i := range w.Float32s() {
		w.Float32s()[i] = float32(i)
	}
	b.Output("y", b.Op("MatMul", nil, x, b.Const(w)), tensor.Float32, "N", 3)
	s, err := NewSession(b.Model(), device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in := map[string]*tensor.Tensor{"x": tensor.Of([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4)}
	want, err := s.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	got, spans, err := s.RunTraced(t.Context(), in)
	if err != nil || !tensor.Equal(got["y"], want["y"]) {
		t.Fatalf("the traced run differs, error %v", err)
	}
	var names []string
	for i, span := range spans {
		if span.Worker == 0 {
			names = append(names, span.Kind())
		}
		if i > 0 && span.Worker == 0 && span.Start < spans[i-1].Start {
			t.Errorf("span %d begins before the one ahead", i)
		}
	}
	if list := strings.Join(names, ", "); list != "host Hardmax, Gemm" {
		t.Errorf("spans of %s, want the host's step and the device's product", list)
	}
}
