package graph_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// The factors of a product are rounded to bfloat16, its sum is not.
func ExampleProgram_mixedPrecision() {
	g := graph.New(graph.Inference)
	x, y := g.Input("x", tensor.Float32, graph.Dims(1, 2)...), g.Input("y", tensor.Float32, graph.Dims(2, 2)...)
	for _, p := range []graph.Precision{graph.FullPrecision, graph.MixedPrecision} {
		exec, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x, y}, Outputs: []*graph.Node{graph.MatMul(x, y)}, Precision: p})
		if err != nil {
			panic(err)
		}
		out, err := exec.Run(tensor.Of([]float32{1.002, 256}, 1, 2), tensor.Of([]float32{1, 2, 3, 0.5}, 2, 2))
		if err != nil {
			panic(err)
		}
		fmt.Println(out[0].Float32s())
		exec.Close()
	}
	// Output:
	// [769.002 130.004]
	// [769 130]
}
