package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for name, f := range map[string]func(float64) float64{
		"Atan": math.Atan, "Asinh": math.Asinh, "Log1p": math.Log1p, "Expm1": math.Expm1,
	} {
		rules[name] = func(_ *Interpreter, _ *graph.Node, args []Array) Array {
			return build(args[0].Shape, func(i []int) float64 { return f(args[0].get(i...)) })
		}
	}
}
