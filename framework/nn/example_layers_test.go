package nn_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// The way up of a U-Net: a transposed convolution doubles the size, the features
// of the way down join in, and a residual block mixes both.
func ExampleNewConvTranspose2D() {
	params := nn.NewParams(1)
	up := nn.NewConvTranspose2D(params.Sub("up"), 16, 8, 2, nn.ConvTransposeOptions{Stride: 2})
	mix := nn.Residual{
		Body: nn.Sequential{
			nn.NewConv2D(params.Sub("conv"), 16, 8, 3, nn.ConvOptions{Pad: 1, NoBias: true}),
			nn.NewGroupNorm(params.Sub("norm"), 4, 8), nn.Act("mish"),
		},
		Skip: nn.NewConv2D(params.Sub("skip"), 16, 8, 1, nn.ConvOptions{}),
	}
	g := graph.New(graph.Inference)
	low := g.Input("low", tensor.Float32, graph.Dims("N", "H", "W", 16)...)
	height, width := graph.Symbol("H").MulInt(2), graph.Symbol("W").MulInt(2)
	skip := g.Input("skip", tensor.Float32, graph.Dims("N", height, width, 8)...)
	y := mix.Forward(graph.Concat(3, up.Forward(low), skip))
	fmt.Println(y.Shape())
	// Output: [N 2*H 2*W 8]
}

// A depthwise convolution filters every channel by itself; a pointwise one mixes
// them: a fraction of the weights of a full 3×3 convolution from 32 to 64.
func ExampleNewConv2D_depthwise() {
	params := nn.NewParams(1)
	separable := nn.Sequential{
		nn.NewConv2D(params.Sub("depthwise"), 32, 32, 3, nn.ConvOptions{Pad: 1, Groups: 32}),
		nn.NewConv2D(params.Sub("pointwise"), 32, 64, 1, nn.ConvOptions{}),
	}
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "H", "W", 32)...)
	fmt.Println(separable.Forward(x).Shape(), params.Count(), "weights instead of", 3*3*32*64+64)
	// Output: [N H W 64] 2432 weights instead of 18496
}

// One step of gradient descent on the focal loss moves the logit of a missed
// positive far more than that of an easy negative.
func ExampleFocal() {
	logits := graph.NewVariable("logits", tensor.Of([]float32{-2, -4}, 2), true)
	g := graph.New(graph.Train)
	target := g.Input("target", tensor.Float32, graph.Dims(2)...)
	loss := nn.Focal(g.Var(logits), target, 2, 0.25)
	g.Assign(logits, graph.Sub(g.Var(logits), graph.Grad(loss, g.Var(logits))[0]))

	step, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{target}, Outputs: []*graph.Node{loss}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer step.Close()
	outs, err := step.Run(tensor.Of([]float32{1, 0}, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("loss %.4f, logits %.4f\n", outs[0].Float32s()[0], logits.Value().Float32s())
	// Output:
	// loss 0.2063, logits [-1.8654 -4.0000]
}

// Frames of a recording are matched with a shorter sequence of labels; class 0
// is the blank.
func ExampleCTC() {
	g := graph.New(graph.Train)
	logits := g.Input("logits", tensor.Float32, graph.Dims("N", "T", 2)...)
	labels := g.Input("labels", tensor.Int64, graph.Dims("N", "L")...)
	frames := g.Input("frames", tensor.Int64, graph.Dims("N")...)
	loss := nn.CTC(logits, labels, frames, nn.CTCOptions{})
	got, err := graph.Eval(cpu.New(cpu.Options{}), loss, map[*graph.Node]*tensor.Tensor{
		logits: tensor.New(tensor.Float32, 1, 3, 2), labels: tensor.Of([]int64{1}, 1, 1), frames: tensor.Of([]int64{3}, 1),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("6 of 8 paths spell the label: %.4f\n", got.Float32s()[0])
	// Output: 6 of 8 paths spell the label: 0.2877
}
