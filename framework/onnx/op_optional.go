package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Optional":           {0, 1, overValues(compileOptional)},
	"OptionalHasElement": {0, 1, overValues(compileOptionalHasElement)},
	"OptionalGetElement": {1, 1, overValues(func(*call) valueKernel { return hostValue(optionalGetElement) })},
})

func init() {
	resultTypes["Optional"], resultTypes["OptionalGetElement"] = fixedTypes(), fixedTypes()
	resultTypes["OptionalHasElement"] = fixedTypes(tensor.Bool)
}

// compileOptional wraps its input; without one the attribute type says what the
// optional could hold.
func compileOptional(n *call) valueKernel {
	if typ := n.typed("type", AttrType); len(n.node.Inputs) == 0 && (typ == nil || typ.TP == nil) {
		n.fail("neither an input nor the attribute %q is given", "type")
	}
	return hostValue(func(in []Value) (Value, error) {
		if in[0].Kind() == OptionalKind {
			return Value{}, fmt.Errorf("an optional cannot hold %v", in[0])
		}
		return Some(in[0]), nil
	})
}

// compileOptionalHasElement is true for tensors and sequences, and false for an
// input that is left out, from opset 18 on.
func compileOptionalHasElement(n *call) valueKernel {
	return hostValue(func(in []Value) (Value, error) {
		has := true
		switch in[0].Kind() {
		case OptionalKind:
			has = len(in[0].c.items) > 0
		case NoValue:
			has = false
		}
		return TensorValue(tensor.Scalar(has)), nil
	})
}

// optionalGetElement gives tensors and sequences as they are, as opset 18 has it.
func optionalGetElement(in []Value) (Value, error) {
	if in[0].Kind() != OptionalKind {
		return in[0], nil
	}
	if len(in[0].c.items) == 0 {
		return Value{}, fmt.Errorf("the optional holds nothing")
	}
	return in[0].c.items[0], nil
}
