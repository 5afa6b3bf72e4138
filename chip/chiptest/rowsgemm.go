package chiptest

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// sumTol bounds the error of a sum of k products of numbers up to 1.
func sumTol(k int) float64 { return 2e-6 * (1 + math.Sqrt(float64(k))) }

func gemmRows() []row {
	var rs []row
	add := func(name string, op chip.Gemm, m, n, k int, batch, batchB []int) {
		a, b := []int{m, k}, []int{k, n}
		if op.TransA {
			a = []int{k, m}
		}
		if op.TransB {
			b = []int{n, k}
		}
		a, b = append(append([]int{}, batch...), a...), append(append([]int{}, batchB...), b...)
		r := row{name: name, op: &op, ins: []array{noise(1, a...), noise(2, b...)}, tol: sumTol(k)}
		if op.Bias {
			r.ins = append(r.ins, noise(3, n))
		}
		out := f32(append(append([]int{}, batch...), m, n)...)
		if op.Accumulate {
			out = noise(4, out.shape...)
		}
		r.outs = []array{out}
		rs = append(rs, r)
	}
	sizes := [][3]int{{1, 1, 1}, {1, 17, 33}, {2, 3, 5}, {5, 16, 7}, {6, 16, 8}, {7, 31, 64}, {13, 8, 300}, {3, 100, 1}, {64, 10, 84}, {97, 65, 129}, {150, 120, 400}, {4, 4, 0}, {0, 4, 4}, {200, 1, 50}, {1, 300, 700}, {25, 6, 5000}}
	for _, s := range sizes {
		for v := range 4 {
			op := chip.Gemm{TransA: v&1 != 0, TransB: v&2 != 0}
			add(fmt.Sprint("ta=", op.TransA, ",tb=", op.TransB), op, s[0], s[1], s[2], nil, nil)
		}
		add("bias", chip.Gemm{Bias: true, Act: chip.ReLU}, s[0], s[1], s[2], nil, nil)
		add("accumulate", chip.Gemm{Accumulate: true, Alpha: 0.5}, s[0], s[1], s[2], nil, nil)
	}
	add("silu", chip.Gemm{Bias: true, Act: chip.SiLU}, 9, 33, 40, nil, nil)
	add("gelu", chip.Gemm{Act: chip.GELU, Alpha: 2}, 9, 33, 40, nil, nil)
	add("all", chip.Gemm{TransA: true, TransB: true, Alpha: -1, Bias: true, Accumulate: true, Act: chip.ReLU}, 70, 40, 600, nil, nil)
	add("batch", chip.Gemm{}, 9, 17, 12, []int{2, 3}, []int{2, 3})
	add("batch-tb", chip.Gemm{TransB: true, Alpha: 0.125}, 20, 20, 32, []int{4, 2}, []int{4, 2})
	add("batch-ta", chip.Gemm{TransA: true}, 20, 20, 32, []int{5}, []int{5})
	add("shared", chip.Gemm{Bias: true}, 9, 17, 12, []int{2, 3}, nil)
	add("shared-ta", chip.Gemm{TransA: true}, 9, 17, 12, []int{3}, nil)
	return rs
}

// windowed is an image size, a window and channels.
type windowed struct {
	n, h, w, c, k, groups int
	g                     chip.Window
}

func square(k, stride, pad, dilation int) chip.Window {
	return chip.Window{KH: k, KW: k, StrideH: stride, StrideW: stride, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad, DilationH: dilation, DilationW: dilation}
}

var convCases = []windowed{
	{1, 1, 1, 1, 1, 1, square(1, 1, 0, 1)},
	{2, 5, 5, 3, 4, 1, square(3, 1, 1, 1)},
	{3, 28, 28, 1, 6, 1, square(5, 1, 2, 1)},
	{2, 14, 14, 6, 16, 1, square(5, 1, 0, 1)},
	{2, 9, 7, 5, 20, 1, square(3, 2, 1, 1)},
	{1, 11, 11, 3, 8, 1, square(7, 2, 3, 1)},
	{2, 8, 8, 16, 32, 1, square(1, 1, 0, 1)},
	{2, 8, 8, 16, 24, 1, square(1, 2, 0, 1)},
	{1, 12, 12, 17, 33, 1, square(3, 1, 1, 1)},
	{1, 12, 12, 8, 8, 1, square(3, 1, 2, 2)},
	{1, 13, 12, 4, 8, 1, square(3, 2, 2, 2)},
	{2, 10, 10, 8, 8, 8, square(3, 1, 1, 1)},
	{2, 10, 10, 40, 40, 40, square(3, 2, 1, 1)},
	{1, 7, 7, 4, 12, 4, square(5, 1, 2, 1)},
	{2, 6, 6, 12, 18, 3, square(3, 1, 1, 1)},
	{2, 7, 6, 12, 18, 6, square(3, 2, 1, 1)},
	{1, 9, 10, 3, 5, 1, chip.Window{KH: 2, KW: 4, StrideH: 3, StrideW: 1, PadTop: 1, PadBottom: 0, PadLeft: 0, PadRight: 2, DilationH: 1, DilationW: 1}},
	{1, 10, 9, 2, 3, 1, chip.Window{KH: 1, KW: 3, StrideH: 1, StrideW: 2, PadTop: 0, PadBottom: 3, PadLeft: 4, PadRight: 0, DilationH: 2, DilationW: 1}},
	{2, 9, 10, 64, 48, 1, square(3, 1, 1, 1)},
	{1, 6, 6, 130, 40, 1, square(3, 1, 1, 1)},
	{0, 6, 6, 3, 4, 1, square(3, 1, 1, 1)},
	{1, 8, 8, 3, 8, 1, square(2, 4, 0, 1)},
	{5, 4, 4, 3, 8, 1, square(4, 1, 0, 1)},
	{1, 8, 8, 6, 8, 1, square(3, 3, 1, 2)},
}

func convRows() []row {
	var rs []row
	for _, c := range convCases {
		oh, ow := c.g.Out(c.h, c.w)
		x, w, y := noise(1, c.n, c.h, c.w, c.c), noise(2, c.g.KH, c.g.KW, c.c/c.groups, c.k), noise(3, c.n, oh, ow, c.k)
		name := fmt.Sprintf("%dx%d,s%d%d,p%d%d,d%d,g%d", c.g.KH, c.g.KW, c.g.StrideH, c.g.StrideW, c.g.PadTop, c.g.PadLeft, c.g.DilationH, c.groups)
		taps := c.g.KH * c.g.KW
		rs = append(rs,
			row{name: name, op: &chip.Conv{Window: c.g, Groups: c.groups}, ins: []array{x, w}, outs: []array{y.empty()}, tol: sumTol(taps * c.c)},
			row{name: name + ",bias", op: &chip.Conv{Window: c.g, Groups: c.groups, Bias: true, Act: chip.ReLU}, ins: []array{x, w, noise(4, c.k)}, outs: []array{y.empty()}, tol: sumTol(taps * c.c)},
			row{name: name, op: &chip.ConvGradInput{Window: c.g, Groups: c.groups}, ins: []array{y, w}, outs: []array{x.empty()}, tol: sumTol(taps * c.k)},
			row{name: name, op: &chip.ConvGradWeight{Window: c.g, Groups: c.groups}, ins: []array{x, y}, outs: []array{w.empty()}, tol: sumTol(c.n * oh * ow)})
	}
	rs = append(rs, row{name: "silu", op: &chip.Conv{Window: square(3, 1, 1, 1), Groups: 1, Bias: true, Act: chip.SiLU},
		ins: []array{noise(1, 1, 6, 6, 3), noise(2, 3, 3, 3, 10), noise(3, 10)}, outs: []array{f32(1, 6, 6, 10)}, tol: 1e-5})
	return rs
}

func poolRows() []row {
	var rs []row
	cases := []windowed{
		{n: 2, h: 6, w: 6, c: 3, g: square(2, 2, 0, 1)}, {n: 1, h: 7, w: 5, c: 17, g: square(3, 2, 1, 1)},
		{n: 2, h: 8, w: 8, c: 64, g: square(3, 1, 1, 1)}, {n: 1, h: 9, w: 9, c: 4, g: square(2, 2, 1, 2)},
		{n: 3, h: 7, w: 7, c: 10, g: square(7, 7, 0, 1)}, {n: 0, h: 4, w: 4, c: 2, g: square(2, 2, 0, 1)},
		{n: 2, h: 28, w: 28, c: 6, g: square(2, 2, 0, 1)},
	}
	for _, c := range cases {
		oh, ow := c.g.Out(c.h, c.w)
		x, y := noise(1, c.n, c.h, c.w, c.c), f32(c.n, oh, ow, c.c)
		index := empty(chip.Int32, y.shape...)
		dy := noise(2, y.shape...)
		taken := []array{y.empty(), index.empty()}
		refMaxPool(c.g, []array{x}, taken)
		rs = append(rs,
			row{op: &chip.MaxPool{Window: c.g}, ins: []array{x}, outs: []array{y}},
			row{name: "index", op: &chip.MaxPool{Window: c.g}, ins: []array{x}, outs: []array{y, index}},
			row{op: &chip.MaxPoolGrad{Window: c.g}, ins: []array{dy, taken[1]}, outs: []array{x.empty()}, tol: 1e-6})
		for _, pad := range []bool{false, true} {
			rs = append(rs,
				row{name: fmt.Sprint(pad), op: &chip.AvgPool{Window: c.g, CountPad: pad}, ins: []array{x}, outs: []array{y}, tol: 1e-6},
				row{name: fmt.Sprint(pad), op: &chip.AvgPoolGrad{Window: c.g, CountPad: pad}, ins: []array{dy}, outs: []array{x.empty()}, tol: 1e-6})
		}
	}
	return rs
}
