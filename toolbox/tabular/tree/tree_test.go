package tree

import (
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// two sends x0 <= 1 or missing to the left, then x1 <= 5 to the left again, and
// holds a second tree that is one leaf of two outputs.
func two() *Ensemble {
	return &Ensemble{Features: 2, Outputs: 2, Base: []float32{10, 20}, Trees: []Tree{
		{
			Nodes: []Node{
				{Feature: 0, Threshold: 1, Left: 1, Right: 2, MissingLeft: true},
				{Feature: 1, Threshold: 5, Left: 3, Right: 4},
				{Feature: -1, Left: 0, Right: 1},
				{Feature: -1, Left: 1, Right: 2},
				{Feature: -1, Left: 2, Right: 3},
			},
			Weights: []Weight{{0, 1}, {0, 2}, {1, 3}},
		},
		{Nodes: []Node{{Feature: -1, Left: 0, Right: 2}}, Weights: []Weight{{0, 0.5}, {1, 0.25}}},
	}}
}

func TestPredict(t *testing.T) {
	nan := float32(math.NaN())
	e := two()
	if e.Nodes() != 6 || e.Trees[0].Leaves() != 3 {
		t.Errorf("%d nodes, %d leaves", e.Nodes(), e.Trees[0].Leaves())
	}
	for _, c := range []struct {
		name string
		row  []float32
		want []float32
	}{
		{"right", []float32{1.5, 0}, []float32{11.5, 20.25}},
		{"equal goes left", []float32{1, 5}, []float32{12.5, 20.25}},
		{"left, right", []float32{0, 6}, []float32{10.5, 23.25}},
		{"missing goes where the node says", []float32{nan, nan}, []float32{10.5, 23.25}},
	} {
		if got := e.Predict(c.row, 1); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		b := onnx.NewBuilder("trees")
		b.Output("y", e.Export(b, b.Input("x", tensor.Float32, "N", 2)), tensor.Float32, "N", 2)
		s, err := onnx.NewSession(b.Model(), nil)
		if err != nil {
			t.Fatal(err)
		}
		outs, err := s.Run(t.Context(), map[string]*tensor.Tensor{"x": tensor.Of(c.row, 1, 2)})
		if err != nil {
			t.Fatal(err)
		}
		if got := outs["y"].Float32s(); !slices.Equal(got, c.want) {
			t.Errorf("%s: exported: got %v, want %v", c.name, got, c.want)
		}
		s.Close()
	}
}

func TestChunks(t *testing.T) {
	for _, c := range []struct{ n, size, threads int }{{0, 4, 2}, {1, 4, 2}, {10, 3, 1}, {10, 3, 2}, {100, 7, 8}, {5, 100, 3}} {
		seen := make([]atomic.Int32, c.n)
		Chunks(c.n, c.size, c.threads, func(low, high int) {
			if high-low > c.size || high <= low {
				t.Errorf("%+v: chunk %d to %d", c, low, high)
			}
			for i := low; i < high; i++ {
				seen[i].Add(1)
			}
		})
		for i := range seen {
			if seen[i].Load() != 1 {
				t.Errorf("%+v: %d was seen %d times", c, i, seen[i].Load())
			}
		}
	}
}
