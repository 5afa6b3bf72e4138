package graph_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Fit a line by gradient descent written out by hand.
func Example() {
	slope := graph.NewVariable("slope", tensor.Scalar(float32(0)), true)
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	y := g.Input("y", tensor.Float32, graph.Dims("N")...)
	loss := graph.Mean(graph.Square(graph.Sub(graph.Mul(x, g.Var(slope)), y)))
	gradient := graph.Grad(loss, g.Var(slope))[0]
	g.Assign(slope, graph.Sub(g.Var(slope), graph.MulScalar(gradient, 0.05)))

	step, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x, y}, Outputs: []*graph.Node{loss}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer step.Close()
	for range 50 {
		if _, err := step.Run(tensor.Of([]float32{1, 2, 3}, 3), tensor.Of([]float32{2, 4, 6}, 3)); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("%.3f\n", slope.Value().Float32s()[0])
	// Output: 2.000
}

// A mistake names the operator, the shapes and the line that made it.
func ExampleTrace() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 3)...)
	w := g.Input("w", tensor.Float32, graph.Dims(4, 5)...)
	fmt.Println(graph.Trace(func() { graph.MatMul(x, w) }))
	// Output: example_test.go:42: MatMul(float32[N 3], float32[4 5]): the inner dimensions 3 and 4 differ
}
