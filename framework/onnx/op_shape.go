package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Reshape":         {1, 2, compileReshape},
	"Flatten":         {1, 1, compileFlatten},
	"Squeeze":         {1, 2, compileSqueeze},
	"Unsqueeze":       {1, 2, compileUnsqueeze},
	"Shape":           {1, 1, compileShape},
	"Size":            {1, 1, func(*call) kernel { return host(sizeOf) }},
	"Constant":        {0, 0, compileConstant},
	"ConstantOfShape": {1, 1, compileConstantOfShape},
	"Range":           {3, 3, func(*call) kernel { return host(ranged) }},
	"Dropout":         {1, 3, compileDropout},
})

func compileReshape(n *call) kernel {
	attr, allowZero := n.ints("shape"), n.flag("allowzero", false)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		dims := attr
		if in[1] != nil {
			var err error
			if dims, err = int64s(in[1]); err != nil {
				return nil, err
			}
		}
		shape, err := reshapeDims(in[0].Shape(), dims, allowZero)
		if err != nil {
			return nil, err
		}
		return in[0].Reshape(shape...), nil
	})
}

// reshapeDims resolves 0 (as in the input) and -1 (what is left).
func reshapeDims(from []int, dims []int64, allowZero bool) ([]int, error) {
	shape := make([]int, len(dims))
	known, hole := 1, -1
	for i, d := range dims {
		switch {
		case d == -1 && hole < 0:
			hole = i
			continue
		case d == 0 && !allowZero && i < len(from):
			d = int64(from[i])
		}
		if d < 0 || d > maxOutput || known*max(int(d), 1) > maxElements {
			return nil, fmt.Errorf("shape %v does not fit %v", dims, from)
		}
		shape[i] = int(d)
		known *= int(d)
	}
	n := tensor.Size(from)
	if hole >= 0 {
		if known == 0 || n%known != 0 {
			return nil, fmt.Errorf("shape %v does not fit %v", dims, from)
		}
		shape[hole] = n / known
		known *= shape[hole]
	}
	if known != n {
		return nil, fmt.Errorf("shape %v does not fit %v", dims, from)
	}
	return shape, nil
}

func compileFlatten(n *call) kernel {
	axis := n.int("axis", 1)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		a := axis
		if a < 0 {
			a += int64(in[0].Rank())
		}
		if a < 0 || a > int64(in[0].Rank()) {
			return nil, fmt.Errorf("axis %d is outside %v", axis, in[0])
		}
		s := in[0].Shape()
		return in[0].Reshape(tensor.Size(s[:a]), tensor.Size(s[a:])), nil
	})
}

// optionalAxes reads axes from an attribute or an input; nil when there are none.
func optionalAxes(attr []int64, in *tensor.Tensor) ([]int64, error) {
	if in != nil {
		return int64s(in)
	}
	return attr, nil
}

func compileSqueeze(n *call) kernel {
	attr := n.ints("axes")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		raw, err := optionalAxes(attr, in[1])
		if err != nil {
			return nil, err
		}
		shape, err := squeezed(in[0].Shape(), raw)
		if err != nil {
			return nil, err
		}
		return in[0].Reshape(shape...), nil
	})
}

// squeezed drops axes of length 1: those given, or with nil all of them.
func squeezed(from []int, raw []int64) ([]int, error) {
	axes, err := axesOf(raw, len(from))
	if err != nil {
		return nil, err
	}
	var shape []int
	for i, d := range from {
		drop := raw == nil && d == 1 || slices.Contains(axes, i)
		if drop && d != 1 {
			return nil, fmt.Errorf("axis %d of %v is not 1", i, from)
		}
		if !drop {
			shape = append(shape, d)
		}
	}
	return shape, nil
}

// unsqueezed inserts axes of length 1 at positions of the result.
func unsqueezed(from []int, raw []int64) ([]int, error) {
	axes, err := axesOf(raw, len(from)+len(raw))
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(from)
	for _, a := range axes {
		shape = slices.Insert(shape, a, 1)
	}
	return shape, nil
}

func compileUnsqueeze(n *call) kernel {
	attr := n.ints("axes")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		raw, err := optionalAxes(attr, in[1])
		if err != nil {
			return nil, err
		}
		shape, err := unsqueezed(in[0].Shape(), raw)
		if err != nil {
			return nil, err
		}
		return in[0].Reshape(shape...), nil
	})
}

func compileShape(n *call) kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return shapePart(n, in[0].Shape()) })
}

// shapePart is the Shape operator: the dimensions from start to end.
func shapePart(n *call, shape []int) (*tensor.Tensor, error) {
	dims := convert[int64](shape)
	end := int64(len(dims))
	if n.has("end") {
		end = n.int("end", 0)
	}
	r, err := sliceAxis(int64(len(dims)), n.int("start", 0), end, 1)
	if err != nil {
		return nil, err
	}
	return tensor.Of(dims[r.start:r.start+r.n], r.n), nil
}

func sizeOf(in []*tensor.Tensor) (*tensor.Tensor, error) {
	return tensor.Scalar(int64(in[0].Len())), nil
}

func compileConstant(n *call) kernel {
	var t *tensor.Tensor
	switch {
	case n.has("value"):
		t = n.tensor("value")
	case n.has("value_float"):
		t = tensor.Scalar(n.float("value_float", 0))
	case n.has("value_int"):
		t = tensor.Scalar(n.int("value_int", 0))
	case n.has("value_string"):
		t = tensor.Scalar(n.str("value_string", ""))
	case n.has("value_floats"):
		t = tensor.Of(n.floats("value_floats"), len(n.floats("value_floats")))
	case n.has("value_ints"):
		t = tensor.Of(n.ints("value_ints"), len(n.ints("value_ints")))
	case n.has("value_strings"):
		t = tensor.Of(n.strs("value_strings"), len(n.strs("value_strings")))
	}
	if t == nil {
		n.fail("no value that is supported")
	}
	return host(func([]*tensor.Tensor) (*tensor.Tensor, error) { return t, nil })
}

func compileConstantOfShape(n *call) kernel {
	fill := tensor.Of([]float32{0}, 1)
	if n.has("value") {
		if fill = n.tensor("value"); fill == nil || fill.Len() != 1 {
			n.fail("attribute value is no single number")
			return nil
		}
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		dims, err := int64s(in[0])
		if err != nil {
			return nil, err
		}
		shape, err := toDims(dims)
		if err != nil {
			return nil, err
		}
		return expandTo(fill.Reshape(), shape)
	})
}

// ranged is start, start+delta, ... below limit.
func ranged(in []*tensor.Tensor) (*tensor.Tensor, error) {
	for _, t := range in {
		if t.DType() != in[0].DType() || t.Len() != 1 {
			return nil, fmt.Errorf("want three scalars of one type, got %v", in)
		}
	}
	switch in[0].DType() {
	case tensor.Float32:
		return rangeOf[float32](in)
	case tensor.Float64:
		return rangeOf[float64](in)
	case tensor.Int16:
		return rangeOf[int16](in)
	case tensor.Int64:
		return rangeOf[int64](in)
	case tensor.Int32:
		return rangeOf[int32](in)
	}
	return nil, errType(in[0])
}

func rangeOf[T float32 | float64 | int64 | int32 | int16](in []*tensor.Tensor) (*tensor.Tensor, error) {
	start, limit, delta := tensor.Values[T](in[0])[0], tensor.Values[T](in[1])[0], tensor.Values[T](in[2])[0]
	if delta == 0 {
		return nil, fmt.Errorf("the step is 0")
	}
	steps := (float64(limit) - float64(start)) / float64(delta)
	if !(steps < maxOutput) {
		return nil, errTooLarge
	}
	n := int(max(steps, 0))
	if float64(n) < steps {
		n++
	}
	out := make([]T, n)
	for i := range out {
		out[i] = start + T(i)*delta
	}
	return tensor.Of(out, n), nil
}
