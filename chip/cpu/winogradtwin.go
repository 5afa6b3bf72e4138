package cpu

import "math"

// The matrices of both sizes, one row for each element or output.
var (
	bt2 = [][]float32{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}
	g2  = [][]float32{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}
	at2 = [][]float32{{1, 1, 1, 0}, {0, 1, -1, -1}}

	bt4 = [][]float32{
		{1, 0, -2.5, 0, 1, 0},
		{0, -2 * near, -2, near, 1, 0}, {0, 2 * near, -2, -near, 1, 0},
		{0, -0.5 * far, -0.5, far, 1, 0}, {0, 0.5 * far, -0.5, -far, 1, 0},
		{0, 1, 0, -2.5, 0, 1}}
	g4 = [][]float32{
		{1, 0, 0},
		{-2. / 3, -2. / 3 * near, -1. / 3}, {-2. / 3, 2. / 3 * near, -1. / 3},
		{1. / 6, 1. / 6 * far, 1. / 3}, {1. / 6, -1. / 6 * far, 1. / 3},
		{0, 0, 1}}
	at4 = [][]float32{
		{1, 1, 1, 1, 1, 0},
		{0, near, -near, far, -far, 0},
		{0, 0.5, 0.5, 2, 2, 0},
		{0, near / 2, -near / 2, 2 * far, -2 * far, 1}}
)

// near and far are the positive points of F(4×4, 3×3).
const (
	near = 1 / math.Sqrt2
	far  = math.Sqrt2
)

// goWinograds are the Go twins of all transforms.
var goWinograds = winograds{goTransforms(2, bt2, g2, at2), goTransforms(4, bt4, g4, at4)}

func goTransforms(m int, bt, g, at [][]float32) *transforms {
	gt, a := transposed(g), transposed(at)
	return &transforms{m: m, least: 1,
		input:       func(p *patch) { goSpread(p, bt) },
		weights:     func(p *patch) { goSpread(p, g) },
		outputGrad:  func(p *patch) { goSpread(p, a) },
		output:      func(p *patch) { goCollect(p, at, p.bias, p.floor) },
		weightsGrad: func(p *patch) { goCollect(p, gt, 0, noFloor) }}
}

func transposed(m [][]float32) [][]float32 {
	t := make([][]float32, len(m[0]))
	for i := range t {
		for _, row := range m {
			t[i] = append(t[i], row[i])
		}
	}
	return t
}

// goSpread transforms pixels to a patch.
func goSpread(p *patch, m [][]float32) {
	n := len(m[0])
	var x, y [36]float32
	for c := range p.n {
		for i := range n * n {
			x[i] = *floatAt(p.at[i], c)
		}
		sandwich(&y, &x, m)
		for i := range len(m) * len(m) {
			*floatAt(p.all+uintptr(i*p.step), c) = y[i]
		}
	}
}

// goCollect transforms a patch to pixels.
func goCollect(p *patch, m [][]float32, bias uintptr, floor float32) {
	n := len(m[0])
	var x, y [36]float32
	for c := range p.n {
		for i := range n * n {
			x[i] = *floatAt(p.all+uintptr(i*p.step), c)
		}
		sandwich(&y, &x, m)
		for i := range len(m) * len(m) {
			v := y[i]
			if bias != 0 {
				v += *floatAt(bias, c)
			}
			if v < floor {
				v = floor
			}
			*floatAt(p.at[i], c) = v
		}
	}
}

// sandwich writes m x mᵀ to y.
func sandwich(y, x *[36]float32, m [][]float32) {
	n := len(m[0])
	var half [36]float32 // m x
	for i, row := range m {
		for k, f := range row {
			for j := range n {
				half[i*n+j] += f * x[k*n+j]
			}
		}
	}
	for i := range m {
		for j, row := range m {
			s := float32(0)
			for k, f := range row {
				s += half[i*n+k] * f
			}
			y[i*len(m)+j] = s
		}
	}
}
