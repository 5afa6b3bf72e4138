package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// intWinograd is an integer 3 by 3 convolution with fewer products: a tile y of
// outputs of a window d of inputs is, but for a factor,
//
//	y = Aᵀ·[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]·A
//
// with 2.25 times fewer products for tiles of two by two and 4 times fewer for
// four by four. It is exact: windows and weights become whole numbers of 16 bits, of
// which a word has two, and sums may wrap on the way.
// Source: Lavin, Gray 2015, arXiv:1509.09308, §4.
type intWinograd struct {
	intSliding // its outputs are tiles
	tile       *winogradTile
	outRows    int
	outCols    int
	vPixel     int // floats from one tile to the next in transformed windows
	vAt, mAt   int // where windows and products begin in a worker's scratch
	steps      int // of a part: pairs of inputs
}

// unitTiles is about how many tiles a unit has, and unitFloats about how much
// memory their transformed windows take.
const (
	unitTiles  = 66
	unitFloats = 108 * 1024
)

// winogradTile returns the size of tiles that takes the least time, or nil where
// none is better than taking every product.
func (s *intSliding) winogradTile(op *chip.ConvInt8) *winogradTile {
	if op.KH != 3 || op.KW != 3 || op.StrideH*op.StrideW*op.DilationH*op.DilationW != 1 || op.Groups != 1 || s.in%(2*s.tier.intShape.narrow) != 0 {
		return nil
	}
	var w []int8
	if s.ins[1].Kind == chip.Constant {
		w = of[int8](s.call.in[1])
	}
	var best *winogradTile
	least := s.cost(9*ceil(s.in, s.terms), s.n*s.rows*s.cols, intPositions, s.tier.intShape.rows)
	for i, t := range s.tier.winogradTiles() {
		tiles := s.n * ceil(s.rows, t.size) * ceil(s.cols, t.size)
		c := s.cost(t.parts()*s.in/2, tiles, s.unitTiles(t), s.tier.lowRows)
		switch s.dev.algorithm {
		case direct:
			continue
		case winograd2 + algorithm(i):
			c = -1
		}
		if c < least && t.exact(w, s.in, s.k) {
			best, least = t, c
		}
	}
	return best
}

// cost is the time of some steps for so many rows, which units have most of and
// kernels take so many together, in that of a step of one row.
func (s *intSliding) cost(steps, rows, most, together int) int {
	padded := (rows/most*ceil(most, together) + ceil(rows%most, together)) * together
	// A row of weights comes from memory in the time of 24 rows of products.
	return steps * max(padded, 24*ceil(rows, most))
}

// unitTiles is about how many tiles of size t a unit has.
func (s *intSliding) unitTiles(t *winogradTile) int {
	return min(unitTiles, max(2*s.tier.intShape.rows, unitFloats/(t.parts()*s.in/2)))
}

func (s *intSliding) winograd(t *winogradTile) kernel {
	m := t.size
	z := &intWinograd{intSliding: *s, tile: t, outRows: s.rows, outCols: s.cols, steps: s.in / 2, vPixel: apart(s.in/2, 1)}
	z.terms, z.c = 4, s.in/4
	z.rows, z.cols, z.stepH, z.stepW, z.spanH, z.spanW, z.pixel = ceil(s.rows, m), ceil(s.cols, m), m, m, m+2, m+2, z.c
	z.panels = s.tier.intShape.panelsOf(s.k)
	most := s.unitTiles(t)
	z.planUnits(most, most)
	tiles := z.wholeTiles(z.unit.images * z.unit.rows * z.cols)
	z.vAt = wholeLines(z.unit.images * z.stripRows(z.unit.rows) * z.stripWidth() * z.pixel)
	z.mAt = z.vAt + t.parts()*oddLines(tiles*z.vPixel)
	z.sumsAt = z.mAt + t.parts()*oddLines(tiles*z.tier.intShape.cols)
	z.wantLocal(z.sumsAt + m*m*tiles*z.tier.intShape.cols)
	depth := t.parts() * z.steps
	pack := z.pack(intWinogradLayout{m, z.in, z.k}, depth*packedWidth(z.panels), len(z.panels), func(words, sums []int32, w []int8, u int) {
		p := z.panels[u]
		t.pack(words[p.at*depth:][:p.width*depth], sums[p.j:][:p.n], w, z.in, z.k, p)
	})
	units := z.unit.count
	run := s.deal(units*z.colParts, t.parts()*tiles*s.k/z.colParts*s.in, func(u, worker int) {
		z.run(u%units, u/units, worker) // neighbours share panels
	})
	return inOrder(pack, run)
}

// wholeTiles rounds n up to what the kernels multiply at a time; what follows the
// last one is multiplied, but not read.
func (z *intWinograd) wholeTiles(n int) int {
	return ceil(n, z.tier.lowRows) * z.tier.lowRows
}

// run computes one part of the panels of unit u.
func (z *intWinograd) run(u, part, worker int) {
	w := z.unitWork(u, worker)
	local := z.locals[worker]
	tiles := z.wholeTiles(w.images * w.rows * z.cols)
	v, m, sums := addressOf(local[z.vAt:]), addressOf(local[z.mAt:]), addressOf(local[z.sumsAt:])
	z.transformWindows(&w, v, 4*oddLines(tiles*z.vPixel))
	for _, p := range z.partOf(part) {
		z.multiply(p, v, m, tiles)
		z.transformSums(&w, p, m, sums, 4*oddLines(tiles*p.width))
		z.finishRows(&w, p, sums, worker)
	}
}

// transformWindows writes the parts of Bᵀ·d·B, each [tiles, C].
func (z *intWinograd) transformWindows(w *work, v uintptr, part int) {
	row, pixel := 4*z.stripWidth()*z.pixel, 4*z.pixel
	for i := range w.images {
		for r := range w.rows {
			src := w.base + uintptr(4*i*w.imageFloats+z.tile.size*r*row)
			for range z.cols {
				z.tile.window(v, src, z.in, row, pixel, part)
				v, src = v+uintptr(4*z.vPixel), src+uintptr(z.tile.size*pixel)
			}
		}
	}
}

// multiply writes the products of a panel, parts of [tiles, columns].
func (z *intWinograd) multiply(p panel, v, m uintptr, tiles int) {
	run := z.tier.wideRows
	if p.width != z.tier.intShape.cols {
		run = z.tier.slimRows
	}
	b := uintptr(unsafe.Pointer(&z.packed[p.at*z.tile.parts()*z.steps]))
	for range z.tile.parts() {
		run(m, v, b, z.steps, tiles, 4*z.vPixel)
		v, m, b = v+uintptr(4*oddLines(tiles*z.vPixel)), m+uintptr(4*oddLines(tiles*p.width)), b+uintptr(4*z.steps*p.width)
	}
}

// transformSums writes Aᵀ·m·A as rows of pixels.
func (z *intWinograd) transformSums(w *work, p panel, m, sums uintptr, part int) {
	pixel := 4 * p.width
	row := z.tile.size * z.cols * pixel
	for range w.images * w.rows {
		for j := 0; j < pixel; j += 4 * z.tier.intShape.narrow {
			z.tile.sum(sums+uintptr(j), m+uintptr(j), z.cols, row, pixel, part)
		}
		m, sums = m+uintptr(z.cols*pixel), sums+uintptr(z.tile.size*row)
	}
}

// finishRows is the epilogue of a panel. Rows and columns of tiles that reach
// over the edge of the image are left out.
func (z *intWinograd) finishRows(w *work, p panel, sums uintptr, worker int) {
	q, size := &z.finish[worker], z.tile.size
	q.sumStep = 4 * p.width
	rows := min(size*w.rows, z.outRows-size*w.row)
	q.n = z.outCols
	if size*z.cols == z.outCols { // all rows of an image are one
		q.n, rows = rows*z.outCols, 1
	}
	for i := range w.images {
		for r := range rows {
			q.sums = sums + uintptr((size*i*w.rows+r)*size*z.cols*4*p.width)
			z.place(q, ((w.image+i)*z.outRows+size*w.row+r)*z.outCols, p.j)
			z.tier.finish(q, p)
		}
	}
}
