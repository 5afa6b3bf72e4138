package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func mapped[T, R tensor.Element](t *tensor.Tensor, f func(T) R) *tensor.Tensor {
	x := tensor.Values[T](t)
	out := make([]R, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return tensor.Of(out, t.Shape()...)
}

// smooth makes an operator of a function on floats.
func smooth(f func(float64) float64) operator {
	return operator{1, 1, func(*call) kernel { return smoothKernel(f) }}
}

func smoothKernel(f func(float64) float64) kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return mapped(in[0], func(v float32) float32 { return float32(f(float64(v))) }), nil
		case tensor.Float64:
			return mapped(in[0], f), nil
		}
		return nil, errType(in[0])
	})
}

// signed makes an operator of a function that exists on integers too.
func signed(f func(float64) float64, i func(int64) int64) operator {
	return operator{1, 1, func(*call) kernel {
		floats := smoothKernel(f)
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
			switch in[0].DType() {
			case tensor.Int32:
				return mapped(in[0], func(v int32) int32 { return int32(i(int64(v))) }), nil
			case tensor.Int64:
				return mapped(in[0], i), nil
			case tensor.Int8:
				return mapped(in[0], func(v int8) int8 { return int8(i(int64(v))) }), nil
			case tensor.Uint8:
				return mapped(in[0], func(v uint8) uint8 { return uint8(i(int64(v))) }), nil
			case tensor.Int16:
				return mapped(in[0], func(v int16) int16 { return int16(i(int64(v))) }), nil
			case tensor.Uint16:
				return mapped(in[0], func(v uint16) uint16 { return uint16(i(int64(v))) }), nil
			case tensor.Uint32:
				return mapped(in[0], func(v uint32) uint32 { return uint32(i(int64(v))) }), nil
			case tensor.Uint64: // beyond int64 i does what it does at the largest number
				return mapped(in[0], func(v uint64) uint64 {
					if v > math.MaxInt64 && i(math.MaxInt64) == math.MaxInt64 {
						return v
					}
					return uint64(i(int64(min(v, math.MaxInt64))))
				}), nil
			}
			out, err := floats(nil, in)
			if err != nil {
				return nil, err
			}
			return out[0], nil
		})
	}}
}

func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
func softplus(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
func softsign(x float64) float64 { return x / (1 + math.Abs(x)) }

func sign[T int64 | float64](x T) T {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0 or NaN
}

// relu keeps NaN, as onnxruntime does.
func relu[T int64 | float64](x T) T {
	if x < 0 {
		return 0
	}
	return x
}

func abs64(x int64) int64          { return max(x, -x) }
func neg[T int64 | float64](x T) T { return -x }

func clampF(x, lo, hi float64) float64 { return math.Min(math.Max(x, lo), hi) }

var _ = register(map[string]operator{
	"Sqrt": smooth(math.Sqrt), "Exp": smooth(math.Exp), "Log": smooth(math.Log), "Tanh": smooth(math.Tanh),
	"Sigmoid": smooth(sigmoid), "Erf": smooth(math.Erf), "Sin": smooth(math.Sin), "Cos": smooth(math.Cos),
	"Tan": smooth(math.Tan), "Atan": smooth(math.Atan), "Asin": smooth(math.Asin), "Acos": smooth(math.Acos),
	"Sinh": smooth(math.Sinh), "Cosh": smooth(math.Cosh),
	"Floor": smooth(math.Floor), "Ceil": smooth(math.Ceil), "Round": smooth(math.RoundToEven),
	"Reciprocal": smooth(func(x float64) float64 { return 1 / x }),
	"Softplus":   smooth(softplus),
	"Softsign":   smooth(softsign),
	"Mish":       smooth(func(x float64) float64 { return x * math.Tanh(softplus(x)) }),
	"HardSwish":  smooth(func(x float64) float64 { return x * clampF(x/6+0.5, 0, 1) }),
	"Abs":        signed(math.Abs, abs64), "Neg": signed(neg[float64], neg[int64]),
	"Sign": signed(sign[float64], sign[int64]), "Relu": signed(relu[float64], relu[int64]),
	"Gelu":        {1, 1, compileGelu},
	"LeakyRelu":   {1, 1, compileLeakyRelu},
	"Elu":         {1, 1, compileElu},
	"HardSigmoid": {1, 1, compileHardSigmoid},
	"PRelu":       binaryOperator(prelu),
	"Not":         {1, 1, func(*call) kernel { return host(not) }},
	"IsNaN":       {1, 1, func(*call) kernel { return host(isNaN) }},
	"IsInf":       {1, 1, compileIsInf},
	"Clip":        {1, 3, compileClip},
	"Cast":        {1, 1, compileCast},
	"CastLike": {2, 2, func(*call) kernel {
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return cast(in[0], in[1].DType()) })
	}},
	"Identity": {1, 1, overValues(func(*call) valueKernel {
		return hostValue(func(in []Value) (Value, error) { return in[0], nil })
	})},
})

func compileGelu(n *call) kernel {
	if n.choice("approximate", "none", "tanh") == "tanh" {
		return smoothKernel(func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		})
	}
	return smoothKernel(func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) })
}

func compileLeakyRelu(n *call) kernel {
	alpha := float64(n.float("alpha", 0.01))
	return smoothKernel(func(x float64) float64 {
		if x < 0 {
			return alpha * x
		}
		return x
	})
}

func compileElu(n *call) kernel {
	alpha := float64(n.float("alpha", 1))
	return smoothKernel(func(x float64) float64 {
		if x < 0 {
			return alpha * math.Expm1(x)
		}
		return x
	})
}

func compileHardSigmoid(n *call) kernel {
	alpha, beta := float64(n.float("alpha", 0.2)), float64(n.float("beta", 0.5))
	return smoothKernel(func(x float64) float64 { return clampF(alpha*x+beta, 0, 1) })
}

func prelu(x, slope *tensor.Tensor) (*tensor.Tensor, error) {
	if x.DType() != tensor.Float32 || slope.DType() != tensor.Float32 {
		return nil, fmt.Errorf("want float32, got %v and %v", x, slope)
	}
	return broadcast(x, slope, func(x, slope float32) float32 {
		if x < 0 {
			return slope * x
		}
		return x
	})
}

func not(in []*tensor.Tensor) (*tensor.Tensor, error) {
	if in[0].DType() != tensor.Bool {
		return nil, errType(in[0])
	}
	return mapped(in[0], func(v bool) bool { return !v }), nil
}

func isNaN(in []*tensor.Tensor) (*tensor.Tensor, error) {
	switch in[0].DType() {
	case tensor.Float32:
		return mapped(in[0], func(v float32) bool { return v != v }), nil
	case tensor.Float64:
		return mapped(in[0], func(v float64) bool { return v != v }), nil
	}
	return nil, errType(in[0])
}

func compileIsInf(n *call) kernel {
	neg, pos := n.flag("detect_negative", true), n.flag("detect_positive", true)
	inf := func(v float64) bool { return neg && math.IsInf(v, -1) || pos && math.IsInf(v, 1) }
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return mapped(in[0], func(v float32) bool { return inf(float64(v)) }), nil
		case tensor.Float64:
			return mapped(in[0], inf), nil
		}
		return nil, errType(in[0])
	})
}

// compileClip takes the bounds from attributes before opset 11, then from inputs.
func compileClip(n *call) kernel {
	var attrLo, attrHi *tensor.Tensor
	if n.version < 11 {
		attrLo = tensor.Scalar(n.float("min", -math.MaxFloat32))
		attrHi = tensor.Scalar(n.float("max", math.MaxFloat32))
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		lo, hi := in[1], in[2]
		if n.version < 11 {
			lo, hi = attrLo, attrHi
		}
		out := in[0]
		var err error
		for i, bound := range []*tensor.Tensor{lo, hi} {
			if bound == nil {
				continue
			}
			if bound.Len() != 1 {
				return nil, fmt.Errorf("the bound %v is no scalar", bound)
			}
			if out, err = []arith{maxOp, minOp}[i].apply(out, bound.Reshape()); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}
