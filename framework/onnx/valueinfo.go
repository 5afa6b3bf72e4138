package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// NewValueInfo makes the type of a tensor value. Each dim is an int (a size) or
// a string (a symbol; "" means unknown); anything else panics.
func NewValueInfo(name string, dt tensor.DType, dims ...any) *ValueInfo {
	shape := &Shape{}
	for _, d := range dims {
		switch d := d.(type) {
		case int:
			v := int64(d)
			shape.Dims = append(shape.Dims, &Dim{Value: &v})
		case string:
			shape.Dims = append(shape.Dims, &Dim{Param: d})
		default:
			panic(fmt.Sprintf("onnx: value %q: a dimension is an int or a string, not %T", name, d))
		}
	}
	return &ValueInfo{Name: name, Type: &TypeProto{Tensor: &TensorType{Elem: dataTypes[dt], Shape: shape}}}
}

// DType returns the element type; 0 when the value is no tensor or its type has
// no counterpart in package tensor.
func (v *ValueInfo) DType() tensor.DType {
	if v.Type == nil || v.Type.Tensor == nil {
		return 0
	}
	return dtypes[v.Type.Tensor.Elem]
}

// Dims returns the dimensions as ints and strings (the symbol, "" when unknown);
// ok is false when nothing is known of the shape.
func (v *ValueInfo) Dims() (dims []any, ok bool) {
	if v.Type == nil || v.Type.Tensor == nil || v.Type.Tensor.Shape == nil {
		return nil, false
	}
	for _, d := range v.Type.Tensor.Shape.Dims {
		if d.Value != nil {
			dims = append(dims, int(*d.Value))
		} else {
			dims = append(dims, d.Param)
		}
	}
	return dims, true
}
