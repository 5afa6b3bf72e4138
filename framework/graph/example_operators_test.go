package graph_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A batched product of every query with every key.
func ExampleEinsum() {
	g := graph.New(graph.Inference)
	q := g.Input("q", tensor.Float32, graph.Dims("N", "T", 8, 64)...)
	k := g.Input("k", tensor.Float32, graph.Dims("N", "S", 8, 64)...)
	fmt.Println(graph.Einsum("nthd,nshd->nhts", q, k).Shape())
	// Output: [N 8 T S]
}

// The two largest of each row and where they are.
func ExampleTopK() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 4)...)
	top, at := graph.TopK(x, graph.Const(2), 1, false)
	e, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{top, at}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	outs, err := e.Run(tensor.Of([]float32{0.1, 0.6, 0.3, 0}, 1, 4))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(outs[0].Float32s(), outs[1].Int64s())
	// Output: [0.6 0.3] [1 2]
}

// Upsampling a row to twice its length.
func ExampleInterpolate() {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "L", 1)...)
	y := graph.Interpolate(x, graph.InterpolateOptions{Mode: graph.Bilinear}, x.Dim(1).MulInt(2))
	got, err := graph.Eval(cpu.New(cpu.Options{}), y, map[*graph.Node]*tensor.Tensor{x: tensor.Of([]float32{1, 2, 3}, 1, 3, 1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Shape(), got.Float32s())
	// Output: [N 2*L 1] [1 1.25 1.75 2.25 2.75 3]
}
