package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"GlobalAveragePool": {1, 1, func(*call) kernel {
		return globalPool(func(v []float64) float64 { return sum(v) / float64(len(v)) })
	}},
	"GlobalMaxPool": {1, 1, func(*call) kernel { return globalPool(largest) }},
	"GlobalLpPool":  {1, 1, func(n *call) kernel { return globalPool(lpNorm(n)) }},
})

// globalPool folds all spatial axes of [N,C,spatial] to [N,C,1,...].
func globalPool(f fold) kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		if x.DType() != tensor.Float32 && x.DType() != tensor.Float64 {
			return nil, errType(x)
		}
		if x.Rank() < 3 {
			return nil, fmt.Errorf("%v: want [N,C,spatial]", x)
		}
		axes := make([]int, x.Rank()-2)
		for i := range axes {
			axes[i] = i + 2
		}
		return reduce(x, axes, true, f)
	})
}
