package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	rules["LayerNorm"] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
		return rows(args[0], func(v []float64) []float64 {
			mean, variance := moments(v)
			return scaled(v, mean, variance+float64(n.Op().Attrs.(graph.NormAttrs).Eps), args[1].Data, args[2].Data)
		})
	}
	rules["RMSNorm"] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
		return rows(args[0], func(v []float64) []float64 {
			mean, variance := moments(v)
			square := variance + mean*mean + float64(n.Op().Attrs.(graph.NormAttrs).Eps)
			return scaled(v, 0, square, args[1].Data, make([]float64, len(v)))
		})
	}
	rules["BatchNorm"] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
		return channels(args, args[3].Data, args[4].Data, n.Op().Attrs.(graph.BatchNormAttrs).Eps)
	}
	rules["BatchNormTrain"] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
		var axes []int
		for i := range len(args[0].Shape) - 1 {
			axes = append(axes, i)
		}
		mean := reduce(args[0], axes, func(v []float64) float64 { m, _ := moments(v); return m })
		variance := reduce(args[0], axes, func(v []float64) float64 { _, s := moments(v); return s })
		return channels(args, mean, variance, n.Op().Attrs.(graph.BatchNormAttrs).Eps)
	}
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, variance
}

func scaled(v []float64, mean, square float64, gamma, beta []float64) []float64 {
	y := make([]float64, len(v))
	for i, x := range v {
		y[i] = (x-mean)/math.Sqrt(square)*gamma[i] + beta[i]
	}
	return y
}

func channels(args []Array, mean, variance []float64, eps float32) Array {
	x := args[0]
	return build(x.Shape, func(i []int) float64 {
		c := i[len(i)-1]
		return (x.get(i...)-mean[c])/math.Sqrt(variance[c]+float64(eps))*args[1].Data[c] + args[2].Data[c]
	})
}
