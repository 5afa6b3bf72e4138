package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// broadcastShapes returns the common shape by numpy's rule.
func broadcastShapes(shapes ...[]int) ([]int, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
		for _, s := range shapes {
			j := i - rank + len(s)
			if j < 0 || s[j] == 1 {
				continue
			}
			if out[i] != 1 && out[i] != s[j] {
				return nil, fmt.Errorf("shapes %v do not broadcast", shapes)
			}
			out[i] = s[j]
		}
	}
	return out, nil
}

// strides returns the step in a tensor of shape from for each axis of the
// broadcast shape to; 0 where it repeats.
func strides(from, to []int) []int {
	out := make([]int, len(to))
	step := 1
	for i := len(from) - 1; i >= 0; i-- {
		if from[i] != 1 {
			out[len(to)-len(from)+i] = step
		}
		step *= from[i]
	}
	return out
}

// walk visits every index of shape in row-major order with the offset into each
// tensor that steps describes.
func walk(shape []int, steps [][]int, visit func(at []int)) {
	if tensor.Size(shape) == 0 {
		return
	}
	index := make([]int, len(shape))
	at := make([]int, len(steps))
	for {
		visit(at)
		i := len(shape) - 1
		for ; i >= 0; i-- {
			index[i]++
			for k := range at {
				at[k] += steps[k][i]
			}
			if index[i] < shape[i] {
				break
			}
			for k := range at {
				at[k] -= steps[k][i] * shape[i]
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// broadcast applies f elementwise with numpy's broadcasting.
func broadcast[T, R tensor.Element](a, b *tensor.Tensor, f func(a, b T) R) (*tensor.Tensor, error) {
	x, y := tensor.Values[T](a), tensor.Values[T](b)
	shape, err := broadcastShapes(a.Shape(), b.Shape())
	if err != nil {
		return nil, err
	}
	if n := tensor.Size(shape); n > maxOutput {
		return nil, errTooLarge
	}
	dst := make([]R, tensor.Size(shape))
	switch {
	case slices.Equal(a.Shape(), b.Shape()):
		for i := range dst {
			dst[i] = f(x[i], y[i])
		}
	case len(y) == 1:
		for i := range dst {
			dst[i] = f(x[i], y[0])
		}
	case len(x) == 1:
		for i := range dst {
			dst[i] = f(x[0], y[i])
		}
	default:
		i := 0
		sa, sb := strides(a.Shape(), shape), strides(b.Shape(), shape)
		last := len(shape) - 1
		n, da, db := shape[last], sa[last], sb[last]
		walk(shape[:last], [][]int{sa[:last], sb[:last]}, func(at []int) {
			p, q := at[0], at[1]
			for range n {
				dst[i] = f(x[p], y[q])
				i, p, q = i+1, p+da, q+db
			}
		})
	}
	return tensor.Of(dst, shape...), nil
}
