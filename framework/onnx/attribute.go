package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// newAttribute converts a value of Attrs; another Go type panics.
func newAttribute(name string, v any) *Attribute {
	a := &Attribute{Name: name}
	switch v := v.(type) {
	case int:
		a.Type, a.I = AttrInt, int64(v)
	case int64:
		a.Type, a.I = AttrInt, v
	case bool:
		a.Type = AttrInt
		if v {
			a.I = 1
		}
	case tensor.DType:
		a.Type, a.I = AttrInt, int64(dataTypes[v])
	case float32:
		a.Type, a.F = AttrFloat, v
	case float64:
		a.Type, a.F = AttrFloat, float32(v)
	case string:
		a.Type, a.S = AttrString, v
	case []int:
		a.Type, a.Ints = AttrInts, convert[int64](v)
	case []int64:
		a.Type, a.Ints = AttrInts, v
	case []float32:
		a.Type, a.Floats = AttrFloats, v
	case []float64:
		a.Type, a.Floats = AttrFloats, convert[float32](v)
	case []string:
		a.Type, a.Strings = AttrStrings, v
	case *tensor.Tensor:
		a.Type, a.T = AttrTensor, NewTensorProto("", v)
	case *Graph:
		a.Type, a.G = AttrGraph, v
	default:
		panic(fmt.Sprintf("onnx: attribute %q cannot hold a %T", name, v))
	}
	return a
}

func convert[R, T int | number](in []T) []R {
	out := make([]R, len(in))
	for i, v := range in {
		out[i] = R(v)
	}
	return out
}
