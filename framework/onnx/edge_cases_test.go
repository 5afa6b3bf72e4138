package onnx

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Rows at the very edge of a condition.
var _ = addCases([]opCase{
	{op: "NonMaxSuppression", ins: ts{floats(0, 0, 1, 1, 0, 0, 1, 0.5, 0, 0, 1, 0.75).Reshape(1, 3, 4), floats(3, 2, 1).Reshape(1, 1, 3), tensor.Scalar(int64(3)), scalar(0.5)}}, // overlaps of 1/2, 3/4 and 2/3
	{op: MLDomain + ".SVMRegressor", attrs: Attrs{"coefficients": []float32{1, -1}, "rho": []float32{0}, "n_supports": 0, "one_class": 1, "kernel_type": "LINEAR", "kernel_params": []float32{0, 0, 0}}, ins: ts{floats(2, 2, 3, 2, 2, 3).Reshape(3, 2)}},
	{op: MLDomain + ".FeatureVectorizer", attrs: Attrs{"inputdimensions": []int{1, 2}}, ins: ts{floats(1, 2).Reshape(2, 1), floats(3, 4, 5, 6, 7, 8).Reshape(2, 3)}},
})

func TestEdgesByHand(t *testing.T) {
	pair, tens := floats(1, 2).Reshape(1, 1, 2), floats(1, 10, 100, 1000).Reshape(1, 1, 4)
	for _, c := range []oldCase{
		{"the odd one before", "ConvTranspose", 11, Attrs{"auto_pad": "SAME_LOWER"}, ts{pair, tens}, floats(120, 1200).Reshape(1, 1, 2)}, // of 1, 12, 120, 1200, 2000
		{"the odd one after", "ConvTranspose", 11, Attrs{"auto_pad": "SAME_UPPER"}, ts{pair, tens}, floats(12, 120).Reshape(1, 1, 2)},
		{"the odd one before, by size", "ConvTranspose", 11, Attrs{"output_shape": []int{2}}, ts{pair, tens}, floats(120, 1200).Reshape(1, 1, 2)},
		{"NaN last", "Unique", 11, nil, ts{floats(nan, 2, nan, 1)}, floats(1, 2, nan)},
		{"above 1<<63", "Pow", 15, nil, ts{tensor.Of([]uint64{2}, 1), tensor.Of([]uint64{63}, 1)}, tensor.Of([]uint64{1 << 63}, 1)},
		{"negative to uint64", "Cast", 13, Attrs{"to": tensor.Uint64}, ts{floats(-1.5, 2.5)}, tensor.Of([]uint64{math.MaxUint64, 2}, 2)},
	} {
		t.Run(c.op+"/"+c.name, c.check)
	}
}

// TestAdamByHand: in the second step from zero states the rate is r·√(1-β²)/(1-α²), so
// that with α = 0.5, β = 0.75, g = 2 and r = 3, v = 1, h = 1 and x falls by
// 3·√(7/16)/(3/4)·1 = √7.
func TestAdamByHand(t *testing.T) {
	b := NewBuilder("adam")
	x := b.Input("x", tensor.Float64, 1)
	zero := b.Const(tensor.Of([]float64{0}, 1))
	node := b.OpN(3, "Adam", Attrs{"alpha": 0.5, "beta": 0.75, "epsilon": 0.0}, b.Const(tensor.Scalar(3.0)), b.Const(tensor.Scalar(int64(2))), x,
		b.Const(tensor.Of([]float64{2}, 1)), zero, zero)
	b.Output("out0", node[0], tensor.Float64, 1)
	m := b.Model()
	m.Graph.Nodes[0].Domain = trainingDomain
	m.Opsets = append(m.Opsets, &Opset{Domain: trainingDomain, Version: 1})
	got, err := runOld(t, m, map[string]*tensor.Tensor{"x": tensor.Of([]float64{5}, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := compare(got, tensor.Of([]float64{5 - math.Sqrt(7)}, 1), 1e-12); diff != "" {
		t.Error(diff)
	}
}
