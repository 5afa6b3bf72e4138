package chiptest

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// domain is where a function is compared, and how exactly.
type domain struct {
	lo, hi float64
	tol    float64
}

// unaryDomains bound the error of each function relative to max(1, |value|);
// the Domains of the cpu package's own tests are tighter.
var unaryDomains = map[chip.MapFn]domain{
	chip.FnNeg: {-9, 9, 0}, chip.FnAbs: {-9, 9, 0}, chip.FnExp: {-90, 88, 5e-7}, chip.FnLog: {1e-3, 50, 5e-7}, chip.FnSqrt: {0, 9, 2e-7},
	chip.FnRsqrt: {1e-3, 9, 1e-6}, chip.FnRecip: {0.01, 9, 1e-6}, chip.FnTanh: {-12, 12, 5e-7}, chip.FnSigmoid: {-30, 30, 5e-7}, chip.FnErf: {-5, 5, 5e-7},
	chip.FnSin: {-30, 30, 5e-7}, chip.FnCos: {-30, 30, 5e-7}, chip.FnRelu: {-9, 9, 0}, chip.FnFloor: {-9, 9, 0}, chip.FnCeil: {-9, 9, 0},
	chip.FnRound: {-9, 9, 0}, chip.FnSign: {-9, 9, 0}, chip.FnNot: {-1, 1, 0}, chip.FnIsNaN: {-1, 1, 0}, chip.FnCDF: {-7, 7, 3e-7},
}

func mapRows() []row {
	var rs []row
	for fn := chip.FnAdd; fn <= chip.FnCDF; fn++ {
		d, unary := unaryDomains[fn]
		for _, n := range []int{1, 7, 8, 1037} {
			a := noise(1, n).with(func(v float64) float64 { return (v+1)/2*(d.hi-d.lo) + d.lo })
			if unary && n > 1 && fn != chip.FnLog && fn != chip.FnRsqrt && fn != chip.FnRecip {
				a.v[1] = 0
			}
			switch {
			case unary:
				rs = append(rs, row{name: fn.String(), op: single(fn, 1), ins: []array{a}, outs: []array{a.empty()}, tol: d.tol})
			case fn.Arity() == 2:
				rs = append(rs, binaryRow(fn, n))
			}
		}
	}
	rs = append(rs, specialRows()...)
	rs = append(rs, broadcastRows()...)
	return append(rs, typeRows()...)
}

// single is a map of one function.
func single(fn chip.MapFn, args int) *chip.Map {
	return &chip.Map{Code: []chip.MapInstr{{Fn: fn, A: 0, B: 1, C: 2}}, Outs: []int{args}}
}

func binaryRow(fn chip.MapFn, n int) row {
	a, b, tol := noise(1, n), noise(2, n), 1e-6
	switch fn {
	case chip.FnPow:
		a, tol = a.with(func(v float64) float64 { return math.Abs(v) * 4 }), 2e-6
		b = b.with(func(v float64) float64 { return v * 3 })
		for i := range a.v {
			a.v[i] = float64(float32(a.v[i] + 0.1))
		}
	case chip.FnEq, chip.FnNe, chip.FnLt, chip.FnLe, chip.FnAnd, chip.FnOr:
		a, b, tol = ints(chip.Float32, 1, -1, 2, n), ints(chip.Float32, 2, -1, 2, n), 0
	case chip.FnMod:
		a, b = ints(chip.Float32, 1, -40, 40, n), ints(chip.Float32, 2, 1, 7, n)
	}
	return row{name: fn.String(), op: single(fn, 2), ins: []array{a, b}, outs: []array{a.empty()}, tol: tol}
}

// specialRows meet infinities, NaN and zeros.
func specialRows() []row {
	inf, nan := math.Inf(1), math.NaN()
	x := values(chip.Float32, 0, 1, -1, inf, -inf, nan, math.Copysign(0, -1), 100, -100, 89, 200)
	var rs []row
	for _, fn := range []chip.MapFn{chip.FnExp, chip.FnTanh, chip.FnSigmoid, chip.FnErf, chip.FnCDF, chip.FnAbs, chip.FnSqrt, chip.FnLog, chip.FnIsNaN, chip.FnFloor, chip.FnRound, chip.FnNot, chip.FnRecip, chip.FnRsqrt} {
		in := x
		if fn == chip.FnRecip || fn == chip.FnRsqrt {
			in = values(chip.Float32, 0, inf, nan, 1, 4)
		}
		if fn == chip.FnExp { // what overflows float32 is infinite
			in = values(chip.Float32, 0, 1, -1, inf, -inf, nan, 88, -100, -110)
		}
		rs = append(rs, row{name: fn.String() + " special", op: single(fn, 1), ins: []array{in}, outs: []array{in.empty()}, tol: 1e-6})
	}
	return rs
}

// broadcastRows compute where(a < b, a·c + 1, b) over shapes that broadcast.
func broadcastRows() []row {
	op := &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnLt, A: 0, B: 1}, {Fn: chip.FnMul, A: 0, B: 2}, {Fn: chip.FnConst, Imm: 1}, {Fn: chip.FnAdd, A: 4, B: 5}, {Fn: chip.FnWhere, A: 3, B: 6, C: 1}}, Outs: []int{7}}
	cases := [][3][]int{
		{{4, 5}, {4, 5}, {4, 5}}, {{4, 5}, {5}, {1}}, {{4, 5}, {4, 1}, {}}, {{3, 4, 5}, {4, 1}, {3, 1, 5}}, {{2, 3000}, {3000}, {2, 1}},
		{{1500, 6}, {6}, {1500, 1}}, {{7, 1024}, {7, 1}, {1024}}, {{0, 3}, {3}, {1}}, {{5}, {1}, {}}, {{2, 3, 4, 5}, {2, 1, 4, 1}, {1, 3, 1, 5}}, {{40000}, {40000}, {1}}, {{600, 513}, {513}, {600, 1}}, {{300, 1, 40}, {300, 1, 40}, {40}},
	}
	var rs []row
	for _, c := range cases {
		out := f32(c[0]...)
		rs = append(rs, row{name: "broadcast", op: op, ins: []array{noise(1, c[0]...), noise(2, c[1]...), noise(3, c[2]...)}, outs: []array{out}, tol: 1e-6})
		rs = append(rs, row{name: "broadcast shared", op: op, ins: []array{noise(1, c[0]...), noise(2, c[1]...), noise(3, c[2]...)}, outs: []array{out}, share: map[int]int{0: 0}, tol: 1e-6})
	}
	outer := &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnSub, A: 0, B: 1}}, Outs: []int{2}}
	rs = append(rs, row{name: "outer", op: outer, ins: []array{noise(1, 30, 1), noise(2, 40)}, outs: []array{f32(30, 40)}, tol: 1e-6})
	twice := &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnMul, A: 0, B: 1}, {Fn: chip.FnAdd, A: 0, B: 2}, {Fn: chip.FnSub, A: 3, B: 1}}, Outs: []int{2, 4}}
	rs = append(rs, row{name: "two outputs shared", op: twice, ins: []array{noise(1, 50, 60), noise(2, 60)}, outs: []array{f32(50, 60), f32(50, 60)}, share: map[int]int{0: 0}, tol: 1e-6})
	rs = append(rs, row{name: "passed through", op: &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnNeg, A: 0}}, Outs: []int{0, 1}}, ins: []array{noise(1, 9)}, outs: []array{f32(9), f32(9)}})
	return append(rs, row{name: "constant", op: &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnConst, Imm: 3}}, Outs: []int{0}}, outs: []array{f32(2500)}})
}

// typeRows mix element types.
func typeRows() []row {
	var rs []row
	for _, out := range []chip.DType{chip.Float32, chip.Bool, chip.Uint8} {
		rs = append(rs,
			row{name: fmt.Sprint("to ", out), op: single(chip.FnMul, 2), ins: []array{ints(chip.Bool, 1, 0, 2, 9, 11), ints(chip.Uint8, 2, 0, 256, 11)}, outs: []array{empty(out, 9, 11)}},
			row{name: fmt.Sprint("rounded to ", out), op: single(chip.FnMul, 2), ins: []array{values(chip.Float32, 0.5, 1.5, 2.5, -3, 300, 0), values(chip.Float32, 1)}, outs: []array{empty(out, 6)}})
	}
	for _, in := range []chip.DType{chip.Int32, chip.Int64} {
		for _, out := range []chip.DType{chip.Int32, chip.Int64, chip.Bool} {
			for _, fn := range []chip.MapFn{chip.FnAdd, chip.FnSub, chip.FnMul, chip.FnMax, chip.FnMin, chip.FnEq, chip.FnLt, chip.FnMod, chip.FnDiv, chip.FnAnd} {
				rs = append(rs, row{name: fmt.Sprint(fn, " ", in, " to ", out), op: single(fn, 2), ins: []array{ints(in, 1, -30, 30, 30, 70), ints(chip.Int64, 2, 1, 9, 70)}, outs: []array{empty(out, 30, 70)}})
			}
		}
	}
	where := single(chip.FnWhere, 3)
	return append(rs, row{name: "int where", op: where, ins: []array{ints(chip.Bool, 1, 0, 2, 40), ints(chip.Int64, 2, -9, 9, 40), ints(chip.Int32, 3, -9, 9, 1)}, outs: []array{empty(chip.Int64, 40)}})
}
