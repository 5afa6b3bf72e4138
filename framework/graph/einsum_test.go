package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// summation checks an equation on operands of the given shapes.
func summation(equation string, shapes ...[]int) graphtest.Case {
	c := graphtest.Case{Build: func(_ *graph.Graph, in nodes) *node { return graph.Einsum(equation, in...) }}
	for i, s := range shapes {
		c.Inputs = append(c.Inputs, values(uint64(i+1), -1, 1, s...))
	}
	return c
}

func init() {
	addRows(gradientCases, map[string]graphtest.Case{
		"Einsum/batched":           summation("bij,bjk->bik", []int{2, 3, 4}, []int{2, 4, 2}),
		"Einsum/implicit":          summation("ij,jk", []int{2, 3}, []int{3, 4}),
		"Einsum/attention":         summation("bqhd,bkhd->bhqk", []int{2, 3, 2, 4}, []int{2, 5, 2, 4}),
		"Einsum/outer":             summation("i,j->ji", []int{3}, []int{4}),
		"Einsum/dot":               summation("i,i->", []int{5}, []int{5}),
		"Einsum/diagonal":          summation("bii->bi", []int{2, 3, 3}),
		"Einsum/trace":             summation("ii", []int{4, 4}),
		"Einsum/sum":               summation("ijk->k", []int{2, 3, 4}),
		"Einsum/transpose":         summation("ijk->kij", []int{2, 3, 4}),
		"Einsum/bilinear":          summation("bi,oij,bj->bo", []int{3, 2}, []int{4, 2, 5}, []int{3, 5}),
		"Einsum/alone":             summation("ij,k->i", []int{2, 3}, []int{4}),
		"Einsum/hadamard":          summation("ij,ij->ij", []int{2, 3}, []int{2, 3}),
		"Einsum/dots":              summation("...ij,jk->...ik", []int{2, 3, 2, 4}, []int{4, 3}),
		"Einsum/broadcast":         summation("...i,...i->...", []int{2, 3, 4}, []int{3, 4}),
		"Einsum/spaces":            summation("bhi d, bhjd -> bhij", []int{2, 2, 3, 4}, []int{2, 2, 5, 4}),
		"Einsum/ellipsis diagonal": summation("...ii->...i", []int{2, 3, 3}),
		"Einsum/implicit outer":    summation("i,j", []int{3}, []int{4}),
		"Einsum/three":             summation("ij,jk,kl->li", []int{2, 3}, []int{3, 4}, []int{4, 2}),
		"Einsum/ellipsis":          summation("...c,c->...", []int{2, 3, 4}, []int{4}),
	})
}

// TestGridSampleIdentity: the identity's grid gives the image itself, one of
// half a pixel to the right the means of neighbours and zero.
func TestGridSampleIdentity(t *testing.T) {
	image := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 1, 2, 3, 1)
	shifted := func(dx float32, corners bool) func(x *node) *node {
		return func(x *node) *node {
			theta := x.Graph().Const(tensor.Of([]float32{1, 0, dx, 0, 1, 0}, 1, 2, 3))
			theta = graph.Broadcast(theta, x.Dim(0), graph.Const(2), graph.Const(3))
			return graph.GridSample(x, graph.AffineGrid(theta, x.Shape()[1:3], corners), graph.GridSampleOptions{AlignCorners: corners})
		}
	}
	wantFloats(t, evaluate(t, image, shifted(0, false)), 1, 2, 3, 4, 5, 6)
	wantFloats(t, evaluate(t, image, shifted(0, true)), 1, 2, 3, 4, 5, 6)
	wantFloats(t, evaluate(t, image, shifted(1.0/3, false)), 1.5, 2.5, 1.5, 4.5, 5.5, 3)
}

func TestEinsumValues(t *testing.T) {
	g := graph.New(graph.Inference)
	a, b := g.Input("a", tensor.Float32, graph.Dims("N", 2)...), g.Input("b", tensor.Float32, graph.Dims(2, 2)...)
	got := run(t, cpu.New(cpu.Options{Threads: 1}), nodes{a, b}, nodes{graph.Einsum("ij,jk", a, b), graph.Einsum("ii->i", b), graph.Einsum("ba", b)},
		tensor.Of([]float32{1, 2}, 1, 2), tensor.Of([]float32{3, 4, 5, 6}, 2, 2))
	wantFloats(t, got[0], 13, 16)
	wantFloats(t, got[1], 3, 6)
	wantFloats(t, got[2], 3, 5, 4, 6)
}

func TestEinsumMistakes(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Ints(2, 3)...)
	for _, equation := range []string{"ij,jk->ik", "ijk->i", "i->i", "ij->iq", "ij->ii", "i1->i", "ii->i"} {
		if err := graph.Trace(func() { graph.Einsum(equation, x) }); err == nil {
			t.Errorf("%q was accepted", equation)
		}
	}
	if err := graph.Trace(func() { graph.Einsum("ij,ik->jk", x, g.Input("y", tensor.Float32, graph.Ints(4, 5)...)) }); err == nil {
		t.Error("unequal lengths were accepted")
	}
}
