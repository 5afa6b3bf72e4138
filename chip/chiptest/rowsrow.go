package chiptest

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/chip"
)

func reduceRows() []row {
	var rs []row
	cases := []struct{ shape, axes, out []int }{
		{[]int{1}, []int{0}, nil}, {[]int{1000}, []int{0}, []int{1}}, {[]int{7, 33}, []int{1}, []int{7}},
		{[]int{7, 33}, []int{0}, []int{33}}, {[]int{300, 500}, []int{0}, []int{1, 500}}, {[]int{3, 90000}, []int{0, 1}, nil},
		{[]int{4, 5, 6, 7}, []int{1, 2}, []int{4, 7}}, {[]int{4, 5, 6, 7}, []int{0, 2}, []int{5, 7}}, {[]int{4, 5, 6, 7}, []int{1, 3}, []int{4, 1, 6, 1}},
		{[]int{8, 14, 14, 32}, []int{0, 1, 2}, []int{32}}, {[]int{5, 0}, []int{1}, []int{5}}, {[]int{2, 40000, 3}, []int{1}, []int{2, 3}},
		{[]int{3, 1, 5}, []int{1}, []int{3, 5}}, {[]int{6, 5}, nil, []int{6, 5}},
	}
	for _, c := range cases {
		for kind := chip.Sum; kind <= chip.Prod; kind++ {
			x, n := noise(1, c.shape...), 1
			if kind == chip.Prod {
				x = x.with(func(v float64) float64 { return 1 + v/100 })
			}
			for _, a := range c.axes {
				n *= c.shape[a]
			}
			if kind == chip.Mean && n == 0 {
				continue
			}
			tol := sumTol(n)
			if kind == chip.Max || kind == chip.Min {
				tol = 0
			} else if kind == chip.Prod {
				tol = 1e-6 + 3e-7*float64(n)
			}
			rs = append(rs, row{name: fmt.Sprint(kind, c.axes), op: &chip.Reduce{Kind: kind, Axes: c.axes}, ins: []array{x}, outs: []array{f32(c.out...)}, tol: tol})
			if kind != chip.Prod && n > 0 {
				rs = append(rs, row{name: fmt.Sprint("int64", kind, c.axes), op: &chip.Reduce{Kind: kind, Axes: c.axes}, ins: []array{ints(chip.Int64, 2, -50, 50, c.shape...)}, outs: []array{empty(chip.Int64, c.out...)}})
			}
		}
	}
	for _, minimum := range []bool{false, true} {
		rs = append(rs,
			row{name: "rows", op: &chip.ArgMax{Axis: 1, Min: minimum}, ins: []array{noise(1, 50, 77)}, outs: []array{empty(chip.Int64, 50)}},
			row{name: "columns", op: &chip.ArgMax{Axis: 0, Min: minimum}, ins: []array{noise(1, 9, 33)}, outs: []array{empty(chip.Int64, 1, 33)}},
			row{name: "ties", op: &chip.ArgMax{Axis: 1, Min: minimum}, ins: []array{ints(chip.Int64, 3, 0, 3, 4, 20, 5)}, outs: []array{empty(chip.Int64, 4, 5)}},
			row{name: "rows", op: &chip.TopK{Smallest: minimum}, ins: []array{noise(1, 50, 77)}, outs: []array{empty(chip.Int64, 50, 7)}},
			row{name: "ties", op: &chip.TopK{Smallest: minimum}, ins: []array{ints(chip.Int64, 3, 0, 3, 4, 5, 20)}, outs: []array{empty(chip.Int64, 4, 5, 20)}},
			row{name: "none", op: &chip.TopK{Smallest: minimum}, ins: []array{noise(1, 3, 4)}, outs: []array{empty(chip.Int64, 3, 0)}},
			row{name: "NaN", op: &chip.TopK{Smallest: minimum}, ins: []array{noise(1, 5, 12).with(func(v float64) float64 { return math.Sqrt(v) })}, outs: []array{empty(chip.Int64, 5, 12)}})
	}
	return rs
}

func rowRows() []row {
	var rs []row
	for _, shape := range [][]int{{1, 1}, {3, 10}, {5, 7, 65}, {40, 1000}, {2, 8}, {0, 4}, {7, 31}} {
		x := noise(1, shape...).with(func(v float64) float64 { return 20 * v })
		dy := noise(2, shape...)
		for _, log := range []bool{false, true} {
			y := x.empty()
			refRows(&chip.Softmax{Log: log}, []array{x}, []array{y})
			y = y.with(func(v float64) float64 { return v })
			rs = append(rs,
				row{name: fmt.Sprint(log), op: &chip.Softmax{Log: log}, ins: []array{x}, outs: []array{x.empty()}, tol: 1e-6},
				row{name: fmt.Sprint(log, " shared"), op: &chip.Softmax{Log: log}, ins: []array{x}, outs: []array{x.empty()}, share: map[int]int{0: 0}, tol: 1e-6},
				row{name: fmt.Sprint(log), op: &chip.SoftmaxGrad{Log: log}, ins: []array{y, dy}, outs: []array{x.empty()}, tol: 2e-5},
				row{name: fmt.Sprint(log, " shared"), op: &chip.SoftmaxGrad{Log: log}, ins: []array{y, dy}, outs: []array{x.empty()}, share: map[int]int{0: 1}, tol: 2e-5})
		}
		if len(shape) == 2 {
			rs = append(rs, crossEntropyRows(x, shape[0], shape[1])...)
		}
	}
	masked := noise(9, 4, 6)
	masked.v[3], masked.v[7] = math.Inf(-1), math.Inf(-1)
	rs = append(rs, row{name: "masked", op: &chip.Softmax{}, ins: []array{masked}, outs: []array{masked.empty()}, tol: 1e-6})
	return append(rs, ctcRows()...)
}

func crossEntropyRows(x array, n, k int) []row {
	var rs []row
	label := ints(chip.Int64, 5, 0, k, n)
	if n > 2 {
		label.v[1] = -1
	}
	for _, s := range []float32{0, 0.1} {
		p := x.empty()
		refRows(&chip.Softmax{}, []array{x}, []array{p})
		p = p.with(func(v float64) float64 { return v })
		rs = append(rs,
			row{name: fmt.Sprint(s), op: &chip.CrossEntropy{Smoothing: s}, ins: []array{x, label}, outs: []array{f32(n), x.empty()}, tol: 2e-6},
			row{name: fmt.Sprint(s), op: &chip.CrossEntropyGrad{Smoothing: s}, ins: []array{p, label, noise(6, n)}, outs: []array{x.empty()}, tol: 1e-6},
			row{name: fmt.Sprint(s, " shared"), op: &chip.CrossEntropyGrad{Smoothing: s}, ins: []array{p, label, noise(6, n)}, outs: []array{x.empty()}, share: map[int]int{0: 0}, tol: 1e-6})
	}
	return rs
}

func normRows() []row {
	var rs []row
	for _, shape := range [][]int{{1, 1}, {4, 8}, {2, 3, 37}, {100, 256}, {0, 5}, {9, 1000}} {
		w := shape[len(shape)-1]
		n := len(noise(1, shape...).v) / w
		x := noise(1, shape...).with(func(v float64) float64 { return 3*v + 1 })
		gamma, beta, dy := noise(2, w), noise(3, w), noise(4, shape...)
		for _, rms := range []bool{false, true} {
			ins := []array{x, gamma, beta}
			outs := []array{x.empty(), f32(shape[:len(shape)-1]...), f32(n)}
			gradOuts := []array{x.empty(), f32(w), f32(w)}
			if rms {
				ins, gradOuts = ins[:2], gradOuts[:2]
			}
			stats := []array{x.empty(), f32(n), f32(n)}
			op := &chip.LayerNorm{Eps: 1e-3, RMS: rms}
			refRows(op, ins, stats)
			keep := func(v float64) float64 { return v }
			rs = append(rs,
				row{name: fmt.Sprint("rms=", rms), op: op, ins: ins, outs: outs, tol: 2e-5},
				row{name: fmt.Sprint("rms=", rms), op: &chip.LayerNormGrad{RMS: rms}, ins: []array{x, gamma, stats[1].with(keep), stats[2].with(keep), dy}, outs: gradOuts, tol: 5e-5})
		}
	}
	for _, shape := range [][]int{{4, 1}, {8, 3, 3, 16}, {32, 7, 7, 6}, {3, 5, 33}, {16, 12, 12, 64}, {2, 700}} {
		rs = append(rs, batchNormRows(shape)...)
	}
	return rs
}

func batchNormRows(shape []int) []row {
	var rs []row
	w := shape[len(shape)-1]
	x := noise(1, shape...).with(func(v float64) float64 { return 3*v + 1 })
	gamma, beta, runMean, runVar, dy := noise(2, w), noise(3, w), noise(4, w), noise(5, w).with(math.Abs), noise(6, shape...)
	for _, act := range []chip.Activation{chip.NoActivation, chip.ReLU} {
		op := &chip.BatchNorm{Eps: 1e-3, Momentum: 0.1, Act: act}
		ins := []array{x, gamma, beta, runMean, runVar}
		outs := []array{x.empty(), f32(w), f32(w), f32(w), f32(w)}
		ran := []array{x.empty(), f32(w), f32(w), f32(w), f32(w)}
		refRows(op, ins, ran)
		keep := func(v float64) float64 { return v }
		grad := []array{x, gamma, ran[1].with(keep), ran[2].with(keep), dy}
		if act == chip.ReLU {
			grad = append(grad, ran[0].with(keep))
		}
		gradOuts := []array{x.empty(), f32(w), f32(w)}
		name := fmt.Sprint("act=", act)
		rs = append(rs,
			row{name: name, op: op, ins: ins, outs: outs, tol: 2e-5},
			row{name: name + " shared", op: op, ins: ins, outs: outs, share: map[int]int{3: 3, 4: 4}, tol: 2e-5},
			row{name: name, op: &chip.BatchNormGrad{Act: act}, ins: grad, outs: gradOuts, tol: 2e-4},
			row{name: name + " shared", op: &chip.BatchNormGrad{Act: act}, ins: grad, outs: gradOuts, share: map[int]int{0: 4}, tol: 2e-4})
	}
	return rs
}
