package graph

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// signed is the shape rule of operators on any number.
func signed(c *call) []Type {
	x := c.in[0]
	if x.dtype != tensor.Float32 && x.dtype != tensor.Int64 && x.dtype != tensor.Int32 {
		c.fail("%v has no arithmetic; use Cast", x.dtype)
	}
	return one(x.dtype, x.shape...)
}

var (
	_ = elementwise("Neg", signed, func(c *call, dy []*Node) []*Node { return []*Node{Neg(dy[0])} }, 1, fn(chip.FnNeg, 0))
	_ = elementwise("Abs", signed, func(c *call, dy []*Node) []*Node { return []*Node{Mul(dy[0], Sign(c.in[0]))} }, 1, fn(chip.FnAbs, 0))

	_ = unary("Exp", func(x, y, dy *Node) *Node { return Mul(dy, y) }, fn(chip.FnExp, 0))
	_ = unary("Log", func(x, y, dy *Node) *Node { return Div(dy, x) }, fn(chip.FnLog, 0))
	_ = unary("Sqrt", func(x, y, dy *Node) *Node { return Div(MulScalar(dy, 0.5), y) }, fn(chip.FnSqrt, 0))
	_ = unary("Rsqrt", func(x, y, dy *Node) *Node { return Mul(MulScalar(dy, -0.5), Div(y, x)) }, fn(chip.FnRsqrt, 0))
	_ = unary("Recip", func(x, y, dy *Node) *Node { return Neg(Mul(dy, Mul(y, y))) }, fn(chip.FnRecip, 0))
	_ = unary("Erf", func(x, y, dy *Node) *Node {
		return Mul(MulScalar(dy, float32(2/math.Sqrt(math.Pi))), Exp(Neg(Mul(x, x))))
	}, fn(chip.FnErf, 0))
	_ = unary("NormalCDF", func(x, y, dy *Node) *Node { return Mul(dy, normalPDF(x)) }, fn(chip.FnCDF, 0))
	_ = unary("Sin", func(x, y, dy *Node) *Node { return Mul(dy, Cos(x)) }, fn(chip.FnSin, 0))
	_ = unary("Cos", func(x, y, dy *Node) *Node { return Neg(Mul(dy, Sin(x))) }, fn(chip.FnCos, 0))
	_ = unary("Floor", nil, fn(chip.FnFloor, 0))
	_ = unary("Ceil", nil, fn(chip.FnCeil, 0))
	_ = unary("Round", nil, fn(chip.FnRound, 0))
	_ = unary("Sign", nil, fn(chip.FnSign, 0))
)

// Neg returns -x.
func Neg(x *Node) *Node { return on("Neg", nil, x) }

// Abs returns |x|; its gradient at 0 is 0.
func Abs(x *Node) *Node { return on("Abs", nil, x) }

// Exp returns e to the power x.
func Exp(x *Node) *Node { return on("Exp", nil, x) }

// Log returns the natural logarithm.
func Log(x *Node) *Node { return on("Log", nil, x) }

// Sqrt returns the square root.
func Sqrt(x *Node) *Node { return on("Sqrt", nil, x) }

// Rsqrt returns 1/sqrt(x).
func Rsqrt(x *Node) *Node { return on("Rsqrt", nil, x) }

// Recip returns 1/x.
func Recip(x *Node) *Node { return on("Recip", nil, x) }

// Erf returns the error function 2/sqrt(π)·∫₀ˣ exp(-t²) dt.
func Erf(x *Node) *Node { return on("Erf", nil, x) }

// NormalCDF returns Φ(x) = (1 + erf(x/√2))/2, the probability that a standard
// normal variable is at most x.
func NormalCDF(x *Node) *Node { return on("NormalCDF", nil, x) }

// normalPDF is the density exp(-x²/2)/√(2π), the derivative of NormalCDF.
func normalPDF(x *Node) *Node {
	return MulScalar(Exp(MulScalar(Mul(x, x), -0.5)), float32(1/math.Sqrt(2*math.Pi)))
}

// Sin returns the sine of x in radians.
func Sin(x *Node) *Node { return on("Sin", nil, x) }

// Cos returns the cosine of x in radians.
func Cos(x *Node) *Node { return on("Cos", nil, x) }

// Floor rounds down; it has no gradient.
func Floor(x *Node) *Node { return on("Floor", nil, x) }

// Ceil rounds up; it has no gradient.
func Ceil(x *Node) *Node { return on("Ceil", nil, x) }

// Round rounds to the nearest, half to even; it has no gradient.
func Round(x *Node) *Node { return on("Round", nil, x) }

// Sign returns -1, 0 or 1; it has no gradient.
func Sign(x *Node) *Node { return on("Sign", nil, x) }

// Square returns x².
func Square(x *Node) *Node { return Mul(x, x) }
