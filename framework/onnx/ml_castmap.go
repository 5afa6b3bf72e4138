package onnx

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{"ai.onnx.ml.CastMap": {1, 1, overValues(compileCastMap)}})

func init() { resultTypes[MLDomain+".CastMap"] = fixedTypes() }

// compileCastMap makes [1,C] of a map of int64 keys, in another type: of its
// values in the order of the keys, or (SPARSE) of max_map places where a key is
// the place of its value and the others are zero or empty.
func compileCastMap(n *call) valueKernel {
	to := map[string]tensor.DType{"TO_FLOAT": tensor.Float32, "TO_INT64": tensor.Int64, "TO_STRING": tensor.String}[n.choice("cast_to", "TO_FLOAT", "TO_INT64", "TO_STRING")]
	sparse := n.choice("map_form", "DENSE", "SPARSE") == "SPARSE"
	size := int(n.int("max_map", 1))
	if sparse && (size < 1 || size > maxSequence) {
		n.fail("max_map is %d, want 1 to %d", size, maxSequence)
		return nil
	}
	return hostValue(func(in []Value) (Value, error) {
		keys, values := in[0].Map()
		if keys == nil || keys.DType() != tensor.Int64 {
			return Value{}, fmt.Errorf("want a map with int64 keys, got %v", in[0])
		}
		key := keys.Int64s()
		order := make([]int64, len(key))
		for i := range order {
			order[i] = int64(i)
		}
		slices.SortFunc(order, func(a, b int64) int { return cmp.Compare(key[a], key[b]) })
		if sparse {
			at := make([]int64, size)
			for i := range at {
				at[i] = int64(len(key)) // the place of the filler
			}
			for _, i := range order {
				if key[i] < 0 || key[i] >= int64(size) {
					return Value{}, fmt.Errorf("the key %d is not below max_map, which is %d", key[i], size)
				}
				at[key[i]] = i
			}
			order = at
		}
		// The filler is a zero of the result's type: "" and not "0".
		values, err := cast(values, to)
		if err != nil {
			return Value{}, err
		}
		table, err := concat([]*tensor.Tensor{values, tensor.New(to, 1)}, 0)
		if err != nil {
			return Value{}, err
		}
		out, err := gather(table, order, []int{1, len(order)}, 0)
		return TensorValue(out), err
	})
}
