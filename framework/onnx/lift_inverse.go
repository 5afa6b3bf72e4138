package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for name, f := range map[string]func(*graph.Node) *graph.Node{
		"Atan": arctan,
		"Asin": func(x *graph.Node) *graph.Node { // 2·atan(x/(1+√(1-x²)))
			root := graph.Sqrt(graph.Mul(graph.AddScalar(x, 1), graph.AddScalar(graph.Neg(x), 1)))
			return graph.MulScalar(arctan(graph.Div(x, graph.AddScalar(root, 1))), 2)
		},
		"Acos": func(x *graph.Node) *graph.Node { // 2·atan(√((1-x)/(1+x)))
			ratio := graph.Div(graph.AddScalar(graph.Neg(x), 1), graph.AddScalar(x, 1))
			return graph.MulScalar(arctan(graph.Sqrt(ratio)), 2)
		},
	} {
		lifters[name], floatOnly[name], forTraining[name] = liftUnary(f), true, true
	}
}

// arctan halves the angle three times, atan(x) = 2·atan(x/(1+√(1+x²))), to at most
// π/16, where five terms of the series have the digits of float32.
func arctan(x *graph.Node) *graph.Node {
	g := x.Graph()
	x = graph.Max(graph.Min(x, graph.Scalar(g, 1e9)), graph.Scalar(g, -1e9)) // the square stays finite
	for range 3 {
		x = graph.Div(x, graph.AddScalar(graph.Sqrt(graph.AddScalar(graph.Square(x), 1)), 1))
	}
	square := graph.Square(x)
	series := graph.Scalar(g, 1./9)
	for _, d := range []float64{7, 5, 3, 1} {
		series = graph.Add(graph.Scalar(g, float32(1/d)), graph.Neg(graph.Mul(square, series)))
	}
	return graph.MulScalar(graph.Mul(x, series), float32(math.Exp2(3)))
}
