package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// bfloatPairs are a tier's kernels for products of BFloat16. A step of these is
// a pair of neighbours along the sum, as large as a float32: A and the panels
// are packed as if of floats, and tile becomes
//
//	c[r][j] = max(floor, alpha·Σ (a[r][k][1]·b[k][j][1], a[r][k][0]·b[k][j][0]) + bias[j] (+ c[r][j]))
//
// Each of the two products is exact and added with rounding to nearest; what is
// smaller than float32's normal numbers counts as 0.
type bfloatPairs struct {
	bfloatMatrix matrix // without kernels where factors are widened to float32
	// zip interleaves groups of width numbers of pairs of rows. Only so many columns
	// of the upper and of the lower one are read, in every group, others are 0.
	zip func(dst, src uintptr, width int, g zips)
	// bfloatLoop runs rounds of products in registers and returns their number of operations.
	bfloatLoop func(rounds int) float64
}

// zips are pairs of rows of n groups each, with the bytes from one group and
// from one pair of rows to the next, and the columns that count in upper and
// lower rows.
type zips struct{ n, to, from, rows, toRow, fromRow, upper, lower int }

func (b *bfloatPairs) multipliesPairs() bool { return len(b.bfloatMatrix.kernels) > 0 }

// inPairs reports whether a product multiplies pairs of BFloat16. Few rows are
// as fast as their factors can be read, and are widened.
func (c *call) inPairs(op *chip.Gemm) bool {
	if !c.tier.multipliesPairs() || c.ins[0].DType != chip.BFloat16 || c.ins[1].DType != chip.BFloat16 {
		return false
	}
	g := c.product(op)
	return g.m > dotRows && g.sum > 0
}

// bfloatsAt are n numbers at an address.
func bfloatsAt(p uintptr, n int) []chip.BFloat { return unsafe.Slice((*chip.BFloat)(pointerAt(p)), n) }

// goBFloatTile is the Go twin of the kernels of a tier; width is the columns of a panel.
func goBFloatTile(t *tile, rows, width int) {
	segs := unsafe.Slice((*segment)(pointerAt(t.segs)), t.nseg)
	cols := width
	if t.mask != 0 {
		cols = t.cols
	}
	for r := range rows {
		var acc [maxCols]float32
		for _, s := range segs {
			a, b := t.a[r]+uintptr(s.a), t.b+uintptr(s.b)
			for range t.steps {
				x, ys := bfloatsAt(a, 2), bfloatsAt(b, 2*cols)
				x0, x1 := x[0].Float32(), x[1].Float32()
				for j := range cols {
					acc[j] += float32(x1 * ys[2*j+1].Float32())
					acc[j] += float32(x0 * ys[2*j].Float32())
				}
				a, b = a+uintptr(t.sa), b+uintptr(t.sb)
			}
		}
		goTileStore(t, r, acc[:cols])
	}
}

func goZip(dst, src uintptr, width int, g zips) {
	for i := range g.n * g.rows {
		group, row := i%g.n, i/g.n
		pairs := bfloatsAt(dst+uintptr(group*g.to+row*g.toRow), 2*width)
		clear(pairs)
		at := src + uintptr(group*g.from+row*g.fromRow)
		for i, v := range bfloatsAt(at, g.upper) {
			pairs[2*i] = v
		}
		if g.lower == 0 { // there may be no lower row
			continue
		}
		for i, v := range bfloatsAt(at+uintptr(g.fromRow/2), g.lower) {
			pairs[2*i+1] = v
		}
	}
}

// goBFloatPairs are the Go twins of kernels for tiles of some shape.
func goBFloatPairs(t tileShape) bfloatPairs {
	return bfloatPairs{
		bfloatMatrix: matrix{t, []matrixKernel{
			{t.rows, t.narrow, func(k *tile) { goBFloatTile(k, t.rows, t.narrow) }},
			{t.rows, t.cols, func(k *tile) { goBFloatTile(k, t.rows, t.cols) }},
		}},
		zip: goZip,
	}
}
