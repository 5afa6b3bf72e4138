package graph_test

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	prod := func(in nodes) *node { return graph.ReduceProd(in[0], 1) }
	addRows(gradientCases, map[string]graphtest.Case{
		"ReduceProd":       of(prod, values(1, 0.5, 2, 3, 4)),
		"ReduceProd/zeros": of(prod, tensor.Of([]float32{2, 0, 3, 0, 0, 1, 1, 2, 3}, 3, 3)),
	})
}
