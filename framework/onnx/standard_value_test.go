package onnx

import (
	"fmt"
	"os"
)

// sequenceProto and optionalProto are the messages of onnx-data.proto in which
// the standard cases keep values that are no tensors.
type sequenceProto struct {
	name      string
	elem      int32
	tensors   []*TensorProto
	sequences []*sequenceProto
	optionals []*optionalProto
	unknown   []byte
}

type optionalProto struct {
	name     string
	elem     int32
	tensor   *TensorProto
	sequence *sequenceProto
	optional *optionalProto
	unknown  []byte
}

func (s *sequenceProto) fields() []field {
	return []field{
		{num: 1, name: "name", v: &s.name}, {num: 2, name: "elem_type", v: &s.elem}, {num: 3, name: "tensor_values", v: many(&s.tensors)},
		{num: 5, name: "sequence_values", v: many(&s.sequences)}, {num: 7, name: "optional_values", v: many(&s.optionals)}, {v: &s.unknown},
	}
}

func (o *optionalProto) fields() []field {
	return []field{
		{num: 1, name: "name", v: &o.name}, {num: 2, name: "elem_type", v: &o.elem}, {num: 3, name: "tensor_value", v: one(&o.tensor)},
		{num: 5, name: "sequence_value", v: one(&o.sequence)}, {num: 7, name: "optional_value", v: one(&o.optional)}, {v: &o.unknown},
	}
}

func (s *sequenceProto) value() (Value, error) {
	var items []Value
	for _, p := range s.tensors {
		t, err := p.Tensor()
		if err != nil {
			return Value{}, err
		}
		items = append(items, TensorValue(t))
	}
	for _, p := range s.sequences {
		v, err := p.value()
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
	}
	for _, p := range s.optionals {
		v, err := p.value()
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
	}
	return SequenceValue(items...), nil
}

func (o *optionalProto) value() (Value, error) {
	var v Value
	var err error
	switch {
	case o.tensor != nil:
		t, terr := o.tensor.Tensor()
		v, err = TensorValue(t), terr
	case o.sequence != nil:
		v, err = o.sequence.value()
	case o.optional != nil:
		v, err = o.optional.value()
	}
	return Some(v), err
}

// readStandard reads one value of a data set by its declared type.
func readStandard(path string, info *ValueInfo) (Value, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Value{}, err
	}
	r := reader{}
	switch typ := info.Type; {
	case typ != nil && typ.Sequence != nil:
		p := &sequenceProto{}
		if err := r.message(b, p, 0); err != nil {
			return Value{}, err
		}
		return p.value()
	case typ != nil && typ.Optional != nil:
		p := &optionalProto{}
		if err := r.message(b, p, 0); err != nil {
			return Value{}, err
		}
		return p.value()
	case typ != nil && typ.Tensor != nil:
		p := &TensorProto{}
		if err := r.message(b, p, 0); err != nil {
			return Value{}, err
		}
		if p.DataType == TypeUint16 && typ.Tensor.Elem == TypeBFloat16 {
			p.DataType = TypeBFloat16 // the cases carry it as its bits
		}
		t, err := p.Tensor()
		return TensorValue(t), err
	}
	return Value{}, fmt.Errorf("%s is no tensor, sequence or optional", info.Name)
}

// compareValue is compareStandard for all kinds.
func compareValue(got, want Value) string {
	if got.Kind() != want.Kind() || len(got.Items()) != len(want.Items()) {
		return fmt.Sprintf("got %v, want %v", got, want)
	}
	if want.Kind() == TensorKind {
		return compareStandard(got.t, want.t)
	}
	for i, w := range want.Items() {
		if diff := compareValue(got.Items()[i], w); diff != "" {
			return fmt.Sprintf("item %d: %s", i, diff)
		}
	}
	return ""
}
