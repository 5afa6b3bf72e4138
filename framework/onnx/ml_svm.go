package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.SVMRegressor": {1, 1, compileSVMRegressor},
})

func init() { resultTypes[MLDomain+".SVMRegressor"] = fixedTypes(tensor.Float32) }

// svmKernel compares two vectors: their product p for LINEAR, (γp+c)^d for POLY,
// tanh(γp+c) for SIGMOID and exp(-γ|a-b|²) for RBF.
type svmKernel func(a, b []float32) float64

func (n *call) svmKernel() svmKernel {
	params := n.floats("kernel_params")
	if len(params) == 0 {
		params = []float32{0, 0, 0}
	}
	if len(params) != 3 {
		n.fail("kernel_params has %d entries, want gamma, coef0 and degree", len(params))
		return nil
	}
	gamma, c, degree := float64(params[0]), float64(params[1]), float64(params[2])
	switch n.choice("kernel_type", "LINEAR", "POLY", "RBF", "SIGMOID") {
	case "POLY":
		return func(a, b []float32) float64 { return math.Pow(gamma*innerProduct(a, b)+c, degree) }
	case "RBF":
		return func(a, b []float32) float64 {
			sum := 0.0
			for i, v := range a {
				sum += square(float64(v) - float64(b[i]))
			}
			return math.Exp(-gamma * sum)
		}
	case "SIGMOID":
		return func(a, b []float32) float64 { return math.Tanh(gamma*innerProduct(a, b) + c) }
	}
	return innerProduct
}

func innerProduct(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// compileSVMRegressor is Σ coefficients·k(x, support vector) + rho, without
// support vectors k(x, coefficients) + rho. With one_class the result is 1 above
// 0, else -1.
func compileSVMRegressor(n *call) kernel {
	k, after, threads := n.svmKernel(), n.transform(), n.threads
	coefficients, vectors, rho := n.floats("coefficients"), n.floats("support_vectors"), n.floats("rho")
	supports, oneClass := int(n.int("n_supports", 0)), n.flag("one_class", false)
	if len(rho) == 0 || len(coefficients) == 0 {
		n.fail("coefficients or rho are missing")
		return nil
	}
	width := len(coefficients)
	weights := []float32{1}
	if supports == 0 {
		vectors = coefficients
	} else {
		if supports < 0 || len(coefficients) != supports || len(vectors) == 0 || len(vectors)%supports != 0 {
			n.fail("n_supports is %d with %d coefficients and %d entries of support_vectors", supports, len(coefficients), len(vectors))
			return nil
		}
		width, weights = len(vectors)/supports, coefficients
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, rows, got, err := rowsOf(in[0], width)
		if err != nil {
			return nil, err
		}
		out, err := newTensor(tensor.Float32, rows, 1)
		if err != nil {
			return nil, err
		}
		parallel(threads, rows, max(1, 1<<14/len(vectors)), func(lo, hi int) {
			for r := lo; r < hi; r++ {
				sum := float64(rho[0])
				for i, w := range weights {
					sum += float64(w) * k(x[r*got:][:width], vectors[i*width:][:width])
				}
				y := out.Float32s()[r : r+1]
				y[0] = float32(sum)
				switch {
				case oneClass && sum > 0:
					y[0] = 1
				case oneClass:
					y[0] = -1
				default:
					after(y)
				}
			}
		})
		return out, nil
	})
}
