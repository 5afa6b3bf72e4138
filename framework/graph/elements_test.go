package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// indices is an int64 tensor of a shape.
func indices(v []int64, dims ...int) *tensor.Tensor { return tensor.Of(v, dims...) }

func init() {
	addRows(gradientCases, map[string]graphtest.Case{
		"ScatterAdd": of(func(in nodes) *node { return graph.Square(graph.ScatterAdd(in[0], in[1], graph.Ints(4, 2)...)) },
			ids(3, 0, 3), values(1, -1, 1, 3, 2)),
		"Sort/squared": of(func(in nodes) *node {
			sorted, _ := graph.Sort(in[0], 1, true)
			return graph.Mul(sorted, sorted)
		}, spread(1, 2, 5, 3)),
	})
}

func TestSortValues(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "L")...)
	up, at := graph.Sort(x, 1, false)
	top, where := graph.TopK(x, graph.Const(2), 1, false)
	got := run(t, dev, nodes{x}, nodes{up, at, top, where}, tensor.Of([]float32{3, 1, 3, 2}, 1, 4))
	wantFloats(t, got[0], 1, 2, 3, 3)
	wantFloats(t, got[2], 3, 3)
	for i, want := range []*tensor.Tensor{indices([]int64{1, 3, 0, 2}, 1, 4), indices([]int64{0, 2}, 1, 2)} {
		if !tensor.Equal(got[1+2*i], want) {
			t.Errorf("positions %v, want %v", got[1+2*i].Int64s(), want.Int64s())
		}
	}
}

func TestScatterValues(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 3)...)
	at := g.Input("at", tensor.Int64, graph.Dims("N", 2)...)
	v := g.Input("v", tensor.Float32, graph.Dims("N", 2)...)
	got := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{x, at, v}, nodes{graph.ScatterElements(x, at, v, 1, false), graph.ScatterElements(x, at, v, 1, true)},
		sequence(2, 3), indices([]int64{2, 0, -1, 1}, 2, 2), tensor.Of([]float32{10, 20, 30, 40}, 2, 2))
	wantFloats(t, got[0], 20, 1, 10, 3, 40, 30)
	wantFloats(t, got[1], 20, 1, 12, 3, 44, 35)
}
