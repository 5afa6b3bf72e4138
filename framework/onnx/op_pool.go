package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"MaxPool":     {1, 1, compileMaxPool},
	"AveragePool": {1, 1, compileAveragePool},
	"LpPool":      {1, 1, compileLpPool},
})

func init() {
	resultTypes["MaxPool"] = func(_ *call, in []tensor.DType) []tensor.DType { return []tensor.DType{in[0], tensor.Int64} }
}

// readPool reads a window whose kernel_shape the model must give.
func readPool(n *call) windowAttrs {
	w := readWindow(n)
	if w.kernel == nil {
		n.fail("attribute kernel_shape is missing")
	}
	return w
}

// pool resolves the axes of x [N,C,spatial] and makes the output.
func (w windowAttrs) pool(x *tensor.Tensor) ([]axisWindow, *tensor.Tensor, error) {
	if x.Rank() < 3 {
		return nil, nil, fmt.Errorf("%v: want [N,C,spatial]", x)
	}
	axes, err := w.resolve(x.Shape()[2:], convert[int](w.kernel))
	if err != nil {
		return nil, nil, err
	}
	out, err := newTensor(x.DType(), outShape(x.Shape()[0], x.Shape()[1], axes)...)
	return axes, out, err
}

// slide calls visit for every output position of a plane with the offsets of the
// elements that its window covers, in row-major order, and the number of window
// positions inside the padded input.
func slide(axes []axisWindow, visit func(o int, covered []int, padded int)) {
	covered := make([][]int, len(axes)+1) // by depth
	covered[0] = []int{0}
	var axis func(depth, o, padded int)
	axis = func(depth, o, padded int) {
		if depth == len(axes) {
			visit(o, covered[depth], padded)
			return
		}
		a := axes[depth]
		for i := range a.out {
			lo, hi, end := a.taps(i)
			next := covered[depth+1][:0]
			for _, base := range covered[depth] {
				for k := lo; k < hi; k++ {
					next = append(next, base*a.in+i*a.stride+k*a.dilation-a.before)
				}
			}
			covered[depth+1] = next
			axis(depth+1, o*a.out+i, padded*end)
		}
	}
	axis(0, 0, 1)
}

func compileMaxPool(n *call) kernel {
	w, columns := readPool(n), n.flag("storage_order", false)
	indices := len(n.node.Outputs) > 1 && n.node.Outputs[1] != ""
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		axes, out, err := w.pool(in[0])
		if err != nil {
			return nil, err
		}
		var index []int64
		outs := []*tensor.Tensor{out}
		if indices {
			index = make([]int64, out.Len())
			outs = append(outs, tensor.Of(index, out.Shape()...))
		}
		switch in[0].DType() {
		case tensor.Float32:
			maxPool(out, in[0], float32(math.Inf(-1)), axes, index)
		case tensor.Float64:
			maxPool(out, in[0], math.Inf(-1), axes, index)
		case tensor.Int8:
			maxPool(out, in[0], int8(math.MinInt8), axes, index)
		case tensor.Uint8:
			maxPool(out, in[0], uint8(0), axes, index)
		default:
			return nil, errType(in[0])
		}
		if columns {
			byColumns(index, in[0].Shape()[2:])
		}
		return outs, nil
	}
}

// maxPool gives the largest element under each window, NaN if one is, and to
// index, unless it is nil, the offset of the first such element in x; lowest and
// -1 where a window covers padding alone.
func maxPool[T number](out, x *tensor.Tensor, lowest T, axes []axisWindow, index []int64) {
	dst, src := tensor.Values[T](out), tensor.Values[T](x)
	plane, area, _ := sizes(axes)
	planes := out.Shape()[0] * out.Shape()[1]
	slide(axes, func(o int, covered []int, _ int) {
		for p := range planes {
			top, at := lowest, -1
			for _, i := range covered {
				if v := src[p*plane+i]; at < 0 || v > top || v != v && top == top {
					top, at = v, p*plane+i
				}
			}
			dst[p*area+o] = top
			if index != nil {
				index[p*area+o] = int64(at)
			}
		}
	})
}

// byColumns turns row-major offsets within each plane of shape spatial into
// column-major ones.
func byColumns(index []int64, spatial []int) {
	plane := int64(tensor.Size(spatial))
	for i, at := range index {
		if at < 0 {
			continue
		}
		rest, column := at%plane, int64(0)
		for _, d := range slices.Backward(spatial) {
			column = column*int64(d) + rest%int64(d)
			rest /= int64(d)
		}
		index[i] = at - at%plane + column
	}
}

func compileAveragePool(n *call) kernel {
	w, countPad := readPool(n), n.flag("count_include_pad", false)
	return foldPool(w, func(v []float64, padded int) float64 {
		if countPad {
			return sum(v) / float64(padded)
		}
		return sum(v) / float64(len(v))
	})
}

// compileLpPool gives (Σ|x|^p)^(1/p) under each window.
func compileLpPool(n *call) kernel {
	w, norm := readPool(n), lpNorm(n)
	return foldPool(w, func(v []float64, _ int) float64 { return norm(v) })
}

// lpNorm reads the attribute p and gives the norm of that order.
func lpNorm(n *call) fold {
	p := float64(n.int("p", 2))
	if p < 1 {
		n.fail("attribute p = %v must be positive", p)
	}
	return func(x []float64) float64 {
		return math.Pow(sumOf(func(v float64) float64 { return math.Pow(math.Abs(v), p) })(x), 1/p)
	}
}

func foldPool(w windowAttrs, f func(v []float64, padded int) float64) kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		axes, out, err := w.pool(in[0])
		if err != nil {
			return nil, err
		}
		switch in[0].DType() {
		case tensor.Float32:
			foldWindows[float32](out, in[0], axes, f)
		case tensor.Float64:
			foldWindows[float64](out, in[0], axes, f)
		default:
			return nil, errType(in[0])
		}
		return out, nil
	})
}

// foldWindows gives f of the elements under each window, in float64.
func foldWindows[T float32 | float64](out, x *tensor.Tensor, axes []axisWindow, f func(v []float64, padded int) float64) {
	dst, src := tensor.Values[T](out), tensor.Values[T](x)
	plane, area, _ := sizes(axes)
	planes := out.Shape()[0] * out.Shape()[1]
	var v []float64
	slide(axes, func(o int, covered []int, padded int) {
		for p := range planes {
			v = v[:0]
			for _, i := range covered {
				v = append(v, float64(src[p*plane+i]))
			}
			dst[p*area+o] = T(f(v, padded))
		}
	})
}
