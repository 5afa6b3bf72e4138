package lora_test

import (
	"bytes"
	"fmt"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/lora"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Adapters of one layer are a fraction of the model and start without effect.
func Example() {
	params := nn.NewParams(1)
	net := nn.Sequential{nn.NewLinear(params.Sub("hidden"), 64, 256), nn.Act("relu"), nn.NewLinear(params.Sub("head"), 256, 10)}
	adapters := lora.New(params, lora.Config{Rank: 4, Targets: func(name string, _ []int) bool { return name == "hidden/weight" }})

	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 64)...)
	plain := net.Forward(x)
	adapted := adapters.Apply(plain)[0]

	one := map[*graph.Node]*tensor.Tensor{x: noise(1, 1, 64)}
	a, err := graph.Eval(dev, plain, one)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := graph.Eval(dev, adapted, one)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("same output:", tensor.Equal(a, b))
	fmt.Println("trained values:", adapters.Params().Count(), "of", params.Count())
	for _, v := range adapters.Params().Variables() {
		fmt.Println(v.Name(), v.Shape())
	}
	var file bytes.Buffer
	fmt.Println("saved:", adapters.Save(&file))
	// Output:
	// same output: true
	// trained values: 1280 of 19210
	// hidden/weight/lora_a [64 4]
	// hidden/weight/lora_b [4 256]
	// saved: <nil>
}
