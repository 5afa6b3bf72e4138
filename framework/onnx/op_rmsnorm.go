package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"RMSNormalization": {2, 2, compileRMSNorm},
})

func init() { inFloat32["RMSNormalization"] = true }

// compileRMSNorm is x / sqrt(mean(x²) + epsilon) · scale, the mean over all axes from
// axis on, to whose shape scale broadcasts. It is computed in float64 whatever
// stash_type says. Source: Zhang, Sennrich 2019, arXiv:1910.07467.
func compileRMSNorm(n *call) kernel {
	axis, eps := n.int("axis", -1), float64(n.float("epsilon", 1e-5))
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if err := sameTypes(in); err != nil {
			return nil, err
		}
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return nil, err
		}
		v, y, size := tensor.Values[float64](x), make([]float64, x.Len()), tensor.Size(x.Shape()[a:])
		for from := 0; from < len(v); from += size {
			row := v[from : from+size]
			rms := math.Sqrt(sumOf(square)(row)/float64(size) + eps)
			for i, e := range row {
				y[from+i] = e / rms
			}
		}
		scale, err := wideFloats(in[1])
		if err != nil {
			return nil, err
		}
		out, err := mulOp.apply(tensor.Of(y, x.Shape()...), scale)
		if err != nil || scale.Rank() > x.Rank()-a || !slices.Equal(out.Shape(), x.Shape()) {
			return nil, fmt.Errorf("the scale %v does not suit %v from axis %d", in[1], in[0], a)
		}
		return cast(out, in[0].DType())
	})
}
