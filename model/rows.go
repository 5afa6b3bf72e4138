package model

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Rows returns rows from ≤ i < to of t's first dimension. It shares memory with t.
func Rows(t *tensor.Tensor, from, to int) *tensor.Tensor {
	if from == 0 && to == t.Shape()[0] {
		return t
	}
	dims := slices.Clone(t.Shape())
	dims[0] = to - from
	return ofType[t.DType()].rows(t, from, dims)
}

// Stack joins tensors of one type along their first dimension; the other
// dimensions must be equal.
func Stack(ts []*tensor.Tensor) (*tensor.Tensor, error) {
	if len(ts) == 1 {
		return ts[0], nil
	}
	if ts[0].Rank() == 0 {
		return nil, fmt.Errorf("a scalar cannot be joined to others")
	}
	dims := slices.Clone(ts[0].Shape())
	dims[0] = 0
	for _, t := range ts {
		if t.DType() != ts[0].DType() || t.Rank() == 0 || !slices.Equal(t.Shape()[1:], dims[1:]) {
			return nil, fmt.Errorf("%v cannot join %v", t, ts[0])
		}
		dims[0] += t.Shape()[0]
	}
	return ofType[ts[0].DType()].stack(ts, dims), nil
}

// pad repeats t's last row until there are n rows.
func pad(t *tensor.Tensor, n int) (*tensor.Tensor, error) {
	have := t.Shape()[0]
	parts := []*tensor.Tensor{t}
	for range n - have {
		parts = append(parts, Rows(t, have-1, have))
	}
	return Stack(parts)
}

// rowOps is what a slice of one element type can do.
type rowOps struct {
	rows  func(t *tensor.Tensor, from int, dims []int) *tensor.Tensor
	stack func(ts []*tensor.Tensor, dims []int) *tensor.Tensor
}

var ofType = map[tensor.DType]rowOps{
	tensor.Float32: opsOf[float32](), tensor.Float64: opsOf[float64](),
	tensor.Int32: opsOf[int32](), tensor.Int64: opsOf[int64](),
	tensor.Uint8: opsOf[uint8](), tensor.Int8: opsOf[int8](), tensor.Int16: opsOf[int16](),
	tensor.Uint16: opsOf[uint16](), tensor.Uint32: opsOf[uint32](), tensor.Uint64: opsOf[uint64](),
	tensor.Half: opsOf[tensor.Float16](), tensor.BFloat: opsOf[tensor.BFloat16](),
	tensor.Bool: opsOf[bool](), tensor.String: opsOf[string](),
}

func opsOf[T tensor.Element]() rowOps {
	return rowOps{
		rows: func(t *tensor.Tensor, from int, dims []int) *tensor.Tensor {
			row := tensor.Size(dims[1:])
			to := from + dims[0]
			return tensor.Of(tensor.Values[T](t)[from*row:to*row:to*row], dims...)
		},
		stack: func(ts []*tensor.Tensor, dims []int) *tensor.Tensor {
			all := make([]T, 0, tensor.Size(dims))
			for _, t := range ts {
				all = append(all, tensor.Values[T](t)...)
			}
			return tensor.Of(all, dims...)
		},
	}
}
