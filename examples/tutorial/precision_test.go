package tutorial_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func Example_precision() {
	arena := func(memory int64, precision graph.Precision) int64 {
		params := nn.NewParams(1)
		net := newResNet(params, 3)
		g := graph.New(graph.Train)
		image := g.Input("image", tensor.Float32, graph.Ints(32, 12, 12, 1)...)
		label := g.Input("label", tensor.Int64, graph.Ints(32)...)
		loss := nn.CrossEntropy(net.Forward(image), label, 0)
		optim.Apply(loss, params, optim.AdamW{}, g.Const(tensor.Of([]float32{0.01}, 1)), optim.Options{})
		step := must(graph.Compile(cpu.New(cpu.Options{}), graph.Program{
			Inputs: []*graph.Node{image, label}, Outputs: []*graph.Node{loss},
			Memory: memory, Precision: precision,
		}))
		defer step.Close()
		images, labels := tensor.New(tensor.Float32, 32, 12, 12, 1), tensor.New(tensor.Int64, 32)
		must(step.Run(images, labels))
		return step.Stats().Arena
	}
	full := arena(0, graph.FullPrecision)
	show := func(what string, bytes int64) { fmt.Printf("%-24s %.1f\n", what, float64(bytes)/float64(full)) }
	show("mixed precision", arena(0, graph.MixedPrecision))
	show("a budget of 0.6", arena(full*6/10, graph.FullPrecision))
	show("both, a budget of 0.6", arena(full*6/10, graph.MixedPrecision))
	// Output:
	// mixed precision          0.7
	// a budget of 0.6          0.6
	// both, a budget of 0.6    0.6
}
