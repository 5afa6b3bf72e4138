package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"SplitToSequence":    {1, 2, overValues(compileSplitToSequence)},
	"ConcatFromSequence": {1, 1, overValues(compileConcatFromSequence)},
})

func init() {
	resultTypes["SplitToSequence"], resultTypes["ConcatFromSequence"] = fixedTypes(), fixedTypes()
}

// compileSplitToSequence cuts along an axis: a scalar split gives the length of
// all parts but the last, a vector that of each. Without it all parts are 1 long
// and keepdims says whether they keep the axis.
func compileSplitToSequence(n *call) valueKernel {
	axis, keep := n.int("axis", 0), n.flag("keepdims", true)
	return hostValue(func(in []Value) (Value, error) {
		x := in[0].t
		if x == nil {
			return Value{}, fmt.Errorf("want a tensor, got %v", in[0])
		}
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return Value{}, err
		}
		lens, err := partLengths(in[1], x.Shape()[a])
		if err != nil {
			return Value{}, err
		}
		squeezed := slices.Delete(slices.Clone(x.Shape()), a, a+1)
		items, at := make([]Value, len(lens)), 0
		for i, l := range lens {
			part := slab(x, a, at, l)
			if !keep && in[1].Kind() == NoValue {
				part = part.Reshape(squeezed...)
			}
			items[i].t, at = part, at+l
		}
		return Value{c: &compound{elem: x.DType(), items: items}}, nil
	})
}

// partLengths gives the lengths of the parts of a dimension.
func partLengths(split Value, dim int) ([]int, error) {
	size := 1
	if split.Kind() != NoValue {
		if split.t == nil {
			return nil, fmt.Errorf("split is %v, want a tensor", split)
		}
		v, err := int64s(split.t)
		if err != nil {
			return nil, err
		}
		if split.t.Rank() > 0 {
			return givenLengths(v, dim)
		}
		if v[0] <= 0 {
			return nil, fmt.Errorf("split %d is not positive", v[0])
		}
		size = int(min(v[0], max(int64(dim), 1)))
	}
	n := (dim + size - 1) / size
	if n > maxSequence {
		return nil, errTooLarge
	}
	lens := make([]int, n)
	for i := range lens {
		lens[i] = min(size, dim-i*size)
	}
	return lens, nil
}

func givenLengths(v []int64, dim int) ([]int, error) {
	if len(v) > maxSequence {
		return nil, errTooLarge
	}
	lens, left := make([]int, len(v)), int64(dim)
	for i, l := range v {
		if l < 0 || l > left {
			return nil, fmt.Errorf("split %v does not fit dimension %d", v, dim)
		}
		lens[i], left = int(l), left-l
	}
	if left != 0 {
		return nil, fmt.Errorf("split %v does not fit dimension %d", v, dim)
	}
	return lens, nil
}

// compileConcatFromSequence joins a sequence along an axis, with new_axis along
// one that it adds.
func compileConcatFromSequence(n *call) valueKernel {
	axis, add := n.int("axis", 0), n.flag("new_axis", false)
	if !n.has("axis") {
		n.fail("attribute %q is missing", "axis")
	}
	return hostValue(func(in []Value) (Value, error) {
		s, err := sequence(in[0])
		if err != nil {
			return Value{}, err
		}
		ts, err := tensorsOf(s.items)
		if err != nil {
			return Value{}, err
		}
		if len(ts) == 0 {
			return Value{}, fmt.Errorf("an empty sequence has no shape to join")
		}
		join := concat
		if add {
			join = stackTensors
		}
		var t *tensor.Tensor
		if t, err = join(ts, axis); err != nil {
			return Value{}, err
		}
		return TensorValue(t), nil
	})
}
