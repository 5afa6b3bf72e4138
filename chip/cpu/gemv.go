package cpu

import "unsafe"

// dotsLayout describes a constant factor's transpose.
type dotsLayout struct{ n, k int }

// dotRows bounds the rows of a product that is made of dot products.
const dotRows = 4

// fewRows prepares a product of few rows as dot products with the columns of b,
// or returns nil. They read b once, in order, without packing it. A constant b
// whose columns do not lie in memory is transposed first; packed, it serves
// more than two rows better.
func (g *product) fewRows() kernel {
	if g.op.TransA || g.k < 16 || g.m > dotRows {
		return nil
	}
	if g.op.TransB {
		if g.m > 2 && g.fixed(1) && g.batches == 1 {
			return nil
		}
		return g.byDots()
	}
	if g.m > 2 || g.batches > 1 || !g.fixed(1) {
		return nil
	}
	turned := prepack(g.call, 1, dotsLayout{g.n, g.k}, g.n*g.k, func(dst []float32) {
		for p := range g.k {
			for j, v := range g.in[1].f32()[p*g.n : (p+1)*g.n] {
				dst[j*g.k+p] = v
			}
		}
	})
	op := *g.op
	op.TransB = true
	c := *g.call
	c.in = append([]*view{c.in[0], {p: unsafe.Pointer(unsafe.SliceData(turned)), n: len(turned)}}, c.in[2:]...)
	g.op, g.call = &op, &c
	return g.byDots()
}

// byDots computes few rows of a product by a transposed matrix.
func (g *product) byDots() kernel {
	return g.each(g.batches*g.n, 1+32*1024/(g.m*g.k), func(lo, hi, _ int) {
		for lo < hi {
			a, b, out := g.operands(lo / g.n)
			j := lo % g.n
			n := min(hi-lo, g.n-j)
			for i := range g.m {
				g.dotRow(a.at(i, 0), b.at(0, j), floatsAt(out.at(i, j), n), j)
			}
			lo += n
		}
	})
}

// dotRow writes the results of one row from column first on.
func (g *product) dotRow(a, b uintptr, out []float32, first int) {
	t := g.tier
	x, w := floatsAt(a, g.k), floatsAt(b, g.k*len(out))
	if g.op.Accumulate || g.alpha != 1 {
		for j := range out {
			v := g.alpha * t.dot(x, w[j*g.k:(j+1)*g.k])
			if g.op.Accumulate {
				v += out[j]
			}
			out[j] = v
		}
	} else {
		t.dots(out, x, w)
	}
	if g.op.Bias {
		t.add(out, out, g.in[2].f32()[first:first+len(out)])
	}
	t.activate(out, g.op.Act)
}

// goDots writes the dot products of x with each of the rows of w.
func goDots(dst, x, w []float32) {
	for j := range dst {
		dst[j] = goDot(x, w[j*len(x):(j+1)*len(x)])
	}
}

// fourRows makes dots of a kernel for four rows at a time.
func fourRows(dots func(dst, x, w []float32), dot func(a, b []float32) float32) func(dst, x, w []float32) {
	return func(dst, x, w []float32) {
		n := len(dst) &^ 3
		dots(dst[:n], x, w)
		for j := n; j < len(dst); j++ {
			dst[j] = dot(x, w[j*len(x):(j+1)*len(x)])
		}
	}
}
