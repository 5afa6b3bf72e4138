package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"SequenceConstruct": {1, unlimited, overValues(func(*call) valueKernel { return hostValue(sequenceConstruct) })},
	"SequenceEmpty":     {0, 0, overValues(compileSequenceEmpty)},
	"SequenceInsert":    {2, 3, overValues(func(*call) valueKernel { return hostValue(sequenceInsert) })},
	"SequenceErase":     {1, 2, overValues(func(*call) valueKernel { return hostValue(sequenceErase) })},
	"SequenceAt":        {2, 2, overValues(func(*call) valueKernel { return hostValue(sequenceAt) })},
	"SequenceLength":    {1, 1, overValues(func(*call) valueKernel { return hostValue(sequenceLength) })},
})

func init() {
	for _, op := range []string{"SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceAt"} {
		resultTypes[op] = fixedTypes()
	}
	resultTypes["SequenceLength"] = fixedTypes(tensor.Int64)
}

// sequence returns the compound of a value that must be a sequence.
func sequence(v Value) (*compound, error) {
	if v.Kind() != SequenceKind {
		return nil, fmt.Errorf("want a sequence, got %v", v)
	}
	return v.c, nil
}

// newSequence makes a sequence of tensors of one element type.
func newSequence(items []Value) (Value, error) {
	if len(items) > maxSequence {
		return Value{}, errTooLarge
	}
	c := &compound{items: items}
	for i, v := range items {
		if v.t == nil {
			return Value{}, fmt.Errorf("element %d is %v, want a tensor", i, v)
		}
		if i > 0 && v.t.DType() != c.elem {
			return Value{}, fmt.Errorf("a %v does not join a sequence of %v", v.t.DType(), c.elem)
		}
		c.elem = v.t.DType()
	}
	return Value{c: c}, nil
}

func sequenceConstruct(in []Value) (Value, error) { return newSequence(slices.Clone(in)) }

func compileSequenceEmpty(n *call) valueKernel {
	to := DataType(n.int("dtype", int64(TypeFloat)))
	dt, ok := dtypes[to]
	if !ok {
		n.fail("element type %d is not supported", to)
	}
	return hostValue(func([]Value) (Value, error) { return Value{c: &compound{elem: dt}}, nil })
}

// place resolves a position in [-n, limit); def when it is left out.
func place(at Value, n, limit, def int) (int, error) {
	p := int64(def)
	if at.Kind() != NoValue {
		var err error
		if p, err = scalarInt(at); err != nil {
			return 0, fmt.Errorf("the position: %w", err)
		}
		if p < 0 {
			p += int64(n)
		}
	}
	if p < 0 || p >= int64(limit) {
		return 0, fmt.Errorf("position %v is outside a sequence of %d", at, n)
	}
	return int(p), nil
}

// sequenceInsert puts a tensor before a position, by default at the end.
func sequenceInsert(in []Value) (Value, error) {
	s, err := sequence(in[0])
	if err != nil {
		return Value{}, err
	}
	n := len(s.items)
	at, err := place(in[2], n, n+1, n)
	if err != nil {
		return Value{}, err
	}
	t := in[1].t
	if t == nil || s.elem != 0 && t.DType() != s.elem {
		return Value{}, fmt.Errorf("%v does not join a sequence of %v", in[1], s.elem)
	}
	if n >= maxSequence {
		return Value{}, errTooLarge
	}
	items := make([]Value, 0, n+1)
	items = append(append(append(items, s.items[:at]...), in[1]), s.items[at:]...)
	return Value{c: &compound{elem: t.DType(), items: items}}, nil
}

// sequenceErase takes out one element, by default the last.
func sequenceErase(in []Value) (Value, error) {
	s, err := sequence(in[0])
	if err != nil {
		return Value{}, err
	}
	n := len(s.items)
	at, err := place(in[1], n, n, n-1)
	if err != nil {
		return Value{}, err
	}
	return Value{c: &compound{elem: s.elem, items: slices.Concat(s.items[:at], s.items[at+1:])}}, nil
}

func sequenceAt(in []Value) (Value, error) {
	s, err := sequence(in[0])
	if err != nil {
		return Value{}, err
	}
	at, err := place(in[1], len(s.items), len(s.items), 0)
	if err != nil {
		return Value{}, err
	}
	return s.items[at], nil
}

func sequenceLength(in []Value) (Value, error) {
	s, err := sequence(in[0])
	if err != nil {
		return Value{}, err
	}
	return TensorValue(tensor.Scalar(int64(len(s.items)))), nil
}
