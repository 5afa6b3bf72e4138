package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// mover moves elements of one type.
type mover struct {
	strided func(dst, src *tensor.Tensor, shape []int, base int, steps []int)
	pick    func(out, cond, a, b *tensor.Tensor)
}

var moves = map[tensor.DType]mover{
	tensor.Float32: moverOf[float32](), tensor.Float64: moverOf[float64](), tensor.Int32: moverOf[int32](), tensor.Int64: moverOf[int64](),
	tensor.Uint8: moverOf[uint8](), tensor.Int8: moverOf[int8](), tensor.Bool: moverOf[bool](), tensor.String: moverOf[string](),
	tensor.Int16: moverOf[int16](), tensor.Uint16: moverOf[uint16](), tensor.Uint32: moverOf[uint32](), tensor.Uint64: moverOf[uint64](),
	tensor.Half: moverOf[tensor.Float16](), tensor.BFloat: moverOf[tensor.BFloat16](),
}

func moverOf[T tensor.Element]() mover {
	return mover{
		strided: func(dst, src *tensor.Tensor, shape []int, base int, steps []int) {
			gatherStrided(tensor.Values[T](dst), tensor.Values[T](src), shape, base, steps)
		},
		pick: pick[T],
	}
}

// copyRun copies n elements from src[si:] to dst[di:], slices of one type.
func copyRun(dst any, di int, src any, si, n int) {
	switch d := dst.(type) {
	case []float32:
		copy(d[di:di+n], src.([]float32)[si:])
	case []float64:
		copy(d[di:di+n], src.([]float64)[si:])
	case []int32:
		copy(d[di:di+n], src.([]int32)[si:])
	case []int64:
		copy(d[di:di+n], src.([]int64)[si:])
	case []uint8:
		copy(d[di:di+n], src.([]uint8)[si:])
	case []int8:
		copy(d[di:di+n], src.([]int8)[si:])
	case []bool:
		copy(d[di:di+n], src.([]bool)[si:])
	case []string:
		copy(d[di:di+n], src.([]string)[si:])
	case []int16:
		copy(d[di:di+n], src.([]int16)[si:])
	case []uint16:
		copy(d[di:di+n], src.([]uint16)[si:])
	case []uint32:
		copy(d[di:di+n], src.([]uint32)[si:])
	case []uint64:
		copy(d[di:di+n], src.([]uint64)[si:])
	case []tensor.Float16:
		copy(d[di:di+n], src.([]tensor.Float16)[si:])
	case []tensor.BFloat16:
		copy(d[di:di+n], src.([]tensor.BFloat16)[si:])
	}
}

// strided copies into the whole of dst, row-major over shape, the elements of
// src at offset base plus index times steps.
func strided(dst, src *tensor.Tensor, shape []int, base int, steps []int) {
	moves[dst.DType()].strided(dst, src, shape, base, steps)
}

func gatherStrided[T tensor.Element](dst, src []T, shape []int, base int, steps []int) {
	if len(dst) == 0 {
		return
	}
	if len(shape) == 0 {
		dst[0] = src[base]
		return
	}
	last := len(shape) - 1
	n, step, i := shape[last], steps[last], 0
	walk(shape[:last], [][]int{steps[:last]}, func(at []int) {
		p := base + at[0]
		if step == 1 {
			copy(dst[i:i+n], src[p:p+n])
			i += n
			return
		}
		for range n {
			dst[i] = src[p]
			i, p = i+1, p+step
		}
	})
}

// rowMajor returns the step of each axis of a dense tensor.
func rowMajor(shape []int) []int {
	steps := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		steps[i] = n
		n *= shape[i]
	}
	return steps
}

var _ = register(map[string]operator{
	"Transpose": {1, 1, compileTranspose},
	"Expand":    {2, 2, func(*call) kernel { return host(expand) }},
	"Concat":    {1, unlimited, compileConcat},
	"Split":     {1, 2, compileSplit},
	"Slice":     {1, 5, compileSlice},
	"Tile":      {2, 3, compileTile},
	"Pad":       {1, 4, compilePad},
	"Compress":  {2, 2, compileCompress},
})

func compileTranspose(n *call) kernel {
	perm := n.ints("perm")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return transpose(in[0], perm) })
}

// transpose permutes axes; a nil perm reverses them.
func transpose(x *tensor.Tensor, perm []int64) (*tensor.Tensor, error) {
	rank := x.Rank()
	if perm == nil {
		for i := range rank {
			perm = append(perm, int64(rank-1-i))
		}
	}
	if sorted, err := axesOf(perm, rank); err != nil || len(sorted) != rank {
		return nil, fmt.Errorf("perm %v does not permute %v", perm, x)
	}
	shape, steps, from := make([]int, rank), make([]int, rank), rowMajor(x.Shape())
	for i, p := range perm {
		a, _ := axisOf(p, rank)
		shape[i], steps[i] = x.Shape()[a], from[a]
	}
	out := tensor.New(x.DType(), shape...)
	strided(out, x, shape, 0, steps)
	return out, nil
}

func expand(in []*tensor.Tensor) (*tensor.Tensor, error) {
	dims, err := int64s(in[1])
	if err != nil {
		return nil, err
	}
	want, err := toDims(dims)
	if err != nil {
		return nil, err
	}
	return expandTo(in[0], want)
}

func expandTo(x *tensor.Tensor, want []int) (*tensor.Tensor, error) {
	shape, err := broadcastShapes(x.Shape(), want)
	if err != nil {
		return nil, err
	}
	out, err := newTensor(x.DType(), shape...)
	if err != nil {
		return nil, err
	}
	strided(out, x, shape, 0, strides(x.Shape(), shape))
	return out, nil
}

// toDims converts a shape that came as a tensor.
func toDims(dims []int64) ([]int, error) {
	out := make([]int, len(dims))
	for i, d := range dims {
		if d < 0 || d > maxOutput {
			return nil, fmt.Errorf("dimension %d is out of range", d)
		}
		out[i] = int(d)
	}
	return out, nil
}

func compileConcat(n *call) kernel {
	axis := n.int("axis", 1)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return concat(in, axis) })
}

func concat(in []*tensor.Tensor, axis int64) (*tensor.Tensor, error) {
	first := in[0]
	a, err := axisOf(axis, first.Rank())
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(first.Shape())
	shape[a] = 0
	for _, t := range in {
		if t == nil {
			return nil, fmt.Errorf("an input is left out")
		}
		if t.DType() != first.DType() || t.Rank() != first.Rank() {
			return nil, fmt.Errorf("%v does not join %v", t, first)
		}
		for i, d := range t.Shape() {
			if i != a && d != shape[i] {
				return nil, fmt.Errorf("%v does not join %v along axis %d", t, first, a)
			}
		}
		shape[a] += t.Shape()[a]
	}
	out, err := newTensor(first.DType(), shape...)
	if err != nil {
		return nil, err
	}
	outer, row, at := tensor.Size(shape[:a]), tensor.Size(shape[a:]), 0
	for _, t := range in {
		run := tensor.Size(t.Shape()[a:])
		for o := range outer {
			copyRun(out.Data(), o*row+at, t.Data(), o*run, run)
		}
		at += run
	}
	return out, nil
}

// slab copies x[..., from:from+n, ...] along axis a.
func slab(x *tensor.Tensor, a, from, n int) *tensor.Tensor {
	shape := slices.Clone(x.Shape())
	outer, row, inner := tensor.Size(shape[:a]), tensor.Size(shape[a:]), tensor.Size(shape[a+1:])
	shape[a] = n
	out := tensor.New(x.DType(), shape...)
	for o := range outer {
		copyRun(out.Data(), o*n*inner, x.Data(), o*row+from*inner, n*inner)
	}
	return out
}

func compileCompress(n *call) kernel {
	axis, flat := n.int("axis", 0), !n.has("axis")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		if flat {
			x = x.Reshape(x.Len())
		}
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return nil, err
		}
		if in[1].DType() != tensor.Bool {
			return nil, errType(in[1])
		}
		var keep []int64
		for i, ok := range tensor.Values[bool](in[1]) {
			if ok {
				keep = append(keep, int64(i))
			}
		}
		return gather(x, keep, []int{len(keep)}, a)
	})
}

// compileTile takes how often each axis repeats; operator set 1 takes the number
// for one axis, and that axis, as two scalars.
func compileTile(n *call) kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		reps, err := int64s(in[1])
		if err != nil {
			return nil, err
		}
		if n.version < 6 {
			if in[2] == nil {
				return nil, fmt.Errorf("the axis is left out")
			}
			axis, err := int64s(in[2])
			if err != nil || len(axis) != 1 || len(reps) != 1 {
				return nil, fmt.Errorf("want one number of tiles and one axis, got %v and %v", in[1], in[2])
			}
			a, err := axisOf(axis[0], in[0].Rank())
			if err != nil {
				return nil, err
			}
			all := slices.Repeat([]int64{1}, in[0].Rank())
			all[a], reps = reps[0], all
		} else if in[2] != nil {
			return nil, fmt.Errorf("want two inputs, got %v too", in[2])
		}
		return tile(in[0], reps)
	})
}

func tile(x *tensor.Tensor, reps []int64) (*tensor.Tensor, error) {
	if len(reps) != x.Rank() {
		return nil, fmt.Errorf("repeats %v do not match %v", reps, x)
	}
	for a, r := range reps {
		if r < 0 || r > maxOutput || x.Len()*int(max(r, 1)) > maxOutput {
			return nil, errTooLarge
		}
		if r == 1 {
			continue
		}
		// [outer, 1, row] repeated to [outer, r, row]
		outer, row := tensor.Size(x.Shape()[:a]), tensor.Size(x.Shape()[a:])
		shape := slices.Clone(x.Shape())
		shape[a] *= int(r)
		wide, err := expandTo(x.Reshape(outer, 1, row), []int{outer, int(r), row})
		if err != nil {
			return nil, err
		}
		x = wide.Reshape(shape...)
	}
	return x, nil
}
