package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// trainingDomain is ONNX's preview of operators for training.
const trainingDomain = "ai.onnx.preview.training"

var _ = register(map[string]operator{
	trainingDomain + ".Adagrad":  {2, unlimited, compileAdagrad},
	trainingDomain + ".Adam":     {2, unlimited, compileAdam},
	trainingDomain + ".Momentum": {2, unlimited, compileMomentum},
})

func init() {
	for name, kinds := range map[string]int{"Adagrad": 3, "Adam": 4, "Momentum": 3} {
		resultTypes[trainingDomain+"."+name] = func(_ *call, in []tensor.DType) []tensor.DType {
			tensors := (len(in) - 2) / kinds
			return slices.Concat(in[2:2+tensors], in[2+2*tensors:])
		}
	}
}

// optimize makes the kernel of an optimiser. After the rate r and the update
// count t its inputs are all tensors X, their gradients G and one or two kinds of
// state; its outputs are X and the state after the step. Each element is updated
// by itself, in float64: update(r, t, x, g, state) changes state and returns x.
func optimize(states int, update func(r, t, x, g float64, state []float64) float64) kernel {
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		kinds := 2 + states
		n := (len(in) - 2) / kinds
		if (len(in)-2)%kinds != 0 || n == 0 {
			return nil, fmt.Errorf("%d tensors do not divide into %d kinds", len(in)-2, kinds)
		}
		var scalars [2]float64
		for i, name := range []string{"R", "T"} {
			v, err := cast(in[i], tensor.Float64)
			if err != nil || v.Len() != 1 {
				return nil, fmt.Errorf("%s is %v, want a number", name, in[i])
			}
			scalars[i] = tensor.Values[float64](v)[0]
		}
		outs := make([]*tensor.Tensor, n*(1+states))
		for i := range n {
			if err := optimizeOne(outs, in[2:], i, n, states, func(x, g float64, state []float64) float64 {
				return update(scalars[0], scalars[1], x, g, state)
			}); err != nil {
				return nil, err
			}
		}
		return outs, nil
	}
}

// optimizeOne updates tensor i of n.
func optimizeOne(outs, in []*tensor.Tensor, i, n, states int, update func(x, g float64, state []float64) float64) error {
	x := in[i]
	wide := make([][]float64, 2+states)
	for k := range wide {
		t := in[k*n+i]
		if t.DType() != tensor.Float32 && t.DType() != tensor.Float64 {
			return errType(t)
		}
		if t.DType() != x.DType() || !slices.Equal(t.Shape(), x.Shape()) {
			return fmt.Errorf("tensor %d is %v, what belongs to it %v", i, x, t)
		}
		v, err := cast(t, tensor.Float64)
		if err != nil {
			return err
		}
		wide[k] = tensor.Values[float64](v)
	}
	results := make([]*tensor.Tensor, 1+states)
	values := make([][]float64, 1+states)
	for k := range values {
		values[k] = make([]float64, x.Len())
		results[k] = tensor.Of(values[k], x.Shape()...)
	}
	state := make([]float64, states)
	for e := range x.Len() {
		for k := range state {
			state[k] = wide[2+k][e]
		}
		values[0][e] = update(wide[0][e], wide[1][e], state)
		for k, v := range state {
			values[1+k][e] = v
		}
	}
	for k, t := range results {
		var err error
		if outs[k*n+i], err = cast(t, x.DType()); err != nil {
			return err
		}
	}
	return nil
}

// compileAdagrad, with g' = g + norm_coefficient·x:
//
//	h ← h + g'²;  x ← x - r/(1 + t·decay_factor) · g'/(√h + epsilon)
func compileAdagrad(n *call) kernel {
	decay, eps, norm := float64(n.float("decay_factor", 0)), float64(n.float("epsilon", 1e-6)), float64(n.float("norm_coefficient", 0))
	return optimize(1, func(r, t, x, g float64, state []float64) float64 {
		g += norm * x
		state[0] += g * g
		return x - r/(1+t*decay)*g/(math.Sqrt(state[0])+eps)
	})
}

// compileAdam, with g' = g + norm_coefficient·x and, for t > 0,
// r' = r·√(1-betaᵗ)/(1-alphaᵗ), else r:
//
//	v ← alpha·v + (1-alpha)·g';  h ← beta·h + (1-beta)·g'²
//	x ← (1 - norm_coefficient_post)·(x - r'·v/(√h + epsilon))
func compileAdam(n *call) kernel {
	alpha, beta, eps := float64(n.float("alpha", 0.9)), float64(n.float("beta", 0.999)), float64(n.float("epsilon", 1e-6))
	norm, post := float64(n.float("norm_coefficient", 0)), float64(n.float("norm_coefficient_post", 0))
	return optimize(2, func(r, t, x, g float64, state []float64) float64 {
		g += norm * x
		state[0] = alpha*state[0] + (1-alpha)*g
		state[1] = beta*state[1] + (1-beta)*g*g
		if t > 0 {
			r *= math.Sqrt(1-math.Pow(beta, t)) / (1 - math.Pow(alpha, t))
		}
		return (1 - post) * (x - r*state[0]/(math.Sqrt(state[1])+eps))
	})
}

// compileMomentum, with g' = g + norm_coefficient·x and b = beta for t > 0, else 1:
//
//	v ← alpha·v + b·g';  x ← x - r·v, with mode nesterov x ← x - r·(g' + alpha·v)
func compileMomentum(n *call) kernel {
	alpha, beta, norm := float64(n.float("alpha", 0)), float64(n.float("beta", 0)), float64(n.float("norm_coefficient", 0))
	mode := n.choice("mode", "standard", "nesterov")
	for _, name := range []string{"alpha", "beta", "mode", "norm_coefficient"} {
		if !n.has(name) {
			n.fail("attribute %s is missing", name)
		}
	}
	return optimize(1, func(r, t, x, g float64, state []float64) float64 {
		g += norm * x
		b := 1.0
		if t > 0 {
			b = beta
		}
		state[0] = alpha*state[0] + b*g
		if mode == "nesterov" {
			return x - r*(g+alpha*state[0])
		}
		return x - r*state[0]
	})
}
