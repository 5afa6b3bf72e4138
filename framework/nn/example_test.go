package nn_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A small convolutional classifier for images of any size.
func Example() {
	params := nn.NewParams(1)
	net := nn.Sequential{
		nn.NewConv2D(params.Sub("conv"), 3, 8, 3, nn.ConvOptions{Pad: 1, NoBias: true}),
		nn.NewBatchNorm(params.Sub("norm"), 8), nn.Act("relu"),
		nn.MaxPool(graph.PoolOptions{Size: 2}), nn.GlobalAvgPool,
		nn.NewLinear(params.Sub("head"), 8, 10),
	}
	g := graph.New(graph.Inference)
	x := g.Input("image", tensor.Float32, graph.Dims("N", "H", "W", 3)...)
	probabilities := graph.Softmax(net.Forward(x))

	exec, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{probabilities}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer exec.Close()
	outs, err := exec.Run(tensor.New(tensor.Float32, 2, 16, 20, 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range params.Variables() {
		fmt.Println(v.Name(), v.Shape(), v.Trainable())
	}
	fmt.Println(outs[0], params.Count())
	// Output:
	// conv/weight [3 3 3 8] true
	// norm/gamma [8] true
	// norm/beta [8] true
	// norm/mean [8] false
	// norm/var [8] false
	// head/weight [8 10] true
	// head/bias [10] true
	// float32[2 10] 322
}
