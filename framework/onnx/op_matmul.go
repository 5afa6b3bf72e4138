package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"MatMul": {2, 2, compileMatMul},
	"Gemm":   {2, 3, compileGemm},
})

func compileMatMul(n *call) kernel {
	threads := n.threads
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		a, b := in[0], in[1]
		if a.DType() != b.DType() {
			return nil, fmt.Errorf("operands differ in type: %v and %v", a, b)
		}
		switch a.DType() {
		case tensor.Float32:
			return matMul[float32](a, b, threads)
		case tensor.Float64:
			return matMul[float64](a, b, threads)
		case tensor.Int64:
			return matMul[int64](a, b, threads)
		case tensor.Int32:
			return matMul[int32](a, b, threads)
		}
		return nil, errType(a)
	})
}

// matMul is numpy's matmul: batches broadcast, vectors are rows or columns.
func matMul[T number](a, b *tensor.Tensor, threads int) (*tensor.Tensor, error) {
	if a.Rank() == 0 || b.Rank() == 0 {
		return nil, fmt.Errorf("%v by %v: scalars do not multiply", a, b)
	}
	row, col := a.Rank() == 1, b.Rank() == 1
	if row {
		a = a.Reshape(1, a.Len())
	}
	if col {
		b = b.Reshape(b.Len(), 1)
	}
	sa, sb := a.Shape(), b.Shape()
	m, k, n := sa[len(sa)-2], sa[len(sa)-1], sb[len(sb)-1]
	batchA, batchB := sa[:len(sa)-2], sb[:len(sb)-2]
	batch, err := broadcastShapes(batchA, batchB)
	if err != nil || sb[len(sb)-2] != k {
		return nil, fmt.Errorf("%v by %v: shapes do not multiply", a, b)
	}
	shape := append(slices.Clone(batch), m, n)
	out, err := newTensor(a.DType(), shape...)
	if err != nil {
		return nil, err
	}
	x, y, z := tensor.Values[T](a), tensor.Values[T](b), tensor.Values[T](out)
	i := 0
	walk(batch, [][]int{strides(batchA, batch), strides(batchB, batch)}, func(at []int) {
		multiply(z[i*m*n:(i+1)*m*n], x[at[0]*m*k:][:m*k], y[at[1]*k*n:][:k*n], m, k, n, threads)
		i++
	})
	if row {
		shape = slices.Delete(shape, len(shape)-2, len(shape)-1)
	}
	if col {
		shape = shape[:len(shape)-1]
	}
	return out.Reshape(shape...), nil
}

// multiply adds x [m,k] · y [k,n] to z [m,n].
func multiply[T number](z, x, y []T, m, k, n, threads int) {
	rows := func(lo, hi int) {
		for i := lo; i < hi; i++ {
			acc := z[i*n : (i+1)*n]
			for p, v := range x[i*k : (i+1)*k] {
				if v == 0 {
					continue
				}
				for j, w := range y[p*n : (p+1)*n] {
					acc[j] += v * w
				}
			}
		}
	}
	parallel(threads, m, max(1, 1<<16/max(k*n, 1)), rows)
}

func compileGemm(n *call) kernel {
	alpha, beta := n.float("alpha", 1), n.float("beta", 1)
	ta, tb := n.flag("transA", false), n.flag("transB", false)
	threads := n.threads
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		a, b := in[0], in[1]
		if a.DType() != tensor.Float32 || b.DType() != tensor.Float32 || a.Rank() != 2 || b.Rank() != 2 {
			return nil, fmt.Errorf("want two float32 matrices, got %v and %v", a, b)
		}
		var err error
		if ta {
			if a, err = transpose(a, nil); err != nil {
				return nil, err
			}
		}
		if tb {
			if b, err = transpose(b, nil); err != nil {
				return nil, err
			}
		}
		out, err := matMul[float32](a, b, threads)
		if err != nil {
			return nil, err
		}
		for i := range out.Float32s() {
			out.Float32s()[i] *= alpha
		}
		if in[2] == nil || beta == 0 {
			return out, nil
		}
		sum, err := addOp.apply(out, mapped(in[2], func(v float32) float32 { return beta * v }))
		if err == nil && !slices.Equal(sum.Shape(), out.Shape()) {
			err = fmt.Errorf("the bias %v does not suit %v", in[2], out)
		}
		return sum, err
	})
}
