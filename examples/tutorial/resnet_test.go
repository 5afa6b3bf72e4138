package tutorial_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// block is a residual block: relu(norm(conv(relu(norm(conv(x))))) + skip(x)).
type block struct {
	body, skip nn.Sequential
}

func newBlock(p *nn.Params, in, out, stride int) *block {
	conv := func(name string, in, k, stride int) *nn.Conv2D {
		return nn.NewConv2D(p.Sub(name), in, out, k, nn.ConvOptions{Stride: stride, Pad: k / 2, NoBias: true})
	}
	b := &block{body: nn.Sequential{
		conv("conv1", in, 3, stride), nn.NewBatchNorm(p.Sub("norm1"), out), nn.Act("relu"),
		conv("conv2", out, 3, 1), nn.NewBatchNorm(p.Sub("norm2"), out),
	}}
	if in != out || stride != 1 {
		b.skip = nn.Sequential{conv("skip", in, 1, stride), nn.NewBatchNorm(p.Sub("skip_norm"), out)}
	}
	return b
}

func (b *block) Forward(x *graph.Node) *graph.Node {
	return graph.Relu(graph.Add(b.body.Forward(x), b.skip.Forward(x))) // an empty Sequential is the identity
}

// newResNet takes images [N,H,W,1] and returns logits [N,classes].
func newResNet(p *nn.Params, classes int) nn.Sequential {
	net := nn.Sequential{nn.NewConv2D(p.Sub("stem"), 1, 8, 3, nn.ConvOptions{Pad: 1})}
	in := 8
	for i, out := range []int{8, 16, 32} {
		net = append(net, newBlock(p.Subf("block%d", i+1), in, out, min(i+1, 2)))
		in = out
	}
	return append(net, nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), in, classes))
}

// stripes makes images [n,12,12,1] of noisy stripes and says which way they run:
// 0 along the rows, 1 along the columns, 2 along the diagonals.
func stripes(r *rand.Rand, n int) (images, labels *tensor.Tensor) {
	images, labels = tensor.New(tensor.Float32, n, 12, 12, 1), tensor.New(tensor.Int64, n)
	for i := range n {
		way, phase := r.IntN(3), r.IntN(4)
		labels.Int64s()[i] = int64(way)
		for j := range 144 {
			y, x := j/12, j%12
			at := []int{y, x, y + x}[way] + phase
			images.Float32s()[144*i+j] = float32(at/2%2) + 0.5*float32(r.NormFloat64())
		}
	}
	return images, labels
}

func Example_resNet() {
	params := nn.NewParams(1) // the seed of the initial values
	net := newResNet(params, 3)
	g := graph.New(graph.Inference)
	image := g.Input("image", tensor.Float32, graph.Dims("N", "H", "W", 1)...)
	fmt.Println(net.Forward(image).Shape())
	fmt.Println(params.Count(), "trainable values;", params.Variables()[2].Name(), params.Variables()[2].Shape())
	// Output:
	// [N 3]
	// 19571 trainable values; block1/conv1/weight [3 3 8 8]
}

func Example_trainingLoop() {
	params := nn.NewParams(1)
	net := newResNet(params, 3)

	g := graph.New(graph.Train) // normalisation and dropout behave as in training
	image := g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	label := g.Input("label", tensor.Int64, graph.Dims("N")...)
	rate := g.Input("rate", tensor.Float32, graph.Dims(1)...)
	loss := nn.CrossEntropy(net.Forward(image), label, 0)
	state := optim.Apply(loss, params, optim.AdamW{WeightDecay: 0.01}, rate, optim.Options{ClipNorm: 1, EMA: 0.9})
	dev := cpu.New(cpu.Options{})
	step := must(graph.Compile(dev, graph.Program{Inputs: []*graph.Node{image, label, rate}, Outputs: []*graph.Node{loss, state.Norm()}}))
	defer step.Close()

	r := rand.New(rand.NewPCG(1, 2))
	schedule := optim.OneCycle{Max: 0.01, Steps: 60}
	for i := range schedule.Steps {
		images, labels := stripes(r, 32)
		outs := must(step.Run(images, labels, tensor.Of([]float32{schedule.At(i)}, 1)))
		if i == 0 {
			fmt.Printf("loss before training: %.2f\n", outs[0].Float32s()[0])
		}
	}

	check(state.EMA().Swap()) // the averaged weights are those to use
	g = graph.New(graph.Inference)
	image = g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	images, labels := stripes(r, 200)
	guesses := must(graph.Eval(dev, graph.ArgMax(net.Forward(image), -1), map[*graph.Node]*tensor.Tensor{image: images}))
	right := 0
	for i, label := range labels.Int64s() {
		if guesses.Int64s()[i] == label {
			right++
		}
	}
	fmt.Println("at least 195 of 200 right:", right >= 195)
	// Output:
	// loss before training: 1.46
	// at least 195 of 200 right: true
}
