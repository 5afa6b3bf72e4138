package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"GatherND": {2, 2, compileGatherND},
})

// compileGatherND takes the slices that the last axis of indices points at:
// data [b..., d...] and indices [b..., i..., q] give [b..., i..., d[q:]...],
// where batch_dims is the number of leading axes b that both share.
func compileGatherND(n *call) kernel {
	batch := n.int("batch_dims", 0)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, rank := in[0], in[1].Rank()
		index, err := int64s(in[1])
		if err != nil {
			return nil, err
		}
		if batch < 0 || batch >= int64(min(x.Rank(), rank)) {
			return nil, fmt.Errorf("batch_dims %d does not suit %v and %v", batch, x, in[1])
		}
		b := int(batch)
		q := in[1].Shape()[rank-1]
		if q < 1 || b+q > x.Rank() || !slices.Equal(x.Shape()[:b], in[1].Shape()[:b]) {
			return nil, fmt.Errorf("%v does not index %v with batch_dims %d", in[1], x, b)
		}
		dims, run := x.Shape()[b:b+q], tensor.Size(x.Shape()[b+q:])
		out, err := newTensor(x.DType(), slices.Concat(in[1].Shape()[:rank-1], x.Shape()[b+q:])...)
		if err != nil {
			return nil, err
		}
		perBatch := tensor.Size(in[1].Shape()[b : rank-1])
		for i := range len(index) / q {
			at, err := offset(index[i*q:(i+1)*q], dims)
			if err != nil {
				return nil, err
			}
			copyRun(out.Data(), i*run, x.Data(), (i/perBatch*tensor.Size(dims)+at)*run, run)
		}
		return out, nil
	})
}

// offset is the row-major position of an index into dims; negative indices count
// from the end.
func offset(index []int64, dims []int) (int, error) {
	at := 0
	for i, v := range index {
		d := int64(dims[i])
		if v < -d || v >= d {
			return 0, fmt.Errorf("index %d is outside dimension %d", v, d)
		}
		if v < 0 {
			v += d
		}
		at = at*dims[i] + int(v)
	}
	return at, nil
}
