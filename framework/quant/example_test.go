package quant_test

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A network is calibrated with a batch and computed in integers.
func Example() {
	params := nn.NewParams(1)
	net := nn.Sequential{
		nn.NewConv2D(params.Sub("conv"), 1, 8, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(params.Sub("norm"), 8), nn.Act("relu"),
		nn.GlobalAvgPool, nn.NewLinear(params.Sub("head"), 8, 3),
	}
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "H", "W", 1)...)
	y := net.Forward(x)
	images, _ := bars(1, 32)

	batches := slices.Values([][]*tensor.Tensor{{images}})
	ranges, err := quant.Calibrate(dev, []*graph.Node{x}, []*graph.Node{y}, batches, quant.Calibration{Method: quant.MSE})
	if err != nil {
		fmt.Println(err)
		return
	}
	integers, err := quant.Integer(ranges, quant.Options{}, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y, integers[0]}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer exec.Close()
	outs, err := exec.Run(images)
	if err != nil {
		fmt.Println(err)
		return
	}
	worst, largest := apart(outs[0], outs[1])
	fmt.Println(integers[0].Op().Name, "within 2 % of float:", worst < 0.02*largest)
	// Output:
	// LinearInt8 within 2 % of float: true
}
