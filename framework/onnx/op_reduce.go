package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// fold reduces elements to one number.
type fold func(x []float64) float64

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

func sumOf(f func(float64) float64) fold {
	return func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += f(v)
		}
		return s
	}
}

func square(v float64) float64 { return v * v }

func product(x []float64) float64 {
	p := 1.0
	for _, v := range x {
		p *= v
	}
	return p
}

// largest and smallest give NaN when one element is.
func largest(x []float64) float64 {
	m := math.Inf(-1)
	for _, v := range x {
		m = math.Max(m, v)
	}
	return m
}

func smallest(x []float64) float64 {
	m := math.Inf(1)
	for _, v := range x {
		m = math.Min(m, v)
	}
	return m
}

func logSumExp(x []float64) float64 {
	m := largest(x)
	if math.IsInf(m, 0) {
		return m
	}
	return m + math.Log(sumOf(func(v float64) float64 { return math.Exp(v - m) })(x))
}

func reducer(f fold) operator { return exactReducer(f, nil, nil) }

// exactReducer has folds of 64-bit integers, which float64 does not hold.
func exactReducer(f fold, signed func([]int64) int64, unsigned func([]uint64) uint64) operator {
	return operator{1, 2, func(n *call) kernel {
		return compileReduce(n, func(x *tensor.Tensor, axes []int, keep bool) (*tensor.Tensor, error) {
			switch {
			case x.DType() == tensor.Int64 && signed != nil:
				return reduceAs(x, axes, keep, signed)
			case x.DType() == tensor.Uint64 && unsigned != nil:
				return reduceAs(x, axes, keep, unsigned)
			}
			return reduce(x, axes, keep, f)
		})
	}}
}

var _ = register(map[string]operator{
	"ReduceSum":       exactReducer(sum, sumInt[int64], sumInt[uint64]),
	"ReduceMean":      reducer(func(x []float64) float64 { return sum(x) / float64(len(x)) }),
	"ReduceMax":       exactReducer(largest, largestInt[int64], largestInt[uint64]),
	"ReduceMin":       exactReducer(smallest, smallestInt[int64], smallestInt[uint64]),
	"ReduceProd":      exactReducer(product, productInt[int64], productInt[uint64]),
	"ReduceL1":        reducer(sumOf(math.Abs)),
	"ReduceL2":        reducer(func(x []float64) float64 { return math.Sqrt(sumOf(square)(x)) }),
	"ReduceSumSquare": exactReducer(sumOf(square), sumSquareInt[int64], sumSquareInt[uint64]),
	"ReduceLogSum":    reducer(func(x []float64) float64 { return math.Log(sum(x)) }),
	"ReduceLogSumExp": reducer(logSumExp),
	"ArgMax":          {1, 1, func(n *call) kernel { return compileArg(n, false) }},
	"ArgMin":          {1, 1, func(n *call) kernel { return compileArg(n, true) }},
	"TopK":            {1, 2, compileTopK},
	"CumSum":          {2, 2, compileCumSum},
})

func compileReduce(n *call, reduce func(x *tensor.Tensor, axes []int, keep bool) (*tensor.Tensor, error)) kernel {
	attr, keep, noop := n.ints("axes"), n.flag("keepdims", true), n.flag("noop_with_empty_axes", false)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		raw, err := optionalAxes(attr, in[1])
		if err != nil {
			return nil, err
		}
		axes, err := axesOf(raw, in[0].Rank())
		if err != nil {
			return nil, err
		}
		if len(raw) == 0 && !noop {
			for i := range in[0].Rank() {
				axes = append(axes, i)
			}
		}
		return reduce(in[0], axes, keep)
	})
}

// reduce computes in float64 and gives x's own type.
func reduce(x *tensor.Tensor, axes []int, keep bool, f fold) (*tensor.Tensor, error) {
	if x.DType() == tensor.Bool || x.DType() == tensor.String {
		return nil, errType(x)
	}
	wide, err := cast(x, tensor.Float64)
	if err != nil {
		return nil, err
	}
	out, err := reduceAs(wide, axes, keep, f)
	if err != nil {
		return nil, err
	}
	return cast(out, x.DType())
}

// reduceAs folds the elements along the axes.
func reduceAs[T number](x *tensor.Tensor, axes []int, keep bool, f func([]T) T) (*tensor.Tensor, error) {
	v := tensor.Values[T](x)
	steps := rowMajor(x.Shape())
	var kept, keptSteps, gone, goneSteps, shape []int
	for i, d := range x.Shape() {
		if slices.Contains(axes, i) {
			gone, goneSteps = append(gone, d), append(goneSteps, steps[i])
			if keep {
				shape = append(shape, 1)
			}
		} else {
			kept, keptSteps = append(kept, d), append(keptSteps, steps[i])
			shape = append(shape, d)
		}
	}
	if tensor.Size(kept) > maxOutput {
		return nil, errTooLarge
	}
	out := make([]T, 0, tensor.Size(kept))
	buf := make([]T, 0, tensor.Size(gone))
	walk(kept, [][]int{keptSteps}, func(at []int) {
		buf = buf[:0]
		base := at[0]
		walk(gone, [][]int{goneSteps}, func(at []int) { buf = append(buf, v[base+at[0]]) })
		out = append(out, f(buf))
	})
	return tensor.Of(out, shape...), nil
}

// lines calls f for every line of x along axis a: n elements from base by step.
func lines(shape []int, a int, f func(base, step, n int)) {
	outer, inner, n := tensor.Size(shape[:a]), tensor.Size(shape[a+1:]), shape[a]
	for o := range outer {
		for i := range inner {
			f(o*n*inner+i, inner, n)
		}
	}
}

func compileArg(n *call, low bool) kernel {
	axis, keep, last := n.int("axis", 0), n.flag("keepdims", true), n.flag("select_last_index", false)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		shape := slices.Clone(in[0].Shape())
		if shape[a] == 0 {
			return nil, fmt.Errorf("axis %d of %v is empty", a, in[0])
		}
		out := make([]int64, 0, in[0].Len()/shape[a])
		switch d := in[0].Data().(type) {
		case []float32:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []float64:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []int32:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []int64:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []uint8:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []int8:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []int16:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []uint16:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []uint32:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		case []uint64:
			lines(shape, a, func(b, s, n int) { out = append(out, best(d, b, s, n, low, last)) })
		default:
			return nil, errType(in[0])
		}
		if keep {
			shape[a] = 1
		} else {
			shape = slices.Delete(shape, a, a+1)
		}
		return tensor.Of(out, shape...), nil
	})
}

func best[T number](d []T, base, step, n int, low, last bool) int64 {
	at := 0
	for i := 1; i < n; i++ {
		v, w := d[base+i*step], d[base+at*step]
		if v > w && !low || v < w && low || v == w && last {
			at = i
		}
	}
	return int64(at)
}

func compileTopK(n *call) kernel {
	axis, large, fixed := n.int("axis", -1), n.flag("largest", true), n.int("k", 0)
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		k := fixed
		if in[1] != nil {
			var err error
			if k, err = oneInt64("k", in[1]); err != nil {
				return nil, err
			}
		}
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		if k < 0 || k > int64(in[0].Shape()[a]) {
			return nil, fmt.Errorf("k is %d, axis %d of %v is shorter", k, a, in[0])
		}
		switch in[0].DType() {
		case tensor.Float32:
			return topK[float32](in[0], a, int(k), large)
		case tensor.Float64:
			return topK[float64](in[0], a, int(k), large)
		case tensor.Int64:
			return topK[int64](in[0], a, int(k), large)
		case tensor.Int32:
			return topK[int32](in[0], a, int(k), large)
		case tensor.Uint8:
			return topK[uint8](in[0], a, int(k), large)
		case tensor.Int8:
			return topK[int8](in[0], a, int(k), large)
		case tensor.Int16:
			return topK[int16](in[0], a, int(k), large)
		case tensor.Uint16:
			return topK[uint16](in[0], a, int(k), large)
		case tensor.Uint32:
			return topK[uint32](in[0], a, int(k), large)
		case tensor.Uint64:
			return topK[uint64](in[0], a, int(k), large)
		}
		return nil, errType(in[0])
	}
}

func topK[T number](x *tensor.Tensor, a, k int, large bool) ([]*tensor.Tensor, error) {
	shape := slices.Clone(x.Shape())
	shape[a] = k
	values, index := make([]T, tensor.Size(shape)), make([]int64, tensor.Size(shape))
	d := tensor.Values[T](x)
	order := make([]int, x.Shape()[a])
	inner := tensor.Size(shape[a+1:])
	lines(x.Shape(), a, func(base, step, n int) {
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int {
			v, w := d[base+i*step], d[base+j*step]
			if !large {
				v, w = w, v
			}
			switch {
			case v > w:
				return -1
			case v < w:
				return 1
			}
			return 0
		})
		to := base/(n*inner)*k*inner + base%inner
		for i, o := range order[:k] {
			values[to+i*inner], index[to+i*inner] = d[base+o*step], int64(o)
		}
	})
	return []*tensor.Tensor{tensor.Of(values, shape...), tensor.Of(index, shape...)}, nil
}

func compileCumSum(n *call) kernel {
	exclusive, reverse := n.flag("exclusive", false), n.flag("reverse", false)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		axis, err := oneInt64("the axis", in[1])
		if err != nil {
			return nil, err
		}
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		switch in[0].DType() {
		case tensor.Float32:
			return cumSum[float32](in[0], a, exclusive, reverse), nil
		case tensor.Float64:
			return cumSum[float64](in[0], a, exclusive, reverse), nil
		case tensor.Uint32:
			return cumSum[uint32](in[0], a, exclusive, reverse), nil
		case tensor.Uint64:
			return cumSum[uint64](in[0], a, exclusive, reverse), nil
		case tensor.Int64:
			return cumSum[int64](in[0], a, exclusive, reverse), nil
		case tensor.Int32:
			return cumSum[int32](in[0], a, exclusive, reverse), nil
		}
		return nil, errType(in[0])
	})
}

func cumSum[T number](x *tensor.Tensor, a int, exclusive, reverse bool) *tensor.Tensor {
	d, out := tensor.Values[T](x), make([]T, x.Len())
	lines(x.Shape(), a, func(base, step, n int) {
		var acc T
		for i := range n {
			if reverse {
				i = n - 1 - i
			}
			p := base + i*step
			if exclusive {
				out[p] = acc
			}
			acc += d[p]
			if !exclusive {
				out[p] = acc
			}
		}
	})
	return tensor.Of(out, x.Shape()...)
}
