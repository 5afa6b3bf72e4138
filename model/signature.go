package model

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/data/cell"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Value is the type of one input or output of a model.
type Value struct {
	Name  string
	DType tensor.DType
	Shape []int // -1 for a dimension that varies
}

// Signature returns the inputs that the card stands for, in its order, and the
// outputs. The first dimension of all is the batch.
func (c *Card) Signature() (inputs, outputs []Value) {
	for _, in := range c.Inputs {
		v := Value{Name: in.Name, DType: tensor.String, Shape: []int{-1, 1}}
		switch in.Kind {
		case KindImage:
			v.DType, v.Shape = tensor.Uint8, []int{-1, -1, -1, in.Channels}
		case KindNumber:
			v.DType = tensor.Float32
		case KindDate:
			v.DType, v.Shape = tensor.Float32, []int{-1, len(cell.DatePartNames)}
		case KindText:
			if c.Task == TextClassification {
				v.Shape = []int{-1}
			}
		}
		inputs = append(inputs, v)
	}
	for _, o := range OutputsOf(len(c.Classes)) {
		v := Value{Name: o.Name, DType: tensor.Float32, Shape: o.Shape}
		if o.DType == "string" {
			v.DType = tensor.String
		}
		outputs = append(outputs, v)
	}
	return inputs, outputs
}

// matches compares the card's signature with the model's.
func (c *Card) matches(m *onnx.Model) error {
	inputs, outputs := c.Signature()
	if len(m.Graph.Inputs) != len(inputs) {
		return fmt.Errorf("the model has %d inputs, its card names %d", len(m.Graph.Inputs), len(inputs))
	}
	if err := match("input", inputs, m.Graph.Inputs); err != nil {
		return err
	}
	return match("output", outputs, m.Graph.Outputs)
}

func match(what string, want []Value, have []*onnx.ValueInfo) error {
	for _, w := range want {
		i := slices.IndexFunc(have, func(v *onnx.ValueInfo) bool { return v.Name == w.Name })
		if i < 0 {
			return fmt.Errorf("the model has no %s %q, which its card names", what, w.Name)
		}
		if have[i].DType() != w.DType {
			return fmt.Errorf("the model's %s %q is %v, its card says %v", what, w.Name, have[i].DType(), w.DType)
		}
		if dims, known := have[i].Dims(); known && !fits(dims, w.Shape) {
			return fmt.Errorf("the model's %s %q has the shape %v, its card says %v", what, w.Name, dims, w.Shape)
		}
	}
	return nil
}

// fits reports whether a shape of the model allows all that the card promises.
func fits(dims []any, want []int) bool {
	if len(dims) != len(want) {
		return false
	}
	for i, d := range dims {
		if n, fixed := d.(int); fixed && n != want[i] {
			return false
		}
	}
	return true
}
