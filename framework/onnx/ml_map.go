package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.ZipMap":         {1, 1, overValues(compileZipMap)},
	"ai.onnx.ml.DictVectorizer": {1, 1, overValues(compileDictVectorizer)},
})

func init() {
	resultTypes[MLDomain+".ZipMap"] = fixedTypes()
	resultTypes[MLDomain+".DictVectorizer"] = fixedTypes()
}

// compileZipMap makes of each row of float32 [N,C] (or [C], one row) a map of the
// class labels to its values; the result is their sequence.
func compileZipMap(n *call) valueKernel {
	names := n.labels()
	all := make([]int, names.len())
	for i := range all {
		all[i] = i
	}
	keys := names.tensor(all)
	return hostValue(func(in []Value) (Value, error) {
		x := in[0].t
		if x == nil || x.DType() != tensor.Float32 || x.Rank() < 1 || x.Rank() > 2 || x.Shape()[x.Rank()-1] != keys.Len() {
			return Value{}, fmt.Errorf("want float32 [N,%d] for as many labels, got %v", keys.Len(), in[0])
		}
		c := keys.Len()
		rows := x.Len() / c
		if rows > maxSequence {
			return Value{}, errTooLarge
		}
		maps := make([]Value, rows)
		for r := range maps {
			maps[r] = MapValue(keys, tensor.Of(x.Float32s()[r*c:(r+1)*c:(r+1)*c], c))
		}
		return SequenceValue(maps...), nil
	})
}

// compileDictVectorizer makes [1,C] of a map: the value of each key of the
// vocabulary, zero where the map lacks it.
func compileDictVectorizer(n *call) valueKernel {
	words, numbers := n.strs("string_vocabulary"), n.ints("int64_vocabulary")
	if (len(words) == 0) == (len(numbers) == 0) {
		n.fail("give either string_vocabulary or int64_vocabulary")
		return nil
	}
	vocabulary := tensor.Of(numbers, len(numbers))
	if len(words) > 0 {
		vocabulary = tensor.Of(words, len(words))
	}
	return hostValue(func(in []Value) (Value, error) {
		keys, values := in[0].Map()
		if keys == nil || keys.DType() != vocabulary.DType() {
			return Value{}, fmt.Errorf("want a map with keys of %v, got %v", vocabulary.DType(), in[0])
		}
		table, err := concat([]*tensor.Tensor{values, tensor.New(values.DType(), 1)}, 0)
		if err != nil {
			return Value{}, err
		}
		miss := int64(values.Len())
		var at []int64
		if keys.DType() == tensor.String {
			at = finder[string](keys, miss, false)(vocabulary)
		} else {
			at = finder[int64](keys, miss, false)(vocabulary)
		}
		out, err := gather(table, at, []int{1, len(at)}, 0)
		return TensorValue(out), err
	})
}
