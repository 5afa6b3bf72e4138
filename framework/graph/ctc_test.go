package graph_test

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	labels := indices([]int64{1, 2, 2, 3, -1, -1, -1, -1, -1}, 3, 3)
	addRows(gradientCases, map[string]graphtest.Case{
		"CTC": of(func(in nodes) *node { return graph.CTC(graph.LogSoftmax(in[0]), in[1], in[2], 0) },
			values(1, -2, 2, 3, 6, 4), labels, ids(6, 4, 5)),
		"CTC/alone": of(func(in nodes) *node { return graph.CTC(in[0], in[1], in[2], 3) },
			values(1, -2, 0, 2, 7, 4), indices([]int64{1, 1, 0, 2, 0, 0}, 2, 3), ids(7, 6)),
	})
}

// TestCTCValues: three frames of equal probabilities over {blank, 1} spell "1" in
// 1--, -1-, --1, 11-, -11 and 111, six ways of eight.
func TestCTCValues(t *testing.T) {
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "T", 2)...)
	y := g.Input("y", tensor.Int64, graph.Dims("N", "L")...)
	frames := g.Input("frames", tensor.Int64, graph.Dims("N")...)
	loss := graph.CTC(graph.LogSoftmax(x), y, frames, 0)
	dev := cpu.New(cpu.Options{Threads: 1})
	in := nodes{x, y, frames}
	got := run(t, dev, in, nodes{loss, graph.Grad(graph.Sum(loss), x)[0]}, tensor.New(tensor.Float32, 2, 3, 2), indices([]int64{1, -1, 1, 1}, 2, 2), ids(3, 2))
	if v := got[0].Float32s(); math.Abs(float64(v[0])+math.Log(6.0/8)) > 1e-6 || !math.IsInf(float64(v[1]), 1) {
		t.Errorf("losses %v, want %v and +Inf, as \"11\" needs three frames", v, -math.Log(6.0/8))
	}
	for i, d := range got[1].Float32s()[6:] {
		if d != 0 {
			t.Errorf("gradient %v at %d of a sample without a way", d, i)
		}
	}
	e, err := graph.Compile(dev, graph.Program{Inputs: in, Outputs: nodes{loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for name, feed := range map[string]tensors{"label": {indices([]int64{2}, 1, 1), ids(3)}, "blank": {indices([]int64{0}, 1, 1), ids(3)}, "frames": {indices([]int64{1}, 1, 1), ids(4)}} {
		if _, err := e.Run(tensor.New(tensor.Float32, 1, 3, 2), feed[0], feed[1]); err == nil {
			t.Errorf("a wrong %s was accepted", name)
		}
	}
}
