package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// numbers reads attributes of c as float32 with their defaults.
func (c *lifting) number(name string, def float64) float32 { return c.call.float(name, float32(def)) }

// elu is x above 0 and alpha·(exp(x/scale)-1) below.
func elu(x *graph.Node, alpha, scale float32) *graph.Node {
	below := graph.MulScalar(graph.AddScalar(graph.Exp(graph.MulScalar(graph.Clip(x, negInf, 0), 1/scale)), -1), alpha)
	return above(x, 0, x, below)
}

var negInf = float32(math.Inf(-1))

// above is yes where x > limit and no elsewhere.
func above(x *graph.Node, limit float32, yes, no *graph.Node) *graph.Node {
	return graph.Where(graph.Gt(x, graph.Scalar(x.Graph(), limit)), yes, no)
}

func zeros(x *graph.Node) *graph.Node { return graph.MulScalar(x, 0) }

func hardSigmoid(x *graph.Node, alpha, beta float32) *graph.Node {
	return graph.Clip(graph.AddScalar(graph.MulScalar(x, alpha), beta), 0, 1)
}

func init() {
	for name, f := range map[string]func(*graph.Node) *graph.Node{
		"Tan": graph.Tan, "Sinh": graph.Sinh, "Cosh": graph.Cosh, "Asin": graph.Asin, "Acos": graph.Acos, "Atan": graph.Atan,
		"Asinh": graph.Asinh, "Acosh": graph.Acosh, "Atanh": graph.Atanh, "Softsign": graph.Softsign, "Mish": graph.Mish,
	} {
		lifters[name], floatOnly[name] = liftUnary(f), true
	}
	for name, f := range map[string]func(c *lifting, x *graph.Node) *graph.Node{
		"Elu":  func(c *lifting, x *graph.Node) *graph.Node { return elu(x, c.number("alpha", 1), 1) },
		"Celu": func(c *lifting, x *graph.Node) *graph.Node { a := c.number("alpha", 1); return elu(x, a, a) },
		"Selu": func(c *lifting, x *graph.Node) *graph.Node {
			return graph.MulScalar(elu(x, c.number("alpha", 1.6732632), 1), c.number("gamma", 1.050701))
		},
		"HardSigmoid": func(c *lifting, x *graph.Node) *graph.Node {
			return hardSigmoid(x, c.number("alpha", 0.2), c.number("beta", 0.5))
		},
		"ThresholdedRelu": func(c *lifting, x *graph.Node) *graph.Node { return above(x, c.number("alpha", 1), x, zeros(x)) },
		"Shrink": func(c *lifting, x *graph.Node) *graph.Node {
			bias, lambda := c.number("bias", 0), c.number("lambd", 0.5)
			low := above(graph.Neg(x), lambda, graph.AddScalar(x, bias), zeros(x))
			return above(x, lambda, graph.AddScalar(x, -bias), low)
		},
		"Gelu": func(c *lifting, x *graph.Node) *graph.Node {
			if c.call.str("approximate", "none") == "none" {
				return graph.GELU(x)
			}
			cube := graph.MulScalar(graph.Mul(x, graph.Square(x)), 0.044715)
			return graph.Mul(graph.MulScalar(x, 0.5), graph.AddScalar(graph.Tanh(graph.MulScalar(graph.Add(x, cube), float32(math.Sqrt(2/math.Pi)))), 1))
		},
	} {
		lifters[name] = func(c *lifting) error { return liftUnary(func(x *graph.Node) *graph.Node { return f(c, x) })(c) }
		floatOnly[name] = true
	}
	lifters["PRelu"] = liftBinary(func(x, slope *graph.Node) *graph.Node { return above(x, 0, x, graph.Mul(x, slope)) })
	lifters["Mean"] = func(c *lifting) error {
		n := float32(len(c.in))
		return c.elementwise(func(in []*graph.Node) *graph.Node {
			sum := in[0]
			for _, x := range in[1:] {
				sum = graph.Add(sum, x)
			}
			return graph.MulScalar(sum, 1/n)
		})
	}
	lifters["Xor"] = liftBinary(func(a, b *graph.Node) *graph.Node {
		return graph.Or(graph.And(a, graph.Not(b)), graph.And(b, graph.Not(a)))
	})
	floatOnly["PRelu"], floatOnly["Mean"] = true, true
}
