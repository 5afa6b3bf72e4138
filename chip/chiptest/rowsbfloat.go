package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// bfloat rounds an array to BFloat16.
func (a array) bfloat() array {
	a.dt = chip.BFloat16
	return a.with(func(v float64) float64 { return v })
}

// bfloatRows are the rows of products with factors in BFloat16, one after the
// other or both, Maps that read and write it, and the casts' rounding.
func bfloatRows() []row {
	rs := append(append(gemmRows(), gemmRows()...), convRows()...)
	for i := range rs {
		r := &rs[i]
		r.name += ",bfloat16"
		r.ins = append([]array{}, r.ins...)
		for k := range 2 {
			if i%3 != k || i >= len(gemmRows()) && i < 2*len(gemmRows()) {
				r.ins[k] = r.ins[k].bfloat()
			}
		}
	}
	return append(append(rs, bfloatMapRows()...), roundingRow())
}

func bfloatMapRows() []row {
	var rs []row
	halve := &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnConst, Imm: 0.5}, {Fn: chip.FnMul, A: 0, B: 2}, {Fn: chip.FnAdd, A: 1, B: 3}}, Outs: []int{3, 4, 0}}
	for _, s := range [][3][]int{{{7}, {7}, {7}}, {{5000}, {1}, {5000}}, {{3, 1, 40}, {2, 1}, {3, 2, 40}}, {{2, 700}, {700}, {2, 700}}, {{4, 5}, {4, 5}, {4, 5}}} {
		x, y := noise(1, s[0]...).bfloat(), noise(2, s[1]...)
		rs = append(rs, row{name: "bfloat16", op: halve, ins: []array{x, y},
			outs: []array{empty(chip.BFloat16, s[2]...), f32(s[2]...), empty(chip.BFloat16, s[2]...)}, tol: 1e-6})
	}
	return rs
}

// roundingRow casts numbers half-way between two BFloat16 and next to them, the
// limits of the type, and what is no number.
func roundingRow() row {
	var v []float64
	for _, bits := range []uint32{0x3f80_8000, 0x3f81_8000, 0x3f80_7fff, 0x3f80_8001, 0x3f81_7fff, 0x3f81_8001, 0x7f7f_0000, 0x7f7f_7fff, 0x7f7f_8000,
		0x7f7f_ffff, 0x0000_8000, 0x0000_8001, 0x0001_8000, 0x007f_ffff, 0x7f80_0000, 0x7fc0_0000, 0x7f80_0001, 0} {
		f := float64(math.Float32frombits(bits))
		v = append(v, f, -f)
	}
	x := values(chip.Float32, v...)
	return row{name: "rounding", op: &chip.Cast{}, ins: []array{x}, outs: []array{empty(chip.BFloat16, x.shape...)}}
}
