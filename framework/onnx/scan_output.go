package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// scanOutputs gathers the scan outputs of Loop and Scan: one slice of each for
// every round.
type scanOutputs struct {
	rows [][]*tensor.Tensor // by output
	size int                // elements so far, counting at least one for a slice
}

func newScanOutputs(n int) *scanOutputs { return &scanOutputs{rows: make([][]*tensor.Tensor, n)} }

// add takes the slices of one round.
func (s *scanOutputs) add(slices []Value) error {
	for i, v := range slices {
		if v.t == nil {
			return fmt.Errorf("the scan output %d is %v, want a tensor", i, v)
		}
		if s.size += max(v.t.Len(), 1); s.size > maxOutput || len(s.rows[i]) >= maxSequence {
			return errTooLarge
		}
		s.rows[i] = append(s.rows[i], v.t)
	}
	return nil
}

// stack joins the slices of output i along a new axis, backwards when it is
// filled from its end. Without rounds the axis is 0 long and the others are as
// declared; a size that is not declared counts as 0.
func (s *scanOutputs) stack(i int, axis int64, backwards bool, declared *ValueInfo) (*tensor.Tensor, error) {
	rows := s.rows[i]
	if len(rows) == 0 {
		return noRounds(axis, declared)
	}
	if backwards {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	}
	return stackTensors(rows, axis)
}

func noRounds(axis int64, declared *ValueInfo) (*tensor.Tensor, error) {
	dims, ok := declared.Dims()
	if !ok || declared.DType() == 0 {
		return nil, fmt.Errorf("no rounds, and the body does not declare type and shape of its output %q", declared.Name)
	}
	a, err := axisOf(axis, len(dims)+1)
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(dims))
	for i, d := range dims {
		shape[i], _ = d.(int)
	}
	return newTensor(declared.DType(), slices.Insert(shape, a, 0)...)
}

// stackTensors joins tensors of one shape along a new axis.
func stackTensors(rows []*tensor.Tensor, axis int64) (*tensor.Tensor, error) {
	a, err := axisOf(axis, rows[0].Rank()+1)
	if err != nil {
		return nil, err
	}
	wide := make([]*tensor.Tensor, len(rows))
	for i, t := range rows {
		if t.Rank() != rows[0].Rank() {
			return nil, fmt.Errorf("%v does not join %v", t, rows[0])
		}
		wide[i] = t.Reshape(slices.Insert(slices.Clone(t.Shape()), a, 1)...)
	}
	return concat(wide, int64(a))
}
