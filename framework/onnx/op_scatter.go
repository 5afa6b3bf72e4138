package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Scatter":         {3, 3, compileScatterElements}, // the name before opset 11
	"ScatterElements": {3, 3, compileScatterElements},
	"ScatterND":       {3, 3, compileScatterND},
})

// compileScatterElements copies data and puts updates[i] where index i, with its
// coordinate along axis replaced by indices[i], points; reduction says how an
// update meets what is there.
func compileScatterElements(n *call) kernel {
	axis, how := n.int("axis", 0), n.choice("reduction", "none", "add", "mul", "max", "min")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, updates := in[0], in[2]
		if !slices.Equal(in[1].Shape(), updates.Shape()) || updates.DType() != x.DType() {
			return nil, fmt.Errorf("indices %v and updates %v do not suit %v", in[1], updates, x)
		}
		meet, err := reduction(x.DType(), how)
		if err != nil {
			return nil, err
		}
		out := x.Clone()
		return out, alongAxis(x, in[1], axis, func(k, at int) { meet(out.Data(), at, updates.Data(), k, 1) })
	})
}

// compileScatterND copies data and puts updates[i...] at the slice data[indices[i...]]:
// indices are [i..., q], updates [i..., data.shape[q:]...].
func compileScatterND(n *call) kernel {
	how := n.choice("reduction", "none", "add", "mul", "max", "min")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, updates, rank := in[0], in[2], in[1].Rank()
		index, err := int64s(in[1])
		if err != nil {
			return nil, err
		}
		if rank == 0 || in[1].Shape()[rank-1] < 1 || in[1].Shape()[rank-1] > x.Rank() {
			return nil, fmt.Errorf("indices %v do not suit %v", in[1], x)
		}
		q := in[1].Shape()[rank-1]
		want := slices.Concat(in[1].Shape()[:rank-1], x.Shape()[q:])
		if !slices.Equal(want, updates.Shape()) || updates.DType() != x.DType() {
			return nil, fmt.Errorf("updates %v, want %v%v", updates, x.DType(), want)
		}
		meet, err := reduction(x.DType(), how)
		if err != nil {
			return nil, err
		}
		out, run := x.Clone(), tensor.Size(x.Shape()[q:])
		for i := range len(index) / q {
			at, err := offset(index[i*q:(i+1)*q], x.Shape()[:q])
			if err != nil {
				return nil, err
			}
			meet(out.Data(), at*run, updates.Data(), i*run, run)
		}
		return out, nil
	})
}

// reduction returns a function like copyRun that combines instead of copying.
func reduction(dt tensor.DType, how string) (func(dst any, di int, src any, si, n int), error) {
	if how == "none" {
		return copyRun, nil
	}
	switch dt {
	case tensor.Float32:
		return reduceRun[float32](how), nil
	case tensor.Float64:
		return reduceRun[float64](how), nil
	case tensor.Int32:
		return reduceRun[int32](how), nil
	case tensor.Int64:
		return reduceRun[int64](how), nil
	case tensor.Uint8:
		return reduceRun[uint8](how), nil
	case tensor.Int8:
		return reduceRun[int8](how), nil
	case tensor.Int16:
		return reduceRun[int16](how), nil
	case tensor.Uint16:
		return reduceRun[uint16](how), nil
	case tensor.Uint32:
		return reduceRun[uint32](how), nil
	case tensor.Uint64:
		return reduceRun[uint64](how), nil
	}
	return nil, fmt.Errorf("reduction %s of %v is not supported", how, dt)
}

func reduceRun[T number](how string) func(dst any, di int, src any, si, n int) {
	f := map[string]func(a, b T) T{"add": add[T], "mul": mul[T], "max": maxNaN[T], "min": minNaN[T]}[how]
	return func(dst any, di int, src any, si, n int) {
		d, s := dst.([]T)[di:di+n], src.([]T)[si:si+n]
		for i, v := range s {
			d[i] = f(d[i], v)
		}
	}
}
