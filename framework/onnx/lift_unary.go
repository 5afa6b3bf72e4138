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

func softsign(x *graph.Node) *graph.Node { return graph.Div(x, graph.AddScalar(graph.Abs(x), 1)) }

func hardSigmoid(x *graph.Node, alpha, beta float32) *graph.Node {
	return graph.Clip(graph.AddScalar(graph.MulScalar(x, alpha), beta), 0, 1)
}

func init() {
	half := func(x *graph.Node) *graph.Node { return graph.MulScalar(x, 0.5) }
	for name, f := range map[string]func(*graph.Node) *graph.Node{
		"Tan":  func(x *graph.Node) *graph.Node { return graph.Div(graph.Sin(x), graph.Cos(x)) },
		"Sinh": func(x *graph.Node) *graph.Node { return half(graph.Sub(graph.Exp(x), graph.Exp(graph.Neg(x)))) },
		"Cosh": func(x *graph.Node) *graph.Node { return half(graph.Add(graph.Exp(x), graph.Exp(graph.Neg(x)))) },
		"Acosh": func(x *graph.Node) *graph.Node {
			return graph.Log(graph.Add(x, graph.Sqrt(graph.AddScalar(graph.Square(x), -1))))
		},
		"Softsign": softsign,
		"Mish":     func(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Tanh(graph.Softplus(x))) },
		"Asinh": func(x *graph.Node) *graph.Node { // of |x|, which loses no digits
			a := graph.Abs(x)
			return graph.Mul(graph.Sign(x), graph.Log(graph.Add(a, graph.Sqrt(graph.AddScalar(graph.Square(a), 1)))))
		},
		"Atanh": func(x *graph.Node) *graph.Node {
			return half(graph.Sub(graph.Log(graph.AddScalar(x, 1)), graph.Log(graph.AddScalar(graph.Neg(x), 1))))
		},
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
