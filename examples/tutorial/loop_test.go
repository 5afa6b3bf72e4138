package tutorial_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/train"
)

// pictures is a train.Source: it fills rows of batches with numbered samples.
type pictures struct{ images, labels *tensor.Tensor }

func (p pictures) Len() int { return p.labels.Len() }

func (p pictures) Fill(batch []*tensor.Tensor, index []int, r *rand.Rand) {
	for row, i := range index {
		copy(batch[0].Float32s()[144*row:144*(row+1)], p.images.Float32s()[144*i:])
		batch[1].Int64s()[row] = p.labels.Int64s()[i]
	}
}

func Example_loop() {
	images, labels := stripes(rand.New(rand.NewPCG(1, 2)), 256)
	params := nn.NewParams(1)
	net := newResNet(params, 3)
	result := must(train.Loop(context.Background(), train.Config{
		Device: cpu.New(cpu.Options{}),
		Params: params,
		Inputs: []train.Input{{Name: "image", DType: tensor.Float32, Dims: []int{12, 12, 1}}, {Name: "label", DType: tensor.Int64}},
		Source: pictures{images, labels},
		Loss: func(g *graph.Graph, in []*graph.Node) *graph.Node {
			return nn.CrossEntropy(net.Forward(in[0]), in[1], 0)
		},
		Batch: 32, Epochs: 8, LR: 0.01, EMA: 0.9, ClipNorm: 1, Seed: 1,
	}))
	fmt.Println(result.Steps, "steps, loss below 0.1:", result.Loss < 0.1)
	// Output:
	// 64 steps, loss below 0.1: true
}
