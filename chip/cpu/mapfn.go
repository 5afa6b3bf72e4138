package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// mapFns are a tier's elementwise functions over blocks, by MapFn. Operands
// that a function does not have are whatever the caller passes.
type mapFns [chip.FnCDF + 1]func(dst, a, b, c []float32)

func floatUnary(f func(a float32) float32) func(dst, a, b, c []float32) {
	return func(dst, a, _, _ []float32) {
		for i, x := range a[:len(dst)] {
			dst[i] = f(x)
		}
	}
}

func floatBinary(f func(a, b float32) float32) func(dst, a, b, c []float32) {
	return func(dst, a, b, _ []float32) {
		b = b[:len(dst)]
		for i, x := range a[:len(dst)] {
			dst[i] = f(x, b[i])
		}
	}
}

// by64 computes in float64 and rounds once.
func by64(f func(float64) float64) func(dst, a, b, c []float32) {
	return floatUnary(func(a float32) float32 { return float32(f(float64(a))) })
}

func truth(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

// goMaps are the Go twins. They round once from float64 where the function is
// not exact in float32.
var goMaps = mapFns{
	chip.FnAdd: floatBinary(func(a, b float32) float32 { return a + b }),
	chip.FnSub: floatBinary(func(a, b float32) float32 { return a - b }),
	chip.FnMul: floatBinary(func(a, b float32) float32 { return a * b }),
	chip.FnDiv: floatBinary(func(a, b float32) float32 { return a / b }),
	chip.FnMax: floatBinary(func(a, b float32) float32 { return max(a, b) }),
	chip.FnMin: floatBinary(func(a, b float32) float32 { return min(a, b) }),
	chip.FnPow: floatBinary(func(a, b float32) float32 { return float32(math.Pow(float64(a), float64(b))) }),
	chip.FnNeg: floatUnary(func(a float32) float32 { return -a }),
	chip.FnAbs: floatUnary(func(a float32) float32 { return math.Float32frombits(math.Float32bits(a) &^ (1 << 31)) }),
	chip.FnExp: by64(math.Exp), chip.FnLog: by64(math.Log), chip.FnSqrt: by64(math.Sqrt),
	chip.FnRsqrt:   by64(func(a float64) float64 { return 1 / math.Sqrt(a) }),
	chip.FnRecip:   floatUnary(func(a float32) float32 { return 1 / a }),
	chip.FnTanh:    by64(math.Tanh),
	chip.FnSigmoid: by64(func(a float64) float64 { return 1 / (1 + math.Exp(-a)) }),
	chip.FnErf:     by64(math.Erf), chip.FnSin: by64(math.Sin), chip.FnCos: by64(math.Cos),
	chip.FnRelu:  floatUnary(func(a float32) float32 { return max(a, 0) }),
	chip.FnFloor: by64(math.Floor), chip.FnCeil: by64(math.Ceil), chip.FnRound: by64(math.RoundToEven),
	chip.FnSign:  floatUnary(sign),
	chip.FnEq:    floatBinary(func(a, b float32) float32 { return truth(a == b) }),
	chip.FnNe:    floatBinary(func(a, b float32) float32 { return truth(a != b) }),
	chip.FnLt:    floatBinary(func(a, b float32) float32 { return truth(a < b) }),
	chip.FnLe:    floatBinary(func(a, b float32) float32 { return truth(a <= b) }),
	chip.FnAnd:   floatBinary(func(a, b float32) float32 { return truth(a != 0 && b != 0) }),
	chip.FnOr:    floatBinary(func(a, b float32) float32 { return truth(a != 0 || b != 0) }),
	chip.FnNot:   floatUnary(func(a float32) float32 { return truth(a == 0) }),
	chip.FnWhere: floatWhere,
	chip.FnMod: floatBinary(func(a, b float32) float32 {
		return float32(float64(a) - float64(b)*math.Floor(float64(a)/float64(b)))
	}),
	chip.FnIsNaN: floatUnary(func(a float32) float32 { return truth(a != a) }),
	chip.FnCDF:   by64(cdf),
}

func floatWhere(dst, a, b, c []float32) {
	b, c = b[:len(dst)], c[:len(dst)]
	for i, x := range a[:len(dst)] {
		if x != 0 {
			dst[i] = b[i]
		} else {
			dst[i] = c[i]
		}
	}
}

// sign is -1, 0 or 1; NaN stays.
func sign(a float32) float32 {
	switch {
	case a > 0:
		return 1
	case a < 0:
		return -1
	}
	return a
}
