package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

func intUnary(f func(a int64) int64) func(dst, a, b, c []int64) {
	return func(dst, a, _, _ []int64) {
		for i, x := range a[:len(dst)] {
			dst[i] = f(x)
		}
	}
}

func intBinary(f func(a, b int64) int64) func(dst, a, b, c []int64) {
	return func(dst, a, b, _ []int64) {
		b = b[:len(dst)]
		for i, x := range a[:len(dst)] {
			dst[i] = f(x, b[i])
		}
	}
}

// viaFloat is for functions that make little sense on integers: the result is truncated.
func viaFloat(f func(float64) float64) func(dst, a, b, c []int64) {
	return intUnary(func(a int64) int64 { return saturate(f(float64(a))) })
}

func saturate(f float64) int64 {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

func whole(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func same(a int64) int64 { return a }

// intFns are the functions of integer maps. Division rounds towards zero;
// dividing by zero gives 0.
var intFns = [chip.FnCDF + 1]func(dst, a, b, c []int64){
	chip.FnAdd: intBinary(func(a, b int64) int64 { return a + b }),
	chip.FnSub: intBinary(func(a, b int64) int64 { return a - b }),
	chip.FnMul: intBinary(func(a, b int64) int64 { return a * b }),
	chip.FnDiv: intBinary(intDiv),
	chip.FnMax: intBinary(func(a, b int64) int64 { return max(a, b) }),
	chip.FnMin: intBinary(func(a, b int64) int64 { return min(a, b) }),
	chip.FnPow: intBinary(func(a, b int64) int64 { return saturate(math.Pow(float64(a), float64(b))) }),
	chip.FnNeg: intUnary(func(a int64) int64 { return -a }),
	chip.FnAbs: intUnary(func(a int64) int64 { return max(a, -a) }),
	chip.FnExp: viaFloat(math.Exp), chip.FnLog: viaFloat(math.Log), chip.FnSqrt: viaFloat(math.Sqrt),
	chip.FnRsqrt:   viaFloat(func(a float64) float64 { return 1 / math.Sqrt(a) }),
	chip.FnRecip:   intUnary(func(a int64) int64 { return intDiv(1, a) }),
	chip.FnTanh:    viaFloat(math.Tanh),
	chip.FnSigmoid: viaFloat(func(a float64) float64 { return 1 / (1 + math.Exp(-a)) }),
	chip.FnErf:     viaFloat(math.Erf), chip.FnSin: viaFloat(math.Sin), chip.FnCos: viaFloat(math.Cos),
	chip.FnRelu:  intUnary(func(a int64) int64 { return max(a, 0) }),
	chip.FnFloor: intUnary(same), chip.FnCeil: intUnary(same), chip.FnRound: intUnary(same),
	chip.FnSign: intUnary(func(a int64) int64 { return whole(a > 0) - whole(a < 0) }),
	chip.FnEq:   intBinary(func(a, b int64) int64 { return whole(a == b) }),
	chip.FnNe:   intBinary(func(a, b int64) int64 { return whole(a != b) }),
	chip.FnLt:   intBinary(func(a, b int64) int64 { return whole(a < b) }),
	chip.FnLe:   intBinary(func(a, b int64) int64 { return whole(a <= b) }),
	chip.FnAnd:  intBinary(func(a, b int64) int64 { return whole(a != 0 && b != 0) }),
	chip.FnOr:   intBinary(func(a, b int64) int64 { return whole(a != 0 || b != 0) }),
	chip.FnNot:  intUnary(func(a int64) int64 { return whole(a == 0) }),
	chip.FnWhere: func(dst, a, b, c []int64) {
		for i := range dst {
			v := c[i]
			if a[i] != 0 {
				v = b[i]
			}
			dst[i] = v
		}
	},
	chip.FnMod:   intBinary(intMod),
	chip.FnIsNaN: intUnary(func(int64) int64 { return 0 }),
	chip.FnCDF:   viaFloat(cdf),
}

func intDiv(a, b int64) int64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// intMod is a - b·floor(a/b): the result has b's sign.
func intMod(a, b int64) int64 {
	if b == 0 {
		return 0
	}
	if m := a % b; m != 0 && (m < 0) != (b < 0) {
		return m + b
	} else {
		return m
	}
}
