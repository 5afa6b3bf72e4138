package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

func activation(a chip.Activation, v float64) float64 {
	switch a {
	case chip.ReLU:
		return max(v, 0)
	case chip.SiLU:
		return v / (1 + math.Exp(-v))
	case chip.GELU:
		return v * 0.5 * (1 + math.Erf(v/math.Sqrt2))
	}
	return v
}

func refGemm(op *chip.Gemm, ins, outs []array) {
	a, b, out := ins[0], ins[1], outs[0]
	alpha := float64(op.Alpha)
	if alpha == 0 {
		alpha = 1
	}
	k := a.shape[len(a.shape)-1]
	if op.TransA {
		k = a.shape[len(a.shape)-2]
	}
	strides := func(x array, trans bool) (row, col int) {
		if cols := x.shape[len(x.shape)-1]; trans {
			return 1, cols
		} else {
			return cols, 1
		}
	}
	ar, ac := strides(a, op.TransA)
	br, bc := strides(b, op.TransB)
	n := len(out.shape)
	rows, cols := out.shape[n-2], out.shape[n-1]
	for i := range out.v {
		batch, r, c := i/(rows*cols), i/cols%rows, i%cols
		ap, bp := batch*rows*k+r*ar, c*bc
		if len(b.shape) > 2 {
			bp += batch * cols * k
		}
		s := 0.0
		for p := range k {
			s += a.v[ap+p*ac] * b.v[bp+p*br]
		}
		s *= alpha
		if op.Accumulate {
			s += out.v[i]
		}
		if op.Bias {
			s += ins[2].v[c]
		}
		out.v[i] = activation(op.Act, s)
	}
}

// eachTap visits every (output position, tap, input position) inside the image.
func eachTap(g chip.Window, x, y []int, visit func(n, i, j, kh, kw, h, w int)) {
	for n := range y[0] {
		for i := range y[1] {
			for j := range y[2] {
				for kh := range g.KH {
					for kw := range g.KW {
						h := i*g.StrideH - g.PadTop + kh*g.DilationH
						w := j*g.StrideW - g.PadLeft + kw*g.DilationW
						if h >= 0 && w >= 0 && h < x[1] && w < x[2] {
							visit(n, i, j, kh, kw, h, w)
						}
					}
				}
			}
		}
	}
}

// refConv visits (x, w, y) triples that multiply; f gets their flat positions.
func refConv(g chip.Window, groups int, x, w, y []int, f func(xi, wi, yi int)) {
	cg, kg := x[3]/groups, y[3]/groups
	eachTap(g, x, y, func(n, i, j, kh, kw, h, ww int) {
		for k := range y[3] {
			for c := range cg {
				f(((n*x[1]+h)*x[2]+ww)*x[3]+k/kg*cg+c, ((kh*g.KW+kw)*cg+c)*y[3]+k, ((n*y[1]+i)*y[2]+j)*y[3]+k)
			}
		}
	})
}

func refConvForward(op *chip.Conv, ins, outs []array) {
	x, w, y := ins[0], ins[1], outs[0]
	refConv(op.Window, op.Groups, x.shape, w.shape, y.shape, func(xi, wi, yi int) { y.v[yi] += x.v[xi] * w.v[wi] })
	for i := range y.v {
		if op.Bias {
			y.v[i] += ins[2].v[i%y.shape[3]]
		}
		y.v[i] = activation(op.Act, y.v[i])
	}
}

func refMaxPool(g chip.Window, ins, outs []array) {
	x, y := ins[0], outs[0]
	index := make([]float64, len(y.v))
	for i := range y.v {
		y.v[i], index[i] = math.Inf(-1), -1
	}
	eachTap(g, x.shape, y.shape, func(n, i, j, _, _, h, w int) {
		for c := range x.shape[3] {
			yi := ((n*y.shape[1]+i)*y.shape[2]+j)*y.shape[3] + c
			if v := x.v[((n*x.shape[1]+h)*x.shape[2]+w)*x.shape[3]+c]; v > y.v[yi] || index[yi] < 0 {
				y.v[yi], index[yi] = v, float64(h*x.shape[2]+w)
			}
		}
	})
	if len(outs) == 2 {
		copy(outs[1].v, index)
	}
}

func refMaxPoolGrad(ins, outs []array) {
	dy, index, dx := ins[0], ins[1], outs[0]
	positions(dy.shape, func(i int, at []int) {
		dx.v[(at[0]*dx.shape[1]*dx.shape[2]+int(index.v[i]))*dx.shape[3]+at[3]] += dy.v[i]
	})
}

// refAvgPool visits (x, y, weight) triples.
func refAvgPool(g chip.Window, countPad bool, x, y []int, f func(xi, yi int, w float64)) {
	count := make([]float64, y[0]*y[1]*y[2])
	eachTap(g, x, y, func(n, i, j, _, _, _, _ int) { count[(n*y[1]+i)*y[2]+j]++ })
	eachTap(g, x, y, func(n, i, j, _, _, h, w int) {
		p := (n*y[1]+i)*y[2] + j
		weight := 1 / count[p]
		if countPad {
			weight = 1 / float64(g.KH*g.KW)
		}
		for c := range x[3] {
			f(((n*x[1]+h)*x[2]+w)*x[3]+c, p*y[3]+c, weight)
		}
	})
}
