package prune_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/prune"
)

// Half of the weights of one layer go by the pattern 2:4.
func Example() {
	params := nn.NewParams(1)
	nn.NewConv2D(params.Sub("conv"), 8, 16, 3, nn.ConvOptions{})
	nn.NewLinear(params.Sub("head"), 16, 10)
	masks := prune.New(params, func(name string, _ []int) bool { return name == "conv/weight" })
	if err := masks.Pattern(2, 4); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(masks.Report())
	// Output:
	// conv/weight: 576 of 1152 values zero (50.0 %), 0 of 16 channels
	// total: 576 of 1152 values zero (50.0 %), 0 of 16 channels
}
