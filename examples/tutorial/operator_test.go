package tutorial_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// softcap returns bound·tanh(x/bound), elementwise: about x near 0 and within
// ±bound everywhere. A bound that is not positive panics with *graph.ShapeError.
// Source: Gemma Team 2024, arXiv:2408.00118, §2.
func softcap(x *graph.Node, bound float32) *graph.Node {
	if bound <= 0 {
		graph.Fail("Softcap", []*graph.Node{x}, "the bound %v is not positive", bound)
	}
	return graph.MulScalar(graph.Tanh(graph.MulScalar(x, 1/bound)), bound)
}

func TestSoftcap(t *testing.T) {
	graphtest.Check(t, cpu.New(cpu.Options{}), graphtest.Case{
		Inputs:   []*tensor.Tensor{tensor.Of([]float32{-9, -2, -0.5, 0.25, 1, 8}, 2, 3)},
		Build:    func(_ *graph.Graph, in []*graph.Node) *graph.Node { return softcap(in[0], 3) },
		Symbolic: 1, // the first axis is a symbol
	})
}
