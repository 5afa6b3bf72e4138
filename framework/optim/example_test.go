package optim_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A network with one hidden layer learns the exclusive or.
func Example() {
	params := nn.NewParams(1)
	hidden, head := nn.NewLinear(params.Sub("hidden"), 2, 16), nn.NewLinear(params.Sub("head"), 16, 1)

	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
	y := g.Input("y", tensor.Float32, graph.Dims("N", 1)...)
	lr := g.Input("lr", tensor.Float32, graph.Dims(1)...)
	logits := head.Forward(graph.Tanh(hidden.Forward(x)))
	loss := nn.BCE(logits, y)
	optim.Apply(loss, params, optim.AdamW{}, lr, optim.Options{})

	dev := cpu.New(cpu.Options{})
	step, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x, y, lr}, Outputs: []*graph.Node{loss, logits}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer step.Close()
	points := tensor.Of([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	truth := tensor.Of([]float32{0, 1, 1, 0}, 4, 1)
	schedule := optim.OneCycle{Max: 0.05, Steps: 300}
	var outs []*tensor.Tensor
	for i := range schedule.Steps {
		if outs, err = step.Run(points, truth, tensor.Of([]float32{schedule.At(i)}, 1)); err != nil {
			fmt.Println(err)
			return
		}
	}
	for i, v := range outs[1].Float32s() {
		fmt.Println(points.Float32s()[2*i:2*i+2], v > 0)
	}
	fmt.Println("learned:", outs[0].Float32s()[0] < 0.02)
	// Output:
	// [0 0] false
	// [0 1] true
	// [1 0] true
	// [1 1] false
	// learned: true
}
