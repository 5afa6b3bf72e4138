package graphtest

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	rules["MatMul"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		at := n.Op().Attrs.(graph.MatMulAttrs)
		a, b := args[0], args[1]
		if at.TransA {
			a = swap(a)
		}
		if at.TransB {
			b = swap(b)
		}
		return product(a, b)
	}
	rules["Linear"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		y := product(args[0], args[1])
		if len(args) > 2 {
			y = build(y.Shape, func(i []int) float64 { return y.get(i...) + args[2].get(i...) })
		}
		return y
	}
	rules["Conv2D"] = conv
}

// swap transposes the last two axes.
func swap(a Array) Array {
	shape, r := slices.Clone(a.Shape), len(a.Shape)
	shape[r-1], shape[r-2] = shape[r-2], shape[r-1]
	return build(shape, func(i []int) float64 {
		j := slices.Clone(i)
		j[r-1], j[r-2] = j[r-2], j[r-1]
		return a.get(j...)
	})
}

func product(a, b Array) Array {
	r, k := len(a.Shape), a.Shape[len(a.Shape)-1]
	shape := append(slices.Clone(a.Shape[:r-1]), b.Shape[len(b.Shape)-1])
	return build(shape, func(i []int) float64 {
		row, col, sum := slices.Clone(i), slices.Clone(i), 0.0
		for j := range k {
			row[r-1], col[r-2] = j, j
			sum += a.get(row...) * b.get(col...)
		}
		return sum
	})
}

func conv(in *Interpreter, n *graph.Node, args []Array) Array {
	y := convolve(in.shape(n.Shape()), n.Op().Attrs.(graph.ConvAttrs), args[0], args[1])
	if len(args) > 2 {
		y = build(y.Shape, func(i []int) float64 { return y.get(i...) + args[2].Data[i[3]] })
	}
	return y
}

// convolve is the convolution of x with w of the given result's shape.
func convolve(shape []int, at graph.ConvAttrs, x, w Array) Array {
	perGroup := w.Shape[3] / at.Groups
	return build(shape, func(o []int) float64 {
		sum, from := 0.0, o[3]/perGroup*w.Shape[2]
		window(at.Window, x, o, func(h, wd, i, j int) {
			for c := range w.Shape[2] {
				sum += x.get(o[0], h, wd, from+c) * w.Data[((i*w.Shape[1]+j)*w.Shape[2]+c)*w.Shape[3]+o[3]]
			}
		})
		return sum
	})
}

// window visits the positions of x under the window of output position o, and
// the position i, j within the window.
func window(w graph.Window, x Array, o []int, f func(h, wd, i, j int)) {
	for i := range w.Size[0] {
		for j := range w.Size[1] {
			h, wd := o[1]*w.Stride[0]-w.Pad[0]+i*w.Dilation[0], o[2]*w.Stride[1]-w.Pad[2]+j*w.Dilation[1]
			if h >= 0 && h < x.Shape[1] && wd >= 0 && wd < x.Shape[2] {
				f(h, wd, i, j)
			}
		}
	}
}
