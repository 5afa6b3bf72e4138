package onnx

import (
	"context"
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// trainsDropout says whether a Dropout node drops, as far as it tells before it
// runs: before operator set 7 by is_test, from 12 on by the input training_mode.
func (n *call) trainsDropout() (trains, known bool) {
	switch {
	case n.version < 7:
		return !n.flag("is_test", false), true
	case n.version < 12 || len(n.node.Inputs) < 3 || n.node.Inputs[2] == "":
		return false, true
	case n.consts[2] == nil:
		return false, false
	}
	on, err := truth(TensorValue(n.consts[2]))
	return on, err == nil
}

// compileDropout is the identity outside of training. In training an element
// stays with probability 1-ratio, divided by it, and is 0 otherwise. The mask
// says which stay: bools, before operator set 10 numbers of the input's type.
func compileDropout(n *call) kernel {
	trains, known := n.trainsDropout()
	var draw *source
	if trains || !known {
		draw = n.source(uint64(n.int("seed", 0)))
	}
	attr := n.float("ratio", 0.5)
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		on, ratio := trains, float64(attr)
		if !known {
			var err error
			if on, err = truth(TensorValue(in[2])); err != nil {
				return nil, fmt.Errorf("training_mode: %w", err)
			}
		}
		if n.version >= 12 && in[1] != nil {
			r, err := cast(in[1], tensor.Float64)
			if err != nil || r.Len() != 1 {
				return nil, fmt.Errorf("the ratio %v is no number", in[1])
			}
			ratio = tensor.Values[float64](r)[0]
		}
		keep := make([]bool, in[0].Len())
		mask, y := tensor.Of(keep, in[0].Shape()...), in[0]
		if !on || ratio == 0 {
			for i := range keep {
				keep[i] = true
			}
		} else {
			if !(ratio > 0 && ratio < 1) {
				return nil, fmt.Errorf("the ratio is %v, want 0 ≤ ratio < 1", ratio)
			}
			r := draw.next()
			for i := range keep {
				keep[i] = r.Float64() >= ratio
			}
			var err error
			if y, err = kept(y, keep, 1/(1-ratio)); err != nil {
				return nil, err
			}
		}
		if n.version < 10 {
			var err error
			if mask, err = cast(mask, in[0].DType()); err != nil {
				return nil, err
			}
		}
		return []*tensor.Tensor{y, mask}, nil
	}
}

// kept is x·scale where keep is true, else 0.
func kept(x *tensor.Tensor, keep []bool, scale float64) (*tensor.Tensor, error) {
	switch x.DType() {
	case tensor.Float32, tensor.Float64, tensor.Half, tensor.BFloat:
	default:
		return nil, errType(x)
	}
	wide, err := cast(x, tensor.Float64)
	if err != nil {
		return nil, err
	}
	out := make([]float64, x.Len())
	for i, v := range tensor.Values[float64](wide) {
		if keep[i] {
			out[i] = v * scale
		}
	}
	return cast(tensor.Of(out, x.Shape()...), x.DType())
}
