package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"LRN": {1, 1, compileLRN},
})

// compileLRN divides each element of [N,C,...] by (bias + α/size·Σx²)^β, where the
// sum is over size channels around its own (Krizhevsky et al. 2012, §3.3).
func compileLRN(n *call) kernel {
	alpha, beta, bias := float64(n.float("alpha", 1e-4)), float64(n.float("beta", 0.75)), float64(n.float("bias", 1))
	size := n.int("size", 0)
	if size < 1 || size > maxOutput {
		n.fail("attribute size = %d is missing or out of range", size)
	}
	before, after := int(size-1)/2, int(size)/2
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		if x.Rank() < 2 {
			return nil, fmt.Errorf("%v has no channels", x)
		}
		v, out := tensor.Values[float64](x), make([]float64, x.Len())
		lines(x.Shape(), 1, func(base, step, c int) {
			for i := range c {
				total := 0.0
				for j := max(i-before, 0); j <= min(i+after, c-1); j++ {
					total += square(v[base+j*step])
				}
				out[base+i*step] = v[base+i*step] / math.Pow(bias+alpha/float64(size)*total, beta)
			}
		})
		return cast(tensor.Of(out, x.Shape()...), in[0].DType())
	})
}
