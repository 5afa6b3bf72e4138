package chiptest

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/chip"
)

var anyType = []chip.DType{chip.Float32, chip.Float64, chip.Int32, chip.Int64, chip.Uint8, chip.Int8, chip.Bool, chip.BFloat16}

// small fills a shape with numbers that every type holds.
func small(dt chip.DType, shape ...int) array {
	if dt == chip.Bool {
		return ints(dt, 7, 0, 2, shape...)
	}
	return ints(dt, 7, 0, 100, shape...)
}

func moveRows() []row {
	var rs []row
	add := func(op chip.Op, name string, out []int, ins ...[]int) {
		for i, dt := range anyType {
			if i > 0 && len(ins) == 1 && len(small(dt, ins[0]...).v) > 5000 {
				continue // one type is enough for the large ones
			}
			r := row{name: fmt.Sprint(dt, name), op: op, outs: []array{empty(dt, out...)}}
			for _, s := range ins {
				r.ins = append(r.ins, small(dt, s...))
			}
			rs = append(rs, r)
		}
	}
	transposes := []struct{ shape, perm []int }{
		{[]int{3, 5}, []int{1, 0}}, {[]int{2, 3, 4}, []int{0, 2, 1}}, {[]int{2, 3, 4}, []int{2, 1, 0}}, {[]int{2, 3, 4, 5}, []int{0, 3, 1, 2}},
		{[]int{2, 3, 4, 5}, []int{0, 2, 1, 3}}, {[]int{100, 130}, []int{1, 0}}, {[]int{4, 16, 3, 33}, []int{0, 2, 3, 1}}, {[]int{1, 4, 1}, []int{2, 0, 1}},
		{[]int{0, 3}, []int{1, 0}}, {[]int{2, 3, 2, 3, 2}, []int{4, 2, 0, 3, 1}},
	}
	for _, c := range transposes {
		out := make([]int, len(c.perm))
		for i, p := range c.perm {
			out[i] = c.shape[p]
		}
		add(&chip.Transpose{Perm: c.perm}, fmt.Sprint(c.perm), out, c.shape)
	}
	add(&chip.Concat{Axis: 0}, "", []int{5, 3}, []int{2, 3}, []int{0, 3}, []int{3, 3})
	add(&chip.Concat{Axis: 1}, "", []int{2, 6, 2}, []int{2, 1, 2}, []int{2, 5, 2})
	add(&chip.Concat{Axis: 2}, "", []int{2, 2, 4}, []int{2, 2, 3}, []int{2, 2, 1})
	slices := []struct{ shape, start, step, out []int }{
		{[]int{10}, []int{2}, []int{1}, []int{5}}, {[]int{10}, []int{9}, []int{-3}, []int{4}}, {[]int{4, 6}, []int{1, 5}, []int{2, -1}, []int{2, 6}},
		{[]int{3, 4, 5}, []int{0, 1, 0}, []int{1, 1, 2}, []int{3, 2, 3}}, {[]int{3}, []int{3}, []int{1}, []int{0}},
	}
	for _, c := range slices {
		add(&chip.Slice{Start: c.start, Step: c.step}, fmt.Sprint(c.start, c.step), c.out, c.shape)
		add(&chip.SliceGrad{Start: c.start, Step: c.step}, fmt.Sprint(c.start, c.step), c.shape, c.out)
	}
	add(&chip.Pad{Before: []int{1, 0}, After: []int{2, 3}, Value: 1}, "", []int{5, 6}, []int{2, 3})
	add(&chip.Pad{Before: []int{0, 2, 1}, After: []int{0, 0, 1}}, "", []int{2, 4, 5}, []int{2, 2, 3})
	for _, b := range [][2][]int{{{1}, {4, 5}}, {{5}, {4, 5}}, {{4, 1}, {4, 5}}, {{3, 1, 2}, {3, 4, 2}}, {{}, {7}}, {{2, 1}, {3, 2, 9}}} {
		add(&chip.Broadcast{}, "", b[1], b[0])
	}
	add(&chip.Copy{}, "", []int{3, 5}, []int{3, 5})
	add(&chip.Copy{}, " reshaped", []int{15}, []int{3, 5})
	return append(append(rs, castRows()...), gatherRows()...)
}

func castRows() []row {
	var rs []row
	for _, from := range anyType {
		for _, to := range anyType {
			x := small(from, 3, 40)
			if from == chip.Float32 || from == chip.Float64 {
				x = values(from, 0, -0.5, 1.5, -1.5, 2.5, 300, -300, 1e10, -1e10, math.Inf(1), math.Inf(-1), 127.875)
				if to != chip.Float32 && to != chip.Float64 {
					x.v[8] = math.NaN()
				}
			} else if from != chip.Bool {
				x.v[1] = 127
				if from != chip.Uint8 {
					x.v[0] = -100
				}
			}
			if to == chip.Int64 && from != chip.Int64 {
				x = x.with(func(v float64) float64 { return min(max(v, -1e12), 1e12) }) // 2^63-1 is no float64
			}
			rs = append(rs, row{name: fmt.Sprint(from, " to ", to), op: &chip.Cast{}, ins: []array{x}, outs: []array{empty(to, x.shape...)}})
		}
	}
	return rs
}

func gatherRows() []row {
	var rs []row
	for _, it := range []chip.DType{chip.Int64, chip.Int32} {
		for _, dt := range anyType {
			rs = append(rs,
				row{name: fmt.Sprint(dt, it), op: &chip.Gather{}, ins: []array{small(dt, 10, 3), ints(it, 1, -10, 10, 2, 4)}, outs: []array{empty(dt, 2, 4, 3)}},
				row{name: fmt.Sprint(dt, it, " axis 1"), op: &chip.Gather{Axis: 1}, ins: []array{small(dt, 2, 5, 3), ints(it, 1, 0, 5, 6)}, outs: []array{empty(dt, 2, 6, 3)}},
				row{name: fmt.Sprint(dt, it, " last"), op: &chip.Gather{Axis: 1}, ins: []array{small(dt, 2, 5), ints(it, 1, 0, 5)}, outs: []array{empty(dt, 2)}})
		}
		rs = append(rs,
			row{name: fmt.Sprint(it), op: &chip.GatherGrad{}, ins: []array{noise(1, 30, 7), ints(it, 2, -5, 5, 30)}, outs: []array{f32(5, 7)}, tol: 1e-5},
			row{name: fmt.Sprint(it, " many"), op: &chip.GatherGrad{}, ins: []array{noise(1, 40, 50, 64), ints(it, 2, 0, 300, 40, 50)}, outs: []array{f32(300, 64)}, tol: 1e-5})
	}
	rs = append(rs, row{op: &chip.OneHot{}, ins: []array{values(chip.Int64, 0, 3, 4, -1, 2, 9)}, outs: []array{f32(6, 4)}})
	return rs
}

func makeRows() []row {
	var rs []row
	for _, n := range []int{1, 5, 64, 20011} {
		for kind := chip.Uniform; kind <= chip.Bernoulli; kind++ {
			tol := 0.0
			if kind == chip.Normal {
				tol = 3e-6
			}
			rs = append(rs, row{name: fmt.Sprint(kind, n), op: &chip.Random{Kind: kind, Seed: 0x123456789abcdef, P: 0.3}, ins: []array{values(chip.Int64, 5e9)}, outs: []array{f32(n)}, tol: tol})
		}
	}
	sizes := [][4]int{{4, 4, 8, 8}, {5, 7, 3, 3}, {8, 8, 8, 8}, {3, 5, 10, 4}, {1, 1, 3, 2}, {28, 28, 12, 13}}
	for _, s := range sizes {
		for _, op := range []chip.Resize{{}, {Mode: chip.Linear}, {Mode: chip.Linear, Antialias: true}} {
			rs = append(rs, row{name: fmt.Sprint(op, s), op: &op, ins: []array{noise(1, 2, s[0], s[1], 3)}, outs: []array{f32(2, s[2], s[3], 3)}, tol: 2e-6})
		}
	}
	return rs
}

func updateRows() []row {
	var rs []row
	one := func(v float64) array { return values(chip.Float32, v).with(func(v float64) float64 { return v }) }
	for _, n := range []int{1, 7, 33, 40000} {
		p, g, m, v := noise(1, n), noise(2, n), noise(3, n), noise(4, n).with(math.Abs)
		rs = append(rs,
			row{name: "plain", op: &chip.SGD{Decay: 0.01}, ins: []array{p, g, one(0.1), one(0.5)}, outs: []array{p.empty()}, share: map[int]int{0: 0}, tol: 1e-6},
			row{name: "momentum", op: &chip.SGD{Momentum: 0.9}, ins: []array{p, g, m, one(0.1), one(1)}, outs: []array{p.empty(), m.empty()}, share: map[int]int{0: 0, 1: 2}, tol: 1e-6},
			row{name: "nesterov", op: &chip.SGD{Momentum: 0.9, Decay: 0.1, Nesterov: true}, ins: []array{p, g, m, one(0.1), one(2)}, outs: []array{p.empty(), m.empty()}, share: map[int]int{0: 0, 1: 2}, tol: 1e-6},
			row{op: &chip.AdamW{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.01}, ins: []array{p, g, m, v, one(0.01), values(chip.Int64, 3), one(0.5)},
				outs: []array{p.empty(), m.empty(), v.empty()}, share: map[int]int{0: 0, 1: 2, 2: 3}, tol: 3e-6},
			row{op: &chip.Lerp{W: 0.3}, ins: []array{p, g}, outs: []array{p.empty()}, share: map[int]int{0: 0}, tol: 1e-6})
	}
	return rs
}
