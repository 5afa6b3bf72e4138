package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Det": {1, 1, compileDet},
})

// compileDet gives the determinant of each matrix of [*,M,M].
func compileDet(*call) kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		r := x.Rank()
		if r < 2 || x.Shape()[r-1] != x.Shape()[r-2] {
			return nil, fmt.Errorf("%v holds no square matrices", in[0])
		}
		m, v := x.Shape()[r-1], slices.Clone(tensor.Values[float64](x))
		shape := x.Shape()[:r-2]
		if err := checkShape(shape); err != nil {
			return nil, err
		}
		out := make([]float64, tensor.Size(shape))
		for i := range out {
			out[i] = determinant(v[i*m*m:(i+1)*m*m], m)
		}
		return cast(tensor.Of(out, shape...), in[0].DType())
	})
}

// determinant eliminates with partial pivoting, overwriting a [m,m].
func determinant(a []float64, m int) float64 {
	det := 1.0
	for k := range m {
		top := k
		for i := k + 1; i < m; i++ {
			if math.Abs(a[i*m+k]) > math.Abs(a[top*m+k]) {
				top = i
			}
		}
		if top != k {
			det = -det
			for j := k; j < m; j++ {
				a[k*m+j], a[top*m+j] = a[top*m+j], a[k*m+j]
			}
		}
		pivot := a[k*m+k]
		if pivot == 0 {
			return 0
		}
		det *= pivot
		for i := k + 1; i < m; i++ {
			f := a[i*m+k] / pivot
			for j := k; j < m; j++ {
				a[i*m+j] -= f * a[k*m+j]
			}
		}
	}
	return det
}
