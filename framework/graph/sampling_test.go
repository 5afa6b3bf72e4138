package graph_test

import (
	"fmt"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	cases := map[string]graphtest.Case{
		"GridSample/1-D": of(func(in nodes) *node { return graph.GridSample(in[0], in[1], graph.GridSampleOptions{}) },
			values(1, -1, 1, 2, 5, 3), values(2, -1.3, 1.3, 2, 4, 1)),
		"GridSample/3-D": of(func(in nodes) *node {
			return graph.GridSample(in[0], in[1], graph.GridSampleOptions{AlignCorners: true})
		}, values(1, -1, 1, 1, 3, 2, 4, 2), values(2, -1.3, 1.3, 1, 2, 1, 2, 3)),
		"AffineGrid":     of(func(in nodes) *node { return graph.AffineGrid(in[0], graph.Ints(3, 4), false) }, values(1, -1, 1, 2, 2, 3)),
		"AffineGrid/3-D": of(func(in nodes) *node { return graph.AffineGrid(in[0], graph.Ints(2, 1, 3), true) }, values(1, -1, 1, 2, 3, 4)),
		"AffineGrid/like": of(func(in nodes) *node {
			return graph.GridSample(in[1], graph.AffineGrid(in[0], in[1].Shape()[1:3], false), graph.GridSampleOptions{Padding: graph.PadEdge})
		}, values(1, -1, 1, 2, 2, 3), values(2, -1, 1, 2, 3, 4, 2)),
	}
	for n := 1; n <= 5; n++ {
		cases[fmt.Sprintf("Det/%d", n)] = of(func(in nodes) *node { return graph.Det(in[0]) }, values(uint64(n), -1, 1, 2, n, n))
	}
	cases["Det/singular"] = of(func(in nodes) *node { return graph.Det(in[0]) }, tensor.Of([]float32{1, 2, 3, 2, 4, 6, 1, 0, 1}, 3, 3))
	for mode := range graph.SampleCubic + 1 {
		for padding := range graph.PadReflect + 1 {
			for align := range 2 {
				o := graph.GridSampleOptions{Mode: mode, Padding: padding, AlignCorners: align == 1}
				name := fmt.Sprintf("GridSample/%d %d %v", mode, padding, o.AlignCorners)
				cases[name] = of(func(in nodes) *node { return graph.GridSample(in[0], in[1], o) },
					values(1, -1, 1, 2, 3, 4, 2), values(2, -1.7, 1.7, 2, 2, 3, 2))
			}
		}
	}
	addRows(gradientCases, cases)
}

// TestDetPermutes: the sign of a permutation, and zero for a column of zeros.
func TestDetPermutes(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	x := tensor.Of([]float32{
		0, 2, 0, 0 /**/, 0, 0, 3, 0 /**/, 0, 0, 0, 4 /**/, 5, 0, 0, 0,
		0, 1, 2, 3 /**/, 0, 4, 5, 7 /**/, 0, 1, 9, 1 /**/, 0, 1, 0, 1,
	}, 2, 4, 4)
	g := graph.New(graph.Inference)
	in := g.Input("x", tensor.Float32, graph.Ints(2, 4, 4)...)
	got := run(t, dev, nodes{in}, nodes{graph.Det(in)}, x)[0].Float32s()
	if got[0] != -120 || got[1] != 0 {
		t.Errorf("got %v, want -120 and 0", got)
	}
}
