package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Value is what a name of a model stands for: a tensor, a sequence of values, an
// optional, which holds a value or none, or a map. Values do not change; copies share
// their parts. The zero Value is no value at all.
type Value struct {
	t *tensor.Tensor
	c *compound
}

// compound is a value that is made of others.
type compound struct {
	optional bool
	elem     tensor.DType // of a sequence of tensors; 0 when nothing says so
	items    []Value      // of an optional none or one
	entries  *mapEntries  // of a map
}

// Kind says what a Value is.
type Kind int

// The kinds of values.
const (
	NoValue Kind = iota
	TensorKind
	SequenceKind
	OptionalKind
	MapKind
)

// String names the kind within a sentence: "a tensor".
func (k Kind) String() string {
	return [...]string{"nothing", "a tensor", "a sequence", "an optional", "a map"}[k]
}

// maxSequence bounds the elements of one sequence.
const maxSequence = 1 << 24

// TensorValue makes a value of a tensor; nil gives the zero Value.
func TensorValue(t *tensor.Tensor) Value { return Value{t: t} }

// SequenceValue makes a sequence. Tensors within it have one element type, which
// sessions check.
func SequenceValue(items ...Value) Value {
	c := &compound{items: slices.Clone(items)}
	if len(items) > 0 && items[0].t != nil {
		c.elem = items[0].t.DType()
	}
	return Value{c: c}
}

// SequenceOf makes a sequence of tensors.
func SequenceOf(items ...*tensor.Tensor) Value { return SequenceValue(tensorValues(items)...) }

// Some makes an optional that holds v; the zero Value gives None.
func Some(v Value) Value {
	if v.Kind() == NoValue {
		return None()
	}
	return Value{c: &compound{optional: true, items: []Value{v}}}
}

// None makes an optional that holds nothing.
func None() Value { return Value{c: &compound{optional: true}} }

// Kind says what v is.
func (v Value) Kind() Kind {
	switch {
	case v.t != nil:
		return TensorKind
	case v.c == nil:
		return NoValue
	case v.c.optional:
		return OptionalKind
	case v.c.entries != nil:
		return MapKind
	}
	return SequenceKind
}

// Tensor returns the tensor that v is, or nil.
func (v Value) Tensor() *tensor.Tensor { return v.t }

// Items returns the elements of a sequence, and of an optional the value that it
// holds, if any; nil for other kinds. The slice must not be changed.
func (v Value) Items() []Value {
	if v.c == nil {
		return nil
	}
	return v.c.items
}

// String describes v by kinds, element types and shapes.
func (v Value) String() string {
	switch v.Kind() {
	case NoValue:
		return "nothing"
	case TensorKind:
		return v.t.String()
	case MapKind:
		return fmt.Sprintf("map(%v to %v)", v.c.entries.keys, v.c.entries.values)
	}
	var b strings.Builder
	b.WriteString(map[bool]string{true: "optional(", false: "sequence("}[v.c.optional])
	for i, item := range v.c.items {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more", len(v.c.items)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(item.String())
	}
	b.WriteByte(')')
	return b.String()
}

func tensorValues(ts []*tensor.Tensor) []Value {
	out := make([]Value, len(ts))
	for i, t := range ts {
		out[i].t = t
	}
	return out
}

// tensorsOf is the way back; a value that is no tensor is an error.
func tensorsOf(vs []Value) ([]*tensor.Tensor, error) {
	out := make([]*tensor.Tensor, len(vs))
	for i, v := range vs {
		if v.c != nil {
			return nil, fmt.Errorf("value %d is %v where a tensor must be", i, v.Kind())
		}
		out[i] = v.t
	}
	return out, nil
}
