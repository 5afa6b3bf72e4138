package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func quantise(v float64, a graph.Affine) float64 {
	return min(max(math.RoundToEven(float64(float32(v)/a.Scale))+float64(a.Zero), 0), 255)
}

func init() {
	rules["QuantizeLinear"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		return build(args[0].Shape, func(i []int) float64 { return quantise(args[0].get(i...), n.Op().Attrs.(graph.AffineAttrs).Affine) })
	}
	rules["DequantizeLinear"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		a := n.Op().Attrs.(graph.AffineAttrs).Affine
		return build(args[0].Shape, func(i []int) float64 { return float64(a.Scale) * (args[0].get(i...) - float64(a.Zero)) })
	}
	rules["LinearInt8"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		q := n.Op().Attrs.(graph.LinearInt8Attrs).Int8
		return finish(product(centred(args[0], q), weights(q)), added(n, args, q), q)
	}
	rules["Conv2DInt8"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		at := n.Op().Attrs.(graph.ConvInt8Attrs)
		return finish(convolve(in.shape(n.Shape()), at.Conv, centred(args[0], at.Int8), weights(at.Int8)), added(n, args, at.Int8), at.Int8)
	}
}

// centred takes the zero point away.
func centred(x Array, q graph.Int8) Array {
	return build(x.Shape, func(i []int) float64 { return x.get(i...) - float64(q.X.Zero) })
}

func weights(q graph.Int8) Array {
	w := newArray(q.Weight.Shape())
	for i, v := range tensor.Values[int8](q.Weight) {
		w.Data[i] = float64(v)
	}
	return w
}

// added are the numbers that n adds to the product.
func added(n *graph.Node, args []Array, q graph.Int8) func(i []int) float64 {
	if len(args) < 2 {
		return func([]int) float64 { return 0 }
	}
	a := graph.Affine{Scale: 1}
	if n.Inputs()[1].DType() == tensor.Uint8 {
		a = q.Add
	}
	if q.Out != nil {
		a.Scale /= q.Out.Scale
	}
	return func(i []int) float64 { return float64(float32(args[1].get(i...)-float64(a.Zero)) * a.Scale) }
}

// finish is the epilogue of sums of integers.
func finish(sums Array, add func(i []int) float64, q graph.Int8) Array {
	return build(sums.Shape, func(i []int) float64 {
		k := i[len(i)-1]
		scale := q.X.Scale * q.Scales[k]
		if q.Out != nil {
			scale /= q.Out.Scale
		}
		y := float64(float32(sums.get(i...)+float64(q.Bias[k]))*scale + float32(add(i)))
		switch {
		case q.Out == nil && q.Relu:
			return max(y, 0)
		case q.Out == nil:
			return y
		case q.Relu:
			y = max(y, 0)
		}
		return min(max(math.RoundToEven(y)+float64(q.Out.Zero), 0), 255)
	})
}
