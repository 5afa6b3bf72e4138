package onnx

import (
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
)

// checkValue compares an input with what the model declares for it.
func (s *Session) checkValue(info *ValueInfo, v Value) error {
	want := TensorKind
	var elem *ElemType
	if info.Type != nil && info.Type.Sequence != nil {
		want, elem = SequenceKind, info.Type.Sequence
	} else if info.Type != nil && info.Type.Optional != nil {
		want, elem = OptionalKind, info.Type.Optional
	} else if info.Type != nil && info.Type.Map != nil {
		want = MapKind
	}
	if v.Kind() != want {
		return fault.Errorf(fault.Invalid, "The model's input %q wants %v, got %v.", info.Name, want, v.Kind())
	}
	switch want {
	case TensorKind:
		return s.checkInput(info, v.t)
	case MapKind:
		return checkMap(info, v)
	}
	for _, item := range v.c.items {
		if err := s.checkValue(&ValueInfo{Name: info.Name, Type: elem.Elem}, item); err != nil {
			return err
		}
	}
	return nil
}

func checkMap(info *ValueInfo, v Value) error {
	keys, values := v.Map()
	key, value := dtypes[info.Type.Map.Key], (&ValueInfo{Type: info.Type.Map.Value}).DType()
	if keys.DType() != key || values.DType() != value {
		return fault.Errorf(fault.Invalid, "The model's input %q wants a map of %v to %v, got %v to %v.", info.Name, key, value, keys.DType(), values.DType())
	}
	return nil
}

func (s *Session) checkInput(info *ValueInfo, t *tensor.Tensor) error {
	if dt := info.DType(); dt != t.DType() {
		return fault.Errorf(fault.Invalid, "The model's input %q wants %v, got %v.", info.Name, dt, t.DType())
	}
	dims, ok := info.Dims()
	if !ok || s.byType[info.Name] {
		return nil
	}
	fits := len(dims) == t.Rank()
	for i := 0; fits && i < len(dims); i++ {
		if d, fixed := dims[i].(int); fixed && d != t.Shape()[i] {
			fits = false
		}
	}
	if !fits {
		return fault.Errorf(fault.Invalid, "The model's input %q wants shape %v, got %v.", info.Name, dims, t.Shape())
	}
	return nil
}

// inputsByType finds the inputs whose elements and shape nothing reads: CastLike
// wants the type of its second input alone. A shape that a model declares for
// one of them binds nobody.
func (p *program) inputsByType(inputs []*ValueInfo) map[string]bool {
	read := map[int]bool{}
	for _, s := range p.outputs {
		read[s] = true
	}
	for _, st := range p.steps {
		for i, s := range st.ins {
			if i != 1 || operatorName(st.call.node) != "CastLike" {
				read[s] = true
			}
		}
	}
	out := map[string]bool{}
	for i, in := range inputs {
		out[in.Name] = !read[p.inputs[i]]
	}
	return out
}
