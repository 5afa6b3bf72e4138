package onnx

import (
	"math"
	"strings"
)

// activation is a function of a recurrent cell.
type activation func(x float64) float64

// cellActivation makes the activation called name, in lower case; alpha and beta
// give the next value that the model sets, or what is passed where it sets none.
func cellActivation(name string, alpha, beta func(def float64) float64) activation {
	switch name {
	case "tanh":
		return math.Tanh
	case "sigmoid":
		return sigmoid
	case "relu":
		return func(x float64) float64 { return math.Max(x, 0) }
	case "softsign":
		return softsign
	case "softplus":
		return softplus
	case "affine":
		a, b := alpha(1), beta(0)
		return func(x float64) float64 { return a*x + b }
	case "scaledtanh":
		a, b := alpha(1), beta(1)
		return func(x float64) float64 { return a * math.Tanh(b*x) }
	case "hardsigmoid":
		a, b := alpha(0.2), beta(0.5)
		return func(x float64) float64 { return clampF(a*x+b, 0, 1) }
	case "leakyrelu":
		a := alpha(0.01)
		return func(x float64) float64 {
			if x < 0 {
				return a * x
			}
			return x
		}
	case "thresholdedrelu":
		a := alpha(1)
		return func(x float64) float64 {
			if x > a {
				return x
			}
			return 0
		}
	case "elu":
		a := alpha(1)
		return func(x float64) float64 {
			if x < 0 {
				return a * math.Expm1(x)
			}
			return x
		}
	}
	return nil
}

// readActivations gives n activations for each direction. The values of
// activation_alpha and activation_beta go, in order, to the activations that
// have such a parameter.
func readActivations(c *call, directions, n int) [][]activation {
	names := c.strs("activations")
	if names == nil {
		one := [][]string{{"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}}[n-1]
		for range directions {
			names = append(names, one...)
		}
	}
	out := make([][]activation, directions)
	if len(names) != n*directions {
		c.fail("%d activations for %d directions of %d", len(names), directions, n)
		return out
	}
	next := func(values []float32) func(def float64) float64 {
		return func(def float64) float64 {
			if len(values) == 0 {
				return def
			}
			v := values[0]
			values = values[1:]
			return float64(v)
		}
	}
	alpha, beta := next(c.floats("activation_alpha")), next(c.floats("activation_beta"))
	for i, name := range names {
		f := cellActivation(strings.ToLower(name), alpha, beta)
		if f == nil {
			c.fail("activation %q is not supported", name)
		}
		out[i/n] = append(out[i/n], f)
	}
	return out
}
