package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestSizesAreNoWeights: constants that sizes are computed from stay constants, and
// those that a scale of quantisation is computed from become variables.
func TestSizesAreNoWeights(t *testing.T) {
	b := NewBuilder("sizes")
	x := b.Input("x", tensor.Float32, 1, 1, 2, 3)
	scales := b.Op("Concat", Attrs{"axis": 0}, b.Const(floats(1, 1)), b.Op("Mul", nil, b.Const(floats(4, 3)), b.Float(0.5)))
	b.Output("y", b.Op("Resize", Attrs{"mode": "linear"}, x, "", scales), tensor.Float32, 1, 1, 4, 4)
	p := nn.NewParams(1)
	if _, err := Import(b.Model(), p, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := len(p.Variables()); n != 0 {
		t.Errorf("%d variables in a model of sizes", n)
	}
	if _, _, err := importRun(b.Model(), map[string]*tensor.Tensor{"x": normal(1, 1, 2, 3)}, ImportOptions{}); err != nil {
		t.Error(err)
	}

	b = NewBuilder("scale")
	w := b.Const(floats(1, -2, 3))
	scale := b.Op("Mul", nil, b.Op("ReduceMax", Attrs{"keepdims": 0}, b.Op("Abs", nil, w)), b.Float(1./127))
	q := b.Op("DequantizeLinear", nil, b.Op("QuantizeLinear", nil, w, scale, b.Const(tensor.Scalar(int8(0)))), scale, b.Const(tensor.Scalar(int8(0))))
	b.Output("y", b.Op("Mul", nil, b.Input("x", tensor.Float32, 3), q), tensor.Float32, 3)
	p = nn.NewParams(1)
	if _, err := Import(b.Model(), p, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := len(p.Variables()); n != 1 {
		t.Errorf("%d variables, want the weight that is quantised", n)
	}
}
