package onnx

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestRoiAlignKinks: on the regions whose values onnxruntime confirms, the gradient
// by the regions is the derivative wherever there is one. Where it differs from
// both sides' mean, the derivatives from the left and from the right differ, and
// those places are where samples fall on whole elements (or, with the maximum, two
// samples weigh the same element equally):
//
//   - ratio 1, output_half_pixel: y1 = 5 of the last region, 4.5 + 1·3/6 = 5;
//   - ratio 2, half_pixel: x1 = 1.5 and x2 = 7.1 of the second, 0.85 + 5.04·5/8 = 4,
//     and y1 = 2 and y2 = 14 of the third, 1.3 + 10.8·3/12 = 4;
//   - maximum of ratio 2, output_half_pixel: y1 = 5 of the last, whose samples at
//     4.5 + 5/12 and 4.5 + 7/12 lie equally far from row 5.
func TestRoiAlignKinks(t *testing.T) {
	rois := []float32{0, 0, 9, 9, 1.5, 2.2, 7.1, 4, -3, 2, 4, 14, 5, 5, 5.2, 5.1}
	x := uniform32(3, 2, 2, 9, 10)
	for _, c := range []struct {
		mode, coordinates string
		ratio             int
		kinks             []int
	}{
		{"avg", "half_pixel", 1, nil}, {"avg", "output_half_pixel", 1, []int{13}}, {"avg", "half_pixel", 2, []int{4, 6, 9, 11}}, {"avg", "output_half_pixel", 2, nil},
		{"max", "half_pixel", 1, nil}, {"max", "output_half_pixel", 1, []int{13}}, {"max", "half_pixel", 2, []int{4, 6, 9, 11}}, {"max", "output_half_pixel", 2, []int{13}},
	} {
		t.Run(fmt.Sprintf("%s/%s/%d", c.mode, c.coordinates, c.ratio), func(t *testing.T) {
			m, feeds := opCase{op: "RoiAlign", attrs: Attrs{"mode": c.mode, "sampling_ratio": c.ratio, "coordinate_transformation_mode": c.coordinates, "output_height": 3,
				"output_width": 2, "spatial_scale": 0.9}, ins: ts{x, tensor.Of(slices.Clone(rois), 4, 4), ints(0, 1, 1, 0)}}.model()
			gradient, sides := sidedDerivatives(t, m, feeds, "in1")
			for i, s := range sides {
				off := math.Abs((s[0]+s[1])/2-gradient[i]) > 1e-3*max(1, math.Abs(gradient[i]))
				if kink := math.Abs(s[0]-s[1]) > 1e-3; off && !kink {
					t.Errorf("region %d, number %d: the gradient is %v, the derivative %v", i/4, i%4, gradient[i], s[0])
				}
				if off && !slices.Contains(c.kinks, i) {
					t.Errorf("region %d, number %d: %v from the left, %v from the right, but no sample on an element is expected", i/4, i%4, s[0], s[1])
				}
			}
		})
	}
}

// sidedDerivatives gives the gradient of the sum of m's outputs, each by a weight of
// its own, by the named input, and the derivatives from the left and the right in
// float64.
func sidedDerivatives(t *testing.T, m *Model, feeds map[string]*tensor.Tensor, by string) (gradient []float64, sides [][2]float64) {
	t.Helper()
	in, build := asNetwork(m, feeds, nil)
	g := graph.New(graph.Inference)
	var nodes []*graph.Node
	values := map[*graph.Node]graphtest.Array{}
	at := -1
	for i, info := range m.Graph.Inputs {
		n := g.Input(info.Name, in[i].DType(), graph.Ints(in[i].Shape()...)...)
		nodes, values[n] = append(nodes, n), graphtest.ArrayOf(in[i])
		if info.Name == by {
			at = i
		}
	}
	y := build(g, nodes)
	dims, _ := y.Shape().Known()
	loss := graph.Sum(graph.Mul(y, g.Const(uniform32(1, dims...))))
	exec, err := graph.Compile(device, graph.Program{Inputs: nodes, Outputs: graph.Grad(loss, nodes[at])})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	got, err := exec.Run(in...)
	if err != nil {
		t.Fatal(err)
	}
	x, value := values[nodes[at]].Data, func() float64 { return graphtest.NewInterpreter(values).Value(loss).Data[0] }
	const h = 1e-6
	middle := value()
	for i, v := range x {
		var s [2]float64
		for k, d := range []float64{-h, h} {
			x[i] = v + d
			s[k] = (value() - middle) / d
		}
		x[i] = v
		gradient, sides = append(gradient, float64(got[0].Float32s()[i])), append(sides, s)
	}
	return gradient, sides
}
