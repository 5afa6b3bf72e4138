package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Division of integers rounds towards zero.
func init() {
	exact := rules["Div"]
	rules["Div"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		y := exact(in, n, args)
		if n.DType() != tensor.Float32 {
			for i, v := range y.Data {
				y.Data[i] = math.Trunc(v)
			}
		}
		return y
	}
}
