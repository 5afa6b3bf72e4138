package models_test

import (
	"fmt"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/nn/models"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestModels holds the numbers of parameters, which are those of the same
// networks in PyTorch, and the shapes of results.
func TestModels(t *testing.T) {
	for name, c := range map[string]struct {
		net        func(p *nn.Params) nn.Layer
		in, out    []int
		parameters int
	}{
		"MLP":      {func(p *nn.Params) nn.Layer { return models.MLP(p, 784, 512, 512, 10) }, []int{2, 784}, []int{2, 10}, 669_706},
		"LeNet5":   {models.LeNet5, []int{2, 28, 28, 1}, []int{2, 10}, 61_706},
		"ResNet18": {models.ResNet18, []int{2, 32, 32, 3}, []int{2, 10}, 11_173_962},
		"odd images": {func(p *nn.Params) nn.Layer { return models.ResNet(p, 8, 16) }, []int{1, 7, 5, 3}, []int{1, 10},
			27*8 + 16 + 2*(2*8*8*9+4*8) + (8*16*9 + 16*16*9 + 8*16 + 6*16) + (2*16*16*9 + 4*16) + 170},
		"GPT": {func(p *nn.Params) nn.Layer {
			return models.GPT(p, models.GPTConfig{Vocab: 256, Context: 256, Width: 384, Layers: 6, Heads: 6})
		}, []int{2, 5}, []int{2, 5, 256}, 10_942_464},
	} {
		t.Run(name, func(t *testing.T) {
			dt := tensor.Float32
			if name == "GPT" {
				dt = tensor.Int64
			}
			p := nn.NewParams(1)
			var y *graph.Node
			var program graph.Program
			if err := graph.Trace(func() {
				net := c.net(p)
				x := graph.New(graph.Inference).Input("x", dt, graph.Ints(c.in...)...)
				y = net.Forward(x)
				program = graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y}}
			}); err != nil {
				t.Fatal(err)
			}
			if n := p.Count(); n != c.parameters {
				t.Errorf("%d parameters, want %d", n, c.parameters)
			}
			exec, err := graph.Compile(cpu.New(cpu.Options{}), program)
			if err != nil {
				t.Fatal(err)
			}
			defer exec.Close()
			outs, err := exec.Run(tensor.New(dt, c.in...))
			if err != nil || fmt.Sprint(outs[0].Shape()) != fmt.Sprint(c.out) {
				t.Errorf("got %v, want shape %v: %v", outs, c.out, err)
			}
		})
	}
}

// ExampleResNet18 traces a network and counts its weights.
func ExampleResNet18() {
	params := nn.NewParams(1)
	g := graph.New(graph.Inference)
	images := g.Input("images", tensor.Float32, graph.Dims("N", 32, 32, 3)...)
	logits := models.ResNet18(params).Forward(images)
	fmt.Println(params.Count(), "parameters, logits", logits.Shape())
	// Output: 11173962 parameters, logits [N 10]
}
