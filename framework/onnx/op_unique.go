package onnx

import (
	"cmp"
	"context"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Unique": {1, 1, compileUnique},
})

func init() {
	resultTypes["Unique"] = func(_ *call, in []tensor.DType) []tensor.DType {
		return []tensor.DType{in[0], tensor.Int64, tensor.Int64, tensor.Int64}
	}
}

// compileUnique finds the distinct elements or, with axis, the distinct slices
// along it. The outputs are those, where each stands first, which of them every
// element is, and how often each occurs. They are sorted (slices by their first
// element that differs, NaN last), else in the order of first occurrence.
func compileUnique(n *call) kernel {
	axis, flat, sorted := n.int("axis", 0), !n.has("axis"), n.flag("sorted", true)
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x := in[0]
		if flat {
			x = x.Reshape(x.Len())
		}
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return nil, err
		}
		compare, err := sliceOrder(x, a)
		if err != nil {
			return nil, err
		}
		groups := equalGroups(x.Shape()[a], compare)
		if !sorted {
			slices.SortFunc(groups, func(g, h []int) int { return g[0] - h[0] })
		}
		first, counts, inverse := make([]int64, len(groups)), make([]int64, len(groups)), make([]int64, x.Shape()[a])
		for i, g := range groups {
			first[i], counts[i] = int64(g[0]), int64(len(g))
			for _, k := range g {
				inverse[k] = int64(i)
			}
		}
		y, err := gather(x, first, []int{len(first)}, a)
		if err != nil {
			return nil, err
		}
		return []*tensor.Tensor{y, tensor.Of(first, len(first)), tensor.Of(inverse, len(inverse)), tensor.Of(counts, len(counts))}, nil
	}
}

// equalGroups sorts 0..n-1 and cuts it where neighbours differ; each group
// ascends.
func equalGroups(n int, compare func(i, j int) int) (groups [][]int) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, compare)
	from := 0
	for i := 1; i <= n; i++ {
		if i == n || compare(order[i-1], order[i]) != 0 {
			groups = append(groups, order[from:i])
			from = i
		}
	}
	return groups
}

// sliceOrder returns the order of the slices of x along axis a.
func sliceOrder(x *tensor.Tensor, a int) (func(i, j int) int, error) {
	switch d := x.Data().(type) {
	case []float32:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []float64:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []int32:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []int64:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []uint8:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []int8:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []int16:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []uint16:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []uint32:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []uint64:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []string:
		return sliceOrderOf(d, x.Shape(), a), nil
	case []bool:
		bits, err := cast(x, tensor.Uint8)
		if err != nil {
			return nil, err
		}
		return sliceOrderOf(bits.Uint8s(), x.Shape(), a), nil
	}
	return nil, errType(x)
}

func sliceOrderOf[T cmp.Ordered](d []T, shape []int, a int) func(i, j int) int {
	outer, inner, n := tensor.Size(shape[:a]), tensor.Size(shape[a+1:]), shape[a]
	return func(i, j int) int {
		for o := range outer {
			x, y := d[(o*n+i)*inner:][:inner], d[(o*n+j)*inner:][:inner]
			for k, v := range x {
				if c := nanLast(v, y[k]); c != 0 {
					return c
				}
			}
		}
		return 0
	}
}

// nanLast is cmp.Compare with NaN above everything.
func nanLast[T cmp.Ordered](a, b T) int {
	if a != a || b != b {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}
