package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// mapEntries are the keys and values of a map in order.
type mapEntries struct {
	keys, values *tensor.Tensor // of rank 1 and one length
}

// MapValue makes a map of keys, int64 or strings, to values; both are [N]. It
// panics on other shapes and key types.
func MapValue(keys, values *tensor.Tensor) Value {
	if keys.Rank() != 1 || values.Rank() != 1 || keys.Len() != values.Len() || keys.DType() != tensor.Int64 && keys.DType() != tensor.String {
		panic(fmt.Sprintf("onnx: a map of %v to %v", keys, values))
	}
	return Value{c: &compound{entries: &mapEntries{keys, values}}}
}

// Map returns the keys and values of a map, each [N]; nil for other kinds.
func (v Value) Map() (keys, values *tensor.Tensor) {
	if v.c == nil || v.c.entries == nil {
		return nil, nil
	}
	return v.c.entries.keys, v.c.entries.values
}
