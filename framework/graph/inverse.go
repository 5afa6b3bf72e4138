package graph

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

var (
	_ = unary("Atan", func(x, y, dy *Node) *Node { return Div(dy, AddScalar(Square(x), 1)) }, atanCode()...)

	// asinhOp is sign(x)·log1p(a + a/(1/a + sqrt(1/a²+1))) with a = |x|, in which
	// nothing overflows; log1p is spelled as in log1pCode.
	_ = unary("Asinh", func(x, y, dy *Node) *Node { return Mul(dy, Rsqrt(AddScalar(Square(x), 1))) }, asinhCode()...)
	_ = unary("Log1p", func(x, y, dy *Node) *Node { return Div(dy, AddScalar(x, 1)) }, log1pCode(0, 1)...)

	// expm1Op is (e^x + 1)·tanh(x/2), which loses nothing near 0.
	_ = unary("Expm1", func(x, y, dy *Node) *Node { return Mul(dy, AddScalar(y, 1)) },
		fn(chip.FnExp, 0), imm(1), fn(chip.FnAdd, 1, 2), imm(0.5), fn(chip.FnMul, 0, 4), fn(chip.FnTanh, 5), fn(chip.FnMul, 3, 6))
)

// atanCode brings |x| to t in 0..1 by atan(x) = π/2 - atan(1/x), then to u below
// tan(π/8) by atan(t) = 2·atan(t/(1+sqrt(1+t²))), where the series
// u - u³/3 + u⁵/5 - ... is exact to 3e-9 after nine terms.
func atanCode() []chip.MapInstr {
	code := []chip.MapInstr{fn(chip.FnAbs, 0), fn(chip.FnRecip, 1), fn(chip.FnMin, 1, 2), imm(1), // 3: t
		fn(chip.FnMul, 3, 3), fn(chip.FnAdd, 5, 4), fn(chip.FnSqrt, 6), fn(chip.FnAdd, 7, 4), fn(chip.FnDiv, 3, 8), // 9: u
		fn(chip.FnMul, 9, 9)} // 10: u²
	at := 0 // of the series so far, innermost first
	for k := 8; k >= 0; k-- {
		factor := 1 / float64(2*k+1)
		if k%2 == 1 {
			factor = -factor
		}
		if at > 0 {
			code = append(code, fn(chip.FnMul, at, 10))
			at = len(code)
		}
		code = append(code, imm(float32(factor)))
		if at > 0 {
			code = append(code, fn(chip.FnAdd, at, len(code)))
		}
		at = len(code)
	}
	n := at
	return append(code, fn(chip.FnMul, n, 9), fn(chip.FnAdd, n+1, n+1), // n+2: atan(t)
		imm(math.Pi/2), fn(chip.FnSub, n+3, n+2), fn(chip.FnLt, 4, 1), fn(chip.FnWhere, n+5, n+4, n+2), fn(chip.FnSign, 0), fn(chip.FnMul, n+6, n+7))
}

// log1pCode is x·log(w)/(w-1) with w = 1+x rounded, whose rounding errors
// cancel; log(w) from 1 on, where they are small, and x where w is 1. at is the
// operand x, next the operand number of the first step.
func log1pCode(at, next int) []chip.MapInstr {
	o, w := next, next+1
	return []chip.MapInstr{imm(1), fn(chip.FnAdd, at, o), fn(chip.FnLog, w), fn(chip.FnSub, w, o), fn(chip.FnDiv, o+2, o+3),
		fn(chip.FnMul, at, o+4), fn(chip.FnEq, w, o), fn(chip.FnWhere, o+6, at, o+5), fn(chip.FnLt, o, at), fn(chip.FnWhere, o+8, o+2, o+7)}
}

func asinhCode() []chip.MapInstr {
	code := []chip.MapInstr{fn(chip.FnAbs, 0), fn(chip.FnRecip, 1), fn(chip.FnMul, 2, 2), imm(1), fn(chip.FnAdd, 3, 4), fn(chip.FnSqrt, 5),
		fn(chip.FnAdd, 2, 6), fn(chip.FnDiv, 1, 7), fn(chip.FnAdd, 1, 8)}
	code = slices.Concat(code, log1pCode(9, 10))
	return append(code, fn(chip.FnSign, 0), fn(chip.FnMul, len(code), len(code)+1))
}

// Atan returns the arc tangent in radians, from -π/2 to π/2.
func Atan(x *Node) *Node { return on("Atan", nil, x) }

// Asin returns the arc sine of x in -1..1, in radians.
func Asin(x *Node) *Node {
	one := Scalar(x.Graph(), 1)
	return Atan(Mul(x, Rsqrt(Mul(Sub(one, x), Add(one, x)))))
}

// Acos returns the arc cosine of x in -1..1, in radians from 0 to π.
func Acos(x *Node) *Node {
	one := Scalar(x.Graph(), 1)
	return MulScalar(Atan(Sqrt(Div(Sub(one, x), Add(one, x)))), 2)
}

// Asinh returns the inverse hyperbolic sine log(x + sqrt(x²+1)).
func Asinh(x *Node) *Node { return on("Asinh", nil, x) }

// Acosh returns log(x + sqrt(x²-1)) for x >= 1.
func Acosh(x *Node) *Node {
	t := AddScalar(x, -1)
	return Log1p(Add(t, Sqrt(Mul(t, AddScalar(t, 2)))))
}

// Atanh returns log((1+x)/(1-x))/2 for |x| < 1.
func Atanh(x *Node) *Node { return MulScalar(Sub(Log1p(x), Log1p(Neg(x))), 0.5) }

// Log1p returns log(1+x), exact near 0.
func Log1p(x *Node) *Node { return on("Log1p", nil, x) }

// Expm1 returns exp(x) - 1, exact near 0.
func Expm1(x *Node) *Node { return on("Expm1", nil, x) }
