package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Gather":         {2, 2, compileGather},
	"GatherElements": {2, 2, compileGatherElements},
	"OneHot":         {3, 3, compileOneHot},
	"NonZero":        {1, 1, func(*call) kernel { return host(nonZero) }},
})

func compileGather(n *call) kernel {
	axis := n.int("axis", 0)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		index, err := int64s(in[1])
		if err != nil {
			return nil, err
		}
		return gather(in[0], index, in[1].Shape(), a)
	})
}

// gather takes rows of x along axis; index has the shape given.
func gather(x *tensor.Tensor, index []int64, indexShape []int, axis int) (*tensor.Tensor, error) {
	shape := slices.Concat(x.Shape()[:axis], indexShape, x.Shape()[axis+1:])
	out, err := newTensor(x.DType(), shape...)
	if err != nil {
		return nil, err
	}
	dim := x.Shape()[axis]
	for _, i := range index {
		if i < int64(-dim) || i >= int64(dim) {
			return nil, fmt.Errorf("index %d is outside dimension %d", i, dim)
		}
	}
	run := tensor.Size(x.Shape()[axis+1:])
	at := 0
	for o := range tensor.Size(x.Shape()[:axis]) {
		for _, i := range index {
			if i < 0 {
				i += int64(dim)
			}
			copyRun(out.Data(), at, x.Data(), (o*dim+int(i))*run, run)
			at += run
		}
	}
	return out, nil
}

func compileGatherElements(n *call) kernel {
	axis := n.int("axis", 0)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		out := tensor.New(x.DType(), in[1].Shape()...)
		return out, alongAxis(x, in[1], axis, func(k, at int) { copyRun(out.Data(), k, x.Data(), at, 1) })
	})
}

// alongAxis visits the elements of x that indices point to: to the k-th of indices
// belongs the one at the same coordinates, but for the one along axis, which is the
// index. at is its place in x.
func alongAxis(x, indices *tensor.Tensor, axis int64, visit func(k, at int)) error {
	a, err := axisOf(axis, x.Rank())
	if err != nil {
		return err
	}
	index, err := int64s(indices)
	if err != nil {
		return err
	}
	shape := indices.Shape()
	if len(shape) != x.Rank() {
		return fmt.Errorf("%v does not index %v", indices, x)
	}
	for i, d := range shape {
		if i != a && d > x.Shape()[i] {
			return fmt.Errorf("%v does not index %v", indices, x)
		}
	}
	steps, k := rowMajor(x.Shape()), 0
	across := slices.Clone(steps)
	across[a] = 0
	walk(shape, [][]int{across}, func(at []int) {
		i, bad := offset(index[k:k+1], x.Shape()[a:a+1])
		if bad != nil {
			err = bad
		} else {
			visit(k, at[0]+i*steps[a])
		}
		k++
	})
	return err
}

func compileOneHot(n *call) kernel {
	axis := n.int("axis", -1)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		wide, err := cast(in[0], tensor.Int64)
		if err != nil {
			return nil, err
		}
		depths, err := cast(in[1], tensor.Int64)
		if err != nil {
			return nil, err
		}
		if depths.Len() != 1 || in[2].Len() != 2 {
			return nil, fmt.Errorf("want a depth and two values, got %v and %v", in[1], in[2])
		}
		a, err := axisOf(axis, in[0].Rank()+1)
		if err != nil {
			return nil, err
		}
		dims, err := toDims(depths.Int64s())
		if err != nil {
			return nil, err
		}
		return oneHot(wide, dims[0], in[2], a)
	})
}

// oneHot puts values[1] where the index along axis is x's and values[0] elsewhere.
func oneHot(x *tensor.Tensor, depth int, values *tensor.Tensor, axis int) (*tensor.Tensor, error) {
	shape := slices.Insert(slices.Clone(x.Shape()), axis, depth)
	out, err := newTensor(values.DType(), shape...)
	if err != nil {
		return nil, err
	}
	strided(out, values, shape, 0, make([]int, len(shape)))
	outer, inner := tensor.Size(shape[:axis]), tensor.Size(shape[axis+1:])
	for o := range outer {
		for i := range inner {
			k := x.Int64s()[o*inner+i]
			if k < 0 {
				k += int64(depth)
			}
			if k >= 0 && k < int64(depth) {
				copyRun(out.Data(), (o*depth+int(k))*inner+i, values.Data(), 1, 1)
			}
		}
	}
	return out, nil
}

// nonZero lists the indices of the elements that are not zero, [rank, count].
func nonZero(in []*tensor.Tensor) (*tensor.Tensor, error) {
	bits, err := cast(in[0], tensor.Bool)
	if err != nil {
		return nil, err
	}
	shape := in[0].Shape()
	var hits []int
	for i, v := range tensor.Values[bool](bits) {
		if v {
			hits = append(hits, i)
		}
	}
	out := tensor.New(tensor.Int64, len(shape), len(hits))
	for a, step := range rowMajor(shape) {
		for j, h := range hits {
			out.Int64s()[a*len(hits)+j] = int64(h / step % shape[a])
		}
	}
	return out, nil
}
