package cpu

import (
	"slices"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// pairWinograd is an integer 3 by 3 convolution with 2.25 times fewer products:
// two by two outputs y of a window d of four by four inputs are
//
//	4·y = Aᵀ·[(2G·g·2Gᵀ) ⊙ (Bᵀ·d·B)]·A
//
// It is exact. Windows less their zero point become numbers up to 4·255 and
// weights up to 9·128, which are 16-bit pairs again; twice G is whole, and as
// long as 4·y fits int32, sums may wrap on the way.
// Source: Lavin, Gray 2015, arXiv:1509.09308, §4.1.
type pairWinograd struct {
	pairSliding // its outputs are tiles of two by two
	outRows     int
	outCols     int
	vPixel      int // floats from one tile to the next in transformed windows
	vAt, mAt    int // where windows and products begin in a worker's scratch
	depth       int // of a packed panel in steps
}

// winogradTiles is about how many tiles a unit has, and winogradFloats about how
// much memory their transformed windows take.
const (
	winogradTiles  = 64
	winogradFloats = 96 * 1024
)

// winogradFits reports whether s may be computed so and has enough tiles to
// make up for reading larger weights.
func (s *pairSliding) winogradFits(op *chip.ConvInt8) bool {
	square := op.KH == 3 && op.KW == 3 && op.StrideH*op.StrideW*op.DilationH*op.DilationW == 1 && op.Groups == 1
	tiles := s.n * ((s.rows + 1) / 2) * ((s.cols + 1) / 2)
	return square && s.in%16 == 0 && s.c <= chunkSteps && 2*9*s.in <= chip.MaxInt8Terms && tiles >= 12
}

func (s *pairSliding) winograd() kernel {
	z := &pairWinograd{pairSliding: *s, outRows: s.rows, outCols: s.cols, vPixel: apart(s.c, 1), depth: 16 * s.c}
	z.rows, z.cols, z.stepH, z.stepW, z.spanH, z.spanW, z.pixel = (s.rows+1)/2, (s.cols+1)/2, 2, 2, 4, 4, s.c
	z.panels = s.tier.panelsOf(s.k)
	tiles := min(winogradTiles, max(1, winogradFloats/(16*z.vPixel)))
	z.planUnits(tiles, tiles)
	tiles = z.wholeTiles(z.unit.images * z.unit.rows * z.cols)
	z.vAt = z.unit.images * z.stripRows(z.unit.rows) * z.stripWidth() * z.pixel
	z.mAt = z.vAt + 16*tiles*z.vPixel
	z.sumsAt = z.mAt + 16*tiles*z.tier.cols
	z.wantLocal(z.sumsAt + 4*tiles*z.tier.cols)
	packed, pack := s.call.packed(2*z.depth*packedWidth(z.panels), len(z.panels), z.packWeights)
	z.packed = packed
	z.finish = slices.Repeat([]requant{s.requant(s.integer)}, s.pool.threads)
	units := z.unit.count
	run := s.deal(units*z.colParts, 16*tiles*s.k/z.colParts*s.in, func(u, worker int) {
		z.run(u%units, u/units, worker) // neighbours share panels
	})
	return inOrder(pack, run)
}

// wholeTiles rounds n up to what the kernels multiply at a time; what follows the
// last one is multiplied, but not read.
func (z *pairWinograd) wholeTiles(n int) int {
	rows := z.tier.rows
	return (n + rows - 1) / rows * rows
}

// packWeights writes 2G·g·2Gᵀ of panel u as [16][C/2][columns] pairs.
func (z *pairWinograd) packWeights(dst []int16, w []int8, u int) {
	p := z.panels[u]
	dst = dst[2*p.at*z.depth:][:2*z.depth*p.width]
	clear(dst)
	part := 2 * z.c * p.width
	for c := range z.in {
		for j := range p.n {
			var g [9]int16
			for i := range g {
				g[i] = int16(w[(i*z.in+c)*z.k+p.j+j])
			}
			var t [4][3]int16 // 2G·g
			for j := range 3 {
				a, b, c := g[j], g[3+j], g[6+j]
				t[0][j], t[1][j], t[2][j], t[3][j] = 2*a, a+b+c, a-b+c, 2*c
			}
			at := 2*(c/2*p.width+j) + c%2
			for i, r := range t {
				for j, v := range [4]int16{2 * r[0], r[0] + r[1] + r[2], r[0] - r[1] + r[2], 2 * r[2]} {
					dst[(4*i+j)*part+at] = v
				}
			}
		}
	}
}

// run computes one part of the panels of unit u.
func (z *pairWinograd) run(u, part, worker int) {
	w := z.unitWork(u, worker)
	local := z.locals[worker]
	tiles := z.wholeTiles(w.images * w.rows * z.cols)
	v, m, sums := addressOf(local[z.vAt:]), addressOf(local[z.mAt:]), addressOf(local[z.sumsAt:])
	z.transformWindows(&w, v, 4*tiles*z.vPixel)
	for _, p := range z.partOf(part) {
		z.multiply(p, v, m, tiles)
		z.transformSums(&w, p, m, sums, 4*tiles*p.width)
		z.finishRows(&w, p, sums, worker)
	}
}

// transformWindows writes the 16 parts of Bᵀ·d·B, each [tiles, C].
func (z *pairWinograd) transformWindows(w *work, v uintptr, part int) {
	row, pixel := 4*z.stripWidth()*z.pixel, 4*z.pixel
	for i := range w.images {
		for r := range w.rows {
			src := w.base + uintptr(4*i*w.imageFloats+2*r*row)
			for range z.cols {
				z.tier.windowTransform(v, src, z.in, row, pixel, part)
				v, src = v+uintptr(4*z.vPixel), src+uintptr(2*pixel)
			}
		}
	}
}

// multiply writes the products of a panel, 16 parts of [tiles, columns].
func (z *pairWinograd) multiply(p panel, v, m uintptr, tiles int) {
	run := z.tier.wideRows
	if p.width != z.tier.cols {
		run = z.tier.slimRows
	}
	b := uintptr(unsafe.Pointer(&z.packed[2*p.at*z.depth]))
	for range 16 {
		run(m, v, b, z.c, tiles/z.tier.rows, 4*z.vPixel)
		v, m, b = v+uintptr(4*tiles*z.vPixel), m+uintptr(4*tiles*p.width), b+uintptr(4*z.c*p.width)
	}
}

// transformSums writes Aᵀ·m·A/4, two rows of pixels for each row of tiles.
func (z *pairWinograd) transformSums(w *work, p panel, m, sums uintptr, part int) {
	pixel := 4 * p.width
	row := 2 * z.cols * pixel
	for range w.images * w.rows {
		for j := 0; j < pixel; j += 32 {
			z.tier.sumTransform(sums+uintptr(j), m+uintptr(j), z.cols, row, pixel, part)
		}
		m, sums = m+uintptr(z.cols*pixel), sums+uintptr(2*row)
	}
}

// finishRows is the epilogue of a panel. Rows and columns of tiles that reach
// over the edge of the image are left out.
func (z *pairWinograd) finishRows(w *work, p panel, sums uintptr, worker int) {
	q := &z.finish[worker]
	q.sumStep = 4 * p.width
	rows := min(2*w.rows, z.outRows-2*w.row)
	q.n = z.outCols
	if 2*z.cols == z.outCols { // all rows of an image are one
		q.n, rows = rows*z.outCols, 1
	}
	for i := range w.images {
		for r := range rows {
			q.sums = sums + uintptr((2*i*w.rows+r)*2*z.cols*4*p.width)
			q.place(z.call, ((w.image+i)*z.outRows+2*w.row+r)*z.outCols, p.j)
			z.tier.pairs.finish(q, p)
		}
	}
}
