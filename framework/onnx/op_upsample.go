package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{"Upsample": {1, 2, compileUpsample}})

// compileUpsample is Resize with output position i at i/scale of the input and,
// when nearest, to the floor when growing and to the ceiling when shrinking.
// Operator set 1 names the scales of height and width, 7 lists one for each axis,
// 9 takes that list as an input; the operator ends with set 10, whose Resize is
// the same.
func compileUpsample(n *call) kernel {
	a := resizeAttrs{mode: n.choice("mode", "nearest", "linear", "bilinear"), coordinates: "asymmetric"}
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
		t, err := a.target(in[0].Shape(), scales, nil)
		if err != nil {
			return nil, err
		}
		return a.run(in[0], t)
	})
}
