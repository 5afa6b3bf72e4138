package graph_test

import (
	"errors"
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A program with CheckNumbers says which operator made the first NaN.
func ExampleNumberError() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	y := graph.Sum(graph.Exp(graph.Log(x)))
	exec, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y}, CheckNumbers: true})
	if err != nil {
		panic(err)
	}
	defer exec.Close()
	_, err = exec.Run(tensor.Of([]float32{2, -1, 4}, 3))
	if bad, ok := errors.AsType[*graph.NumberError](err); ok {
		fmt.Println(bad.Result, "is not finite because of", bad.Culprit.Op)
		fmt.Println("given", bad.Culprit.Operands[0])
	}
	// Output:
	// output 0 is not finite because of Log
	// given input "x" float32[3] of -1 to 4, mean 1.667
}

// Eval computes any node of a training graph and changes nothing.
func ExampleEval() {
	g := graph.New(graph.Train)
	w := graph.NewVariable("w", tensor.Of([]float32{3}, 1), true)
	x := g.Input("x", tensor.Float32, graph.Dims("N")...)
	loss := graph.Mean(graph.Square(graph.Mul(x, g.Var(w))))
	slope := graph.Grad(loss, g.Var(w))[0]
	g.Assign(w, graph.Sub(g.Var(w), graph.MulScalar(slope, 0.1)))
	value, err := graph.Eval(cpu.New(cpu.Options{}), slope, map[*graph.Node]*tensor.Tensor{x: tensor.Of([]float32{1, 2}, 2)})
	if err != nil {
		panic(err)
	}
	fmt.Println(value.Float32s(), w.Value().Float32s())
	// Output: [15] [3]
}
