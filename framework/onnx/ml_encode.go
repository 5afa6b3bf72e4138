package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.LabelEncoder":          {1, 1, compileLabelEncoder},
	"ai.onnx.ml.OneHotEncoder":         {1, 1, compileOneHotEncoder},
	"ai.onnx.ml.ArrayFeatureExtractor": {2, 2, func(*call) kernel { return host(extractFeatures) }},
})

// attrValues reads the list PREFIX_strings, _int64s, _floats or _tensor as a
// tensor of rank 1; nil when there is none.
func (n *call) attrValues(prefix string) *tensor.Tensor {
	switch {
	case n.has(prefix + "_strings"):
		v := n.strs(prefix + "_strings")
		return tensor.Of(v, len(v))
	case n.has(prefix + "_int64s"):
		v := n.ints(prefix + "_int64s")
		return tensor.Of(v, len(v))
	case n.has(prefix + "_floats"):
		v := n.floats(prefix + "_floats")
		return tensor.Of(v, len(v))
	case n.has(prefix + "_tensor"):
		if t := n.tensor(prefix + "_tensor"); t != nil {
			return t.Reshape(t.Len())
		}
	}
	return nil
}

// compileLabelEncoder maps keys to values, anything else to the default. From
// version 4 on NaN is a key like any other, before it is never found.
func compileLabelEncoder(n *call) kernel {
	keys, values := n.attrValues("keys"), n.attrValues("values")
	if keys == nil || values == nil || keys.Len() != values.Len() {
		n.fail("keys and values are missing or differ in length")
		return nil
	}
	def := n.labelDefault(values.DType())
	if n.err != nil {
		return nil
	}
	table, err := concat([]*tensor.Tensor{values, def}, 0)
	if err != nil {
		n.fail("%v", err)
		return nil
	}
	miss := int64(values.Len())
	var find func(t *tensor.Tensor) []int64
	switch keys.DType() {
	case tensor.String:
		find = finder[string](keys, miss, false)
	case tensor.Int64:
		find = finder[int64](keys, miss, false)
	case tensor.Float32:
		find = finder[float32](keys, miss, n.version >= 4)
	case tensor.Float64:
		find = finder[float64](keys, miss, n.version >= 4)
	default:
		n.fail("keys of type %v are not supported", keys.DType())
		return nil
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if in[0].DType() != keys.DType() {
			return nil, fmt.Errorf("keys are %v, the input is %v", keys.DType(), in[0])
		}
		return gather(table, find(in[0]), in[0].Shape(), 0)
	})
}

func (n *call) labelDefault(dt tensor.DType) *tensor.Tensor {
	switch dt {
	case tensor.String:
		return tensor.Of([]string{n.str("default_string", "_Unused")}, 1)
	case tensor.Int64:
		if n.has("default_tensor") {
			break
		}
		return tensor.Of([]int64{n.int("default_int64", -1)}, 1)
	case tensor.Float32:
		if n.has("default_tensor") {
			break
		}
		return tensor.Of([]float32{n.float("default_float", 0)}, 1)
	}
	t := n.tensor("default_tensor")
	if t == nil || t.DType() != dt || t.Len() != 1 {
		n.fail("a default of type %v is missing", dt)
		return nil
	}
	return t.Reshape(1)
}

// finder returns a function that gives each element its position among keys.
func finder[T interface {
	string | int64 | float32 | float64
}](keys *tensor.Tensor, miss int64, nanKey bool) func(*tensor.Tensor) []int64 {
	at := make(map[T]int64, keys.Len())
	nan := miss
	for i, k := range slices.Backward(tensor.Values[T](keys)) { // the first of equal keys wins
		if k == k {
			at[k] = int64(i)
		} else if nanKey {
			nan = int64(i)
		}
	}
	return func(t *tensor.Tensor) []int64 {
		x := tensor.Values[T](t)
		out := make([]int64, len(x))
		for i, v := range x {
			p, ok := at[v]
			switch {
			case v != v:
				p = nan
			case !ok:
				p = miss
			}
			out[i] = p
		}
		return out
	}
}

// compileOneHotEncoder adds an axis with a 1 at the category's position; an
// unknown category is all zeros, or an error with zeros = 0.
func compileOneHotEncoder(n *call) kernel {
	words, numbers, zeros := n.strs("cats_strings"), n.ints("cats_int64s"), n.flag("zeros", true)
	if (len(words) == 0) == (len(numbers) == 0) {
		n.fail("give either cats_strings or cats_int64s")
		return nil
	}
	depth := max(len(words), len(numbers))
	wordAt := finder[string](tensor.Of(words, len(words)), int64(depth), false)
	numberAt := finder[int64](tensor.Of(numbers, len(numbers)), int64(depth), false)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		var index []int64
		if len(words) > 0 {
			if err := stringsOnly(in[0]); err != nil {
				return nil, err
			}
			index = wordAt(in[0])
		} else {
			t, err := cast(in[0], tensor.Int64)
			if err != nil {
				return nil, err
			}
			index = numberAt(t)
		}
		out, err := newTensor(tensor.Float32, append(slices.Clone(in[0].Shape()), depth)...)
		if err != nil {
			return nil, err
		}
		for i, k := range index {
			if k < int64(depth) {
				out.Float32s()[i*depth+int(k)] = 1
			} else if !zeros {
				return nil, fmt.Errorf("element %d is no known category", i)
			}
		}
		return out, nil
	})
}

// extractFeatures takes columns of the last axis.
func extractFeatures(in []*tensor.Tensor) (*tensor.Tensor, error) {
	x := in[0]
	if x.Rank() == 0 || in[1].DType() != tensor.Int64 {
		return nil, fmt.Errorf("cannot take %v of %v", in[1], x)
	}
	if x.Rank() == 1 {
		x = x.Reshape(1, x.Len())
	}
	return gather(x, in[1].Int64s(), []int{in[1].Len()}, x.Rank()-1)
}
