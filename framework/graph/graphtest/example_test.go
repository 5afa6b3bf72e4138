package graphtest_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// The interpreter evaluates nodes in float64, one by one and without a chip.
func ExampleInterpreter() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
	y := graph.Softmax(x)
	in := graphtest.NewInterpreter(map[*graph.Node]graphtest.Array{
		x: graphtest.ArrayOf(tensor.Of([]float32{0, 0, 3, 3}, 2, 2)),
	})
	fmt.Println(in.Value(y))
	// Output: {[2 2] [0.5 0.5 0.5 0.5]}
}
