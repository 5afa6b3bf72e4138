package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Acosh": smooth(math.Acosh), "Asinh": smooth(math.Asinh), "Atanh": smooth(math.Atanh),
	"Celu":            {1, 1, compileCelu},
	"Selu":            {1, 1, compileSelu},
	"ThresholdedRelu": {1, 1, compileThresholdedRelu},
	"Shrink":          {1, 1, compileShrink},
})

// compileCelu is max(0,x) + min(0, α·(exp(x/α)-1)).
func compileCelu(n *call) kernel {
	alpha := float64(n.float("alpha", 1))
	if alpha == 0 {
		n.fail("attribute alpha must not be 0")
	}
	return smoothKernel(func(x float64) float64 {
		return math.Max(0, x) + math.Min(0, alpha*math.Expm1(x/alpha))
	})
}

// compileSelu is γ·x above 0 and γ·α·(exp(x)-1) below; the defaults keep mean 0
// and variance 1 (Klambauer et al. 2017, arXiv:1706.02515).
func compileSelu(n *call) kernel {
	alpha, gamma := float64(n.float("alpha", 1.6732632)), float64(n.float("gamma", 1.050701))
	return smoothKernel(func(x float64) float64 {
		if x > 0 {
			return gamma * x
		}
		return gamma * alpha * math.Expm1(x)
	})
}

// compileThresholdedRelu is x above α and 0 elsewhere.
func compileThresholdedRelu(n *call) kernel {
	alpha := float64(n.float("alpha", 1))
	return smoothKernel(func(x float64) float64 {
		if x > alpha {
			return x
		}
		return 0
	})
}

// compileShrink is x+bias below -λ, x-bias above λ and 0 between; it takes every
// number type and computes in float64.
func compileShrink(n *call) kernel {
	bias, lambda := float64(n.float("bias", 0)), float64(n.float("lambd", 0.5))
	shrink := func(x float64) float64 {
		switch {
		case x < -lambda:
			return x + bias
		case x > lambda:
			return x - bias
		}
		return 0
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if dt := in[0].DType(); dt == tensor.Bool || dt == tensor.String {
			return nil, errType(in[0])
		}
		wide, err := cast(in[0], tensor.Float64)
		if err != nil {
			return nil, err
		}
		return cast(mapped(wide, shrink), in[0].DType())
	})
}
