package nn_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A bidirectional LSTM over rows of different lengths: what follows a row's end
// has no influence, and the results there are zero.
func ExampleLSTM() {
	layer := nn.NewLSTM(nn.NewParams(1), 3, 4, nn.RecurrentOptions{Bidirectional: true})
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "T", 3)...)
	lengths := g.Input("lengths", tensor.Int64, graph.Dims("N")...)
	y, last := layer.Run(x, nn.RecurrentInput{Lengths: lengths})
	fmt.Println(y.Shape(), last.H.Shape(), last.C.Shape())

	exec, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x, lengths}, Outputs: []*graph.Node{y, last.H}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer exec.Close()
	long := values(1, 1, 5, 3)
	short := tensor.Of(long.Float32s()[:6], 1, 2, 3)
	padded, err := exec.Run(long, tensor.Of([]int64{2}, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	alone, err := exec.Run(short, tensor.Of([]int64{2}, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tensor.Equal(padded[1], alone[1]), padded[0].Float32s()[16:20])
	// Output:
	// [N T 8] [2 N 4] [2 N 4]
	// true [0 0 0 0]
}

// Queries attend to a memory, some of which is padding.
func ExampleMultiHeadAttention() {
	params := nn.NewParams(1)
	layer := nn.NewMultiHeadAttention(params, 8, 4, nn.AttentionOptions{KeyValueHeads: 2})
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "T", 8)...)
	memory := g.Input("memory", tensor.Float32, graph.Dims("N", "S", 8)...)
	mask := g.Input("mask", tensor.Bool, graph.Dims("N", "S")...)
	y := layer.Cross(x, memory, mask)

	exec, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x, memory, mask}, Outputs: []*graph.Node{y}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer exec.Close()
	queries, keys := values(1, 1, 2, 8), values(2, 1, 3, 8)
	kept := tensor.Of([]bool{true, true, false}, 1, 3)
	before, err := exec.Run(queries, keys, kept)
	if err != nil {
		fmt.Println(err)
		return
	}
	keys.Float32s()[20] = 100 // in the padding
	after, err := exec.Run(queries, keys, kept)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Shape(), tensor.Equal(before[0], after[0]))
	// Output: [N T 8] true
}
