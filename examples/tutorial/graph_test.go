package tutorial_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func Example_graph() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 3)...)
	w := g.Const(tensor.Of([]float32{1, 0, 0, 1, 1, -1}, 3, 2))
	y := graph.Relu(graph.MatMul(x, w))
	fmt.Println(y, y.Shape()) // nothing is computed yet

	dev := cpu.New(cpu.Options{})
	row := tensor.Of([]float32{1, 2, 3}, 1, 3)
	value := must(graph.Eval(dev, y, map[*graph.Node]*tensor.Tensor{x: row})) // one node, for debugging
	fmt.Println(value, value.Float32s())

	exec := must(graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y}}))
	defer exec.Close()
	for _, n := range []int{2, 5} { // N is bound by the tensor
		fmt.Println(must(exec.Run(tensor.New(tensor.Float32, n, 3)))[0])
	}
	// Output:
	// %3 Relu float32[N 2] [N 2]
	// float32[1 2] [4 0]
	// float32[2 2]
	// float32[5 2]
}

func Example_shapeError() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 3)...)
	w := g.Input("w", tensor.Float32, graph.Dims(4, 5)...)
	err := graph.Trace(func() {
		graph.MatMul(x, w)
	})
	fmt.Println(err)
	// Output:
	// graph_test.go:40: MatMul(float32[N 3], float32[4 5]): the inner dimensions 3 and 4 differ
}

func Example_gradients() {
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	y := graph.Sum(graph.Mul(x, graph.Mul(x, x))) // x³, summed
	first := graph.Grad(y, x)[0]                  // 3x², a node like any other
	second := graph.Grad(graph.Sum(first), x)[0]  // 6x

	exec := must(graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{first, second}}))
	defer exec.Close()
	outs := must(exec.Run(tensor.Of([]float32{1, 2, 3}, 3)))
	fmt.Println(outs[0].Float32s(), outs[1].Float32s())
	// Output:
	// [3 12 27] [6 12 18]
}
