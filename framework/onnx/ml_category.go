package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.Binarizer":         {1, 1, compileBinarizer},
	"ai.onnx.ml.CategoryMapper":    {1, 1, compileCategoryMapper},
	"ai.onnx.ml.FeatureVectorizer": {1, unlimited, compileFeatureVectorizer},
})

func init() {
	resultTypes[MLDomain+".CategoryMapper"] = func(_ *call, in []tensor.DType) []tensor.DType {
		if in[0] == tensor.String {
			return []tensor.DType{tensor.Int64}
		}
		return []tensor.DType{tensor.String}
	}
	resultTypes[MLDomain+".FeatureVectorizer"] = fixedTypes(tensor.Float32)
}

// compileBinarizer is 1 above the threshold, else 0, in the type of the input.
func compileBinarizer(n *call) kernel {
	threshold := float64(n.float("threshold", 0))
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if in[0].DType() == tensor.String {
			return nil, errType(in[0])
		}
		x, err := cast(in[0], tensor.Float64)
		if err != nil {
			return nil, err
		}
		return cast(mapped(x, func(v float64) bool { return v > threshold }), in[0].DType())
	})
}

// compileCategoryMapper maps the strings to the integers of the same place, or
// back.
func compileCategoryMapper(n *call) kernel {
	words, numbers := n.strs("cats_strings"), n.ints("cats_int64s")
	if len(words) != len(numbers) {
		n.fail("cats_strings has %d entries, cats_int64s %d", len(words), len(numbers))
		return nil
	}
	miss := int64(len(words))
	wordAt := finder[string](tensor.Of(words, len(words)), miss, false)
	numberAt := finder[int64](tensor.Of(numbers, len(numbers)), miss, false)
	names := append(slices.Clone(words), n.str("default_string", "_Unused"))
	values := append(slices.Clone(numbers), n.int("default_int64", -1))
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		shape := in[0].Shape()
		switch in[0].DType() {
		case tensor.String:
			return tensor.Of(mapValues(wordAt(in[0]), func(k int64) int64 { return values[k] }), shape...), nil
		case tensor.Int64:
			return tensor.Of(mapValues(numberAt(in[0]), func(k int64) string { return names[k] }), shape...), nil
		}
		return nil, errType(in[0])
	})
}

// compileFeatureVectorizer joins [N,C] inputs (or [C], one row) into float32
// [N,ΣC]. An input gets the columns that inputdimensions gives it: more are cut
// off, missing ones are 0.
func compileFeatureVectorizer(n *call) kernel {
	widths := n.ints("inputdimensions")
	if len(widths) != len(n.node.Inputs) {
		n.fail("inputdimensions has %d entries for %d inputs", len(widths), len(n.node.Inputs))
	}
	total := 0
	for _, w := range widths {
		if w < 0 || w > maxOutput {
			n.fail("inputdimensions has %d", w)
			return nil
		}
		total += int(w)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		var out *tensor.Tensor
		at := 0
		for i, t := range in {
			x, rows, width, err := rowsOf(t, 0)
			if err != nil {
				return nil, err
			}
			if out == nil {
				if out, err = newTensor(tensor.Float32, rows, total); err != nil {
					return nil, fmt.Errorf("inputdimensions: %w", err)
				}
			}
			if rows != out.Shape()[0] {
				return nil, fmt.Errorf("input %d has %d rows, the first %d", i, rows, out.Shape()[0])
			}
			for r := range rows {
				copy(out.Float32s()[r*total+at:][:widths[i]], x[r*width:(r+1)*width])
			}
			at += int(widths[i])
		}
		return out, nil
	})
}
