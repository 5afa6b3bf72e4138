package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	index := tensor.Of([]int64{1, -1, 0, 2, 0, 1}, 2, 3)
	pairs := tensor.Of([]int64{0, 2, -1, 1}, 2, 2)
	x := values(1, -1, 1, 3, 4)
	addRows(gradientCases, map[string]graphtest.Case{
		"GatherElements": of(func(in nodes) *node { return graph.GatherElements(in[0], in[1], 0) }, x, index),
		"GatherND":       of(func(in nodes) *node { return graph.GatherND(in[0], in[1], 0) }, values(1, -1, 1, 3, 4, 2), pairs),
		"GatherND/batch": of(func(in nodes) *node { return graph.GatherND(in[0], in[1], 1) }, values(1, -1, 1, 2, 4, 3), tensor.Of([]int64{3, 0}, 2, 1)),
		"ScatterElements": of(func(in nodes) *node { return graph.ScatterElements(in[0], in[1], in[2], 1, false) },
			x, tensor.Of([]int64{3, 0, 1, -2}, 2, 2), values(2, -1, 1, 2, 2)),
		"ScatterElements/add": of(func(in nodes) *node { return graph.ScatterElements(in[0], in[1], in[2], 1, true) },
			x, tensor.Of([]int64{3, 3, 1, -2}, 2, 2), values(2, -1, 1, 2, 2)),
		"ScatterND":     of(func(in nodes) *node { return graph.ScatterND(in[0], in[1], in[2], false) }, values(1, -1, 1, 3, 4, 2), pairs, values(2, -1, 1, 2, 2)),
		"ScatterND/add": of(func(in nodes) *node { return graph.ScatterND(in[0], in[1], in[2], true) }, x, tensor.Of([]int64{2, 2}, 2, 1), values(2, -1, 1, 2, 4)),
		"TopK":          of(func(in nodes) *node { v, _ := graph.TopK(in[0], graph.Const(2), 0, false); return v }, spread(1, 5, 3)),
		"Sort":          of(func(in nodes) *node { v, _ := graph.Sort(in[0], -1, true); return v }, spread(1, 3, 5)),
	})
}

// TestIntSizeIsExact has a product of symbols that float32 cannot hold.
func TestIntSizeIsExact(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	n := graph.IntSize(g, x.Dim(0).Mul(x.Dim(0)))
	got := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x}, nodes{n}, tensor.New(tensor.Float32, 4097))[0]
	if v := got.Int64s()[0]; v != 4097*4097 {
		t.Errorf("4097² is %d, want %d", v, 4097*4097)
	}
}
