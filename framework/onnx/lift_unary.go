package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// number reads an attribute of c as float32 with its default.
func (c *lifting) number(name string, def float64) float32 { return c.call.float(name, float32(def)) }

func init() {
	for name, f := range map[string]func(*graph.Node) *graph.Node{
		"Sqrt": graph.Sqrt, "Exp": graph.Exp, "Log": graph.Log, "Tanh": graph.Tanh, "Sigmoid": graph.Sigmoid, "Erf": graph.Erf,
		"Sin": graph.Sin, "Cos": graph.Cos, "Floor": graph.Floor, "Ceil": graph.Ceil, "Round": graph.Round, "Reciprocal": graph.Recip,
		"Softplus": graph.Softplus, "Relu": graph.Relu, "Abs": graph.Abs, "Neg": graph.Neg, "Sign": graph.Sign, "IsNaN": graph.IsNaN,
		"Tan": graph.Tan, "Sinh": graph.Sinh, "Cosh": graph.Cosh, "Asin": graph.Asin, "Acos": graph.Acos, "Atan": graph.Atan,
		"Asinh": graph.Asinh, "Acosh": graph.Acosh, "Atanh": graph.Atanh, "Softsign": graph.Softsign, "Mish": graph.Mish,
		"HardSwish": graph.HardSwish,
	} {
		lifters[name], floatOnly[name] = liftUnary(f), true
	}
	for name, f := range map[string]func(c *lifting, x *graph.Node) *graph.Node{
		"Elu":       func(c *lifting, x *graph.Node) *graph.Node { return graph.ELU(x, c.number("alpha", 1)) },
		"Celu":      func(c *lifting, x *graph.Node) *graph.Node { return graph.CELU(x, c.number("alpha", 1)) },
		"LeakyRelu": func(c *lifting, x *graph.Node) *graph.Node { return graph.LeakyRelu(x, c.number("alpha", 0.01)) },
		"Selu": func(c *lifting, x *graph.Node) *graph.Node {
			return graph.MulScalar(graph.ELU(x, c.number("alpha", 1.6732632)), c.number("gamma", 1.050701))
		},
		"HardSigmoid": func(c *lifting, x *graph.Node) *graph.Node {
			return graph.HardSigmoidOf(x, c.number("alpha", 0.2), c.number("beta", 0.5))
		},
		"ThresholdedRelu": func(c *lifting, x *graph.Node) *graph.Node { return graph.ThresholdedRelu(x, c.number("alpha", 1)) },
		"Shrink": func(c *lifting, x *graph.Node) *graph.Node {
			return graph.Shrink(x, c.number("lambd", 0.5), c.number("bias", 0))
		},
		"Gelu": func(c *lifting, x *graph.Node) *graph.Node {
			if c.call.str("approximate", "none") == "none" {
				return graph.GELU(x)
			}
			return graph.GELUTanh(x)
		},
	} {
		lifters[name] = func(c *lifting) error { return liftUnary(func(x *graph.Node) *graph.Node { return f(c, x) })(c) }
		floatOnly[name] = true
	}
	lifters["IsInf"], floatOnly["IsInf"] = liftIsInf, true
	lifters["PRelu"], floatOnly["PRelu"] = liftBinary(graph.PReLU), true
}

func liftIsInf(c *lifting) error {
	up, down := c.call.flag("detect_positive", true), c.call.flag("detect_negative", true)
	return liftUnary(func(x *graph.Node) *graph.Node {
		infinite := graph.Scalar(c.g, float32(math.Inf(1)))
		switch {
		case up && down:
			return graph.Eq(graph.Abs(x), infinite)
		case down:
			return graph.Eq(graph.Neg(x), infinite)
		case up:
			return graph.Eq(x, infinite)
		}
		return graph.Lt(graph.Abs(x), graph.Scalar(c.g, 0)) // nothing is asked for
	})(c)
}
