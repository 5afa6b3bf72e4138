package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// refMap evaluates the code for each element. Integer maps use small numbers,
// for which float64 is exact; their division truncates.
func refMap(op *chip.Map, ins, outs []array) {
	whole := false
	for _, in := range ins {
		whole = whole || in.dt == chip.Int64 || in.dt == chip.Int32
	}
	positions(outs[0].shape, func(i int, at []int) {
		var r []float64
		for _, in := range ins {
			r = append(r, in.get(at...))
		}
		for _, c := range op.Code {
			var a [3]float64
			for k, o := range []int{c.A, c.B, c.C}[:c.Fn.Arity()] {
				a[k] = r[o]
			}
			v := apply(c.Fn, float64(c.Imm), a[0], a[1], a[2])
			if whole && c.Fn == chip.FnDiv {
				v = math.Trunc(v)
			}
			r = append(r, v)
		}
		for k, o := range op.Outs {
			switch v := r[o]; outs[k].dt {
			case chip.Bool:
				outs[k].v[i] = truth(v != 0)
			case chip.BFloat16:
				outs[k].v[i] = roundBFloat(v)
			case chip.Uint8:
				outs[k].v[i] = min(max(math.RoundToEven(v), 0), 255)
			default:
				outs[k].v[i] = v
			}
		}
	})
}

func apply(fn chip.MapFn, imm, a, b, c float64) float64 {
	switch fn {
	case chip.FnConst:
		return imm
	case chip.FnAdd:
		return a + b
	case chip.FnSub:
		return a - b
	case chip.FnMul:
		return a * b
	case chip.FnDiv:
		return a / b
	case chip.FnMax:
		return math.Max(a, b)
	case chip.FnMin:
		return math.Min(a, b)
	case chip.FnPow:
		return math.Pow(a, b)
	case chip.FnMod:
		return a - b*math.Floor(a/b)
	case chip.FnEq:
		return truth(a == b)
	case chip.FnNe:
		return truth(a != b)
	case chip.FnLt:
		return truth(a < b)
	case chip.FnLe:
		return truth(a <= b)
	case chip.FnAnd:
		return truth(a != 0 && b != 0)
	case chip.FnOr:
		return truth(a != 0 || b != 0)
	case chip.FnWhere:
		if a != 0 {
			return b
		}
		return c
	}
	return applyUnary(fn, a)
}

func applyUnary(fn chip.MapFn, a float64) float64 {
	switch fn {
	case chip.FnNeg:
		return -a
	case chip.FnRsqrt:
		return 1 / math.Sqrt(a)
	case chip.FnRecip:
		return 1 / a
	case chip.FnSigmoid:
		return sigmoid(a)
	case chip.FnRelu:
		return math.Max(a, 0)
	case chip.FnSign:
		return truth(a > 0) - truth(a < 0)
	case chip.FnNot:
		return truth(a == 0)
	case chip.FnIsNaN:
		return truth(a != a)
	case chip.FnCDF:
		return math.Erfc(-a/math.Sqrt2) / 2
	}
	f := map[chip.MapFn]func(float64) float64{
		chip.FnAbs: math.Abs, chip.FnExp: math.Exp, chip.FnLog: math.Log, chip.FnSqrt: math.Sqrt, chip.FnTanh: math.Tanh,
		chip.FnErf: math.Erf, chip.FnSin: math.Sin, chip.FnCos: math.Cos, chip.FnFloor: math.Floor, chip.FnCeil: math.Ceil,
		chip.FnRound: math.RoundToEven}[fn]
	return f(a)
}
