package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{"Upsample": {1, 2, compileUpsample}})

// compileUpsample is Resize with output position i at i/scale of the input, to
// the floor when nearest. Operator set 1 names the scales of height and width, 7
// lists one for each axis, 9 takes that list as an input. The operator ends with
// set 10.
func compileUpsample(n *call) kernel {
	a := resizeAttrs{mode: n.choice("mode", "nearest", "linear", "bilinear"), coordinates: "asymmetric", nearest: "floor"}
	if a.mode == "bilinear" { // the name of operator set 1
		a.mode = "linear"
	}
	attr := n.floats("scales")
	if n.version < 7 {
		attr = []float32{1, 1, n.float("height_scale", 0), n.float("width_scale", 0)}
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		scales := in[1]
		if n.version < 9 {
			scales = tensor.Of(attr, len(attr))
		}
		if scales == nil {
			return nil, fmt.Errorf("the scales are left out")
		}
		sizes, by, err := a.target(in[0].Shape(), scales, nil)
		if err != nil {
			return nil, err
		}
		if err := checkShape(sizes); err != nil {
			return nil, err
		}
		if a.mode == "nearest" {
			return a.resizeNearest(in[0], sizes, by)
		}
		return a.resizeLinear(in[0], sizes, by)
	})
}
