package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// weightGrad computes dw[tap][c][k] = Σ over outputs p of x[p·stride + tap][c]·dy[p][k].
// As a matrix product its rows are the k of dy, its columns the channels of x
// under one tap, its steps the outputs. Each part sums its outputs into its
// own [k][tap][c], and the parts are added in order and transposed at the end.
type weightGrad struct {
	*call
	op              *chip.ConvGradWeight
	n, h, w, c      int
	rows, cols, k   int
	groups          int
	parts, unitRows int
	strip           bool // few channels: read from a padded copy, all taps of a row at once
	width           int  // positions of a row of the padded copy
	panels          []weightPanel
	panelFloats     int
	dyFloats        int
	segs            []segment
	partial         int // floats of one part's sums
}

// weightPanel is some columns: channels of one tap, or of a row of taps.
type weightPanel struct {
	panel
	kh, kw int
	column int // where the panel's columns are in [tap][c]
}

func (c *call) convGradWeight(op *chip.ConvGradWeight) kernel {
	x, y := c.ins[0].Shape, c.ins[1].Shape
	if c.outs[0].Len() == 0 {
		return nothing
	}
	if c.ins[1].Len() == 0 {
		return c.clearOut()
	}
	if x[3] == op.Groups && y[3] == op.Groups {
		return c.depthwiseGradWeight(op)
	}
	g := op.Window
	if op.Groups == 1 && g.KH*g.KW == 1 && g.StrideH*g.StrideW == 1 && y[1] == x[1] && y[2] == x[2] && g.PadTop+g.PadLeft == 0 {
		n := x[0] * x[1] * x[2]
		return c.productOf(&chip.Gemm{TransA: true}, c.flat(0, n, x[3]), c.flat(1, n, y[3]),
			chip.Value{DType: chip.Float32, Shape: []int{x[3], y[3]}})
	}
	if k := c.winogradGradWeight(op); k != nil {
		return k
	}
	s := &weightGrad{call: c, op: op, n: x[0], h: x[1], w: x[2], c: x[3], rows: y[1], cols: y[2], k: y[3], groups: op.Groups}
	s.plan()
	sum := s.part
	return inOrder(func() error {
		s.pool.run(s.parts, sum)
		return nil
	}, s.gather())
}

func (s *weightGrad) plan() {
	g, t := s.op.Window, s.tier
	cg := s.c / s.groups
	s.strip = s.groups == 1 && cg <= t.cols
	span := cg
	if s.strip && g.DilationW == 1 {
		span = g.KW * cg
	}
	for kh := range g.KH {
		for column := 0; column < g.KW*cg; column += span {
			for _, p := range t.panelsOf(span) {
				s.panels = append(s.panels, weightPanel{p, kh, column / cg, (kh*g.KW*cg + column)})
			}
		}
	}
	s.partial = s.k * g.KH * g.KW * cg
	s.unitRows = max(1, min(s.rows, t.kBlock()/s.cols))
	if s.strip {
		s.width = (s.cols-1)*g.StrideW + (g.KW-1)*g.DilationW + 1
		s.unitRows = s.rows
		for limit := stripFloats; s.stripRows()*s.width*s.c > limit && s.unitRows > 1; {
			s.unitRows = (s.unitRows + 1) / 2
		}
		for r := range s.unitRows {
			s.segs = append(s.segs, segment{4 * r * s.cols * s.k, 4 * r * g.StrideH * s.width * s.c})
		}
		s.panelFloats = s.stripRows()*s.width*s.c + maxCols
	} else {
		s.unitRows = max(1, min(s.n*s.rows, t.kBlock()/s.cols))
		s.panelFloats = s.unitRows * s.cols * t.cols
		s.dyFloats = s.unitRows*s.cols*((s.k/s.groups+t.rows-1)/t.rows*t.rows) + packSlack
	}
	units := s.units()
	s.parts = max(1, min(s.pool.threads, units))
	if s.pool.threads > 1 && s.partial <= 64*1024 { // smaller parts even out what a neighbour takes
		s.parts = max(1, min(2*s.pool.threads, units))
	}
	s.wantShared(s.parts * s.partial)
	s.wantLocal(s.panelFloats + s.dyFloats)
}

func (s *weightGrad) stripRows() int {
	return (s.unitRows-1)*s.op.StrideH + (s.op.KH-1)*s.op.DilationH + 1
}

// units are runs of output rows; with a padded copy they end with the image.
func (s *weightGrad) units() int {
	if s.strip {
		return s.n * ((s.rows + s.unitRows - 1) / s.unitRows)
	}
	return (s.n*s.rows + s.unitRows - 1) / s.unitRows
}

// part sums the units of one part.
func (s *weightGrad) part(i, worker int) {
	sums := s.shared[i*s.partial : (i+1)*s.partial]
	clear(sums)
	units := s.units()
	for u := i * units / s.parts; u < (i+1)*units/s.parts; u++ {
		if s.strip {
			s.stripUnit(u, sums, worker)
		} else {
			s.packedUnit(u, sums, worker)
		}
	}
}

// stripUnit reads windows from a padded copy of the image: a step moves by one
// output column, a segment is an output row.
func (s *weightGrad) stripUnit(u int, sums []float32, worker int) {
	per := (s.rows + s.unitRows - 1) / s.unitRows
	image, row := u/per, u%per*s.unitRows
	rows := min(s.unitRows, s.rows-row)
	pad := sliding{call: s.call, h: s.h, w: s.w, c: s.c, cols: s.cols, stepH: s.op.StrideH, stepW: s.op.StrideW,
		originH: -s.op.PadTop, originW: -s.op.PadLeft, spanH: (s.op.KH-1)*s.op.DilationH + 1, spanW: (s.op.KW-1)*s.op.DilationW + 1, in: s.in[0]}
	strip := s.locals[worker][:s.panelFloats]
	pad.fillStrip(strip, work{image: image, images: 1, row: row, rows: rows})

	t := s.tile(worker)
	t.segs, t.nseg, t.steps = uintptr(unsafe.Pointer(unsafe.SliceData(s.segs))), rows, s.cols
	t.sa, t.sb, t.alpha, t.floor, t.add, t.bias = 4*s.k, 4*s.op.StrideW*s.c, 1, noFloor, 1, 0
	dy := address(s.in[1]) + uintptr(4*(image*s.rows+row)*s.cols*s.k)
	for i := range s.panels {
		p := &s.panels[i]
		t.b = addressOf(strip) + uintptr(4*((p.kh*s.op.DilationH*s.width+p.kw*s.op.DilationW)*s.c+p.j))
		s.tiles(t, p, sums, dy, 4, 0, s.k, worker)
	}
}

// tiles runs the tiles of some k against one panel. Row r of tile i starts at
// a + i·rows·step + r·4.
func (s *weightGrad) tiles(t *tile, p *weightPanel, sums []float32, a uintptr, step, k0, kn, worker int) {
	rows := s.tier.rows
	cols := s.op.KH * s.op.KW * s.c / s.groups
	t.setColumns(p.n, p.width)
	for i := 0; i < kn; i += rows {
		n := min(rows, kn-i)
		t.setRows(a+uintptr(i*step), 4, n, rows)
		t.setOut(addressOf(sums)+uintptr(4*((k0+i)*cols+p.column+p.j)), 4*cols, n, rows, s.spare(worker))
		s.tier.fewest(n, p.width).run(t)
	}
}

// packedUnit packs dy for the tiles' rows and, panel by panel, the windows of x.
func (s *weightGrad) packedUnit(u int, sums []float32, worker int) {
	first := u * s.unitRows
	rows := min(s.unitRows, s.n*s.rows-first)
	steps := rows * s.cols
	mine := s.locals[worker]
	x, dy := mine[:s.panelFloats], mine[s.panelFloats:s.panelFloats+s.dyFloats]
	t := s.tile(worker)
	t.nseg, t.steps, t.sa, t.alpha, t.floor, t.add, t.bias = 1, steps, 4*s.tier.rows, 1, noFloor, 1, 0
	cg, kg := s.c/s.groups, s.k/s.groups
	for g := range s.groups {
		src := matrixAt{address(s.in[1]) + uintptr(4*(first*s.cols*s.k+g*kg)), 1, s.k}
		s.tier.packRows(dy, src, 0, kg, steps)
		for i := range s.panels {
			p := &s.panels[i]
			s.packWindows(x, p, first, rows, g*cg+p.j)
			t.b, t.sb = addressOf(x), 4*p.width
			s.tiles(t, p, sums, addressOf(dy), 4*steps, g*kg, kg, worker)
		}
	}
}

// packWindows writes [output][width]: what the panel's tap sees of some
// channels from output rows first on.
func (s *weightGrad) packWindows(dst []float32, p *weightPanel, first, rows, channel int) {
	g, x := s.op.Window, s.in[0].f32()
	offset := p.kw*g.DilationW - g.PadLeft
	lo := min(s.cols, max(0, (-offset+g.StrideW-1)/g.StrideW)) // outputs [lo, hi) see the image
	hi := max(lo, min(s.cols, (s.w-offset+g.StrideW-1)/g.StrideW))
	if s.w <= offset {
		hi = lo
	}
	for r := range rows {
		n, a := (first+r)/s.rows, (first+r)%s.rows
		out := dst[r*s.cols*p.width : (r+1)*s.cols*p.width]
		h := a*g.StrideH - g.PadTop + p.kh*g.DilationH
		if h < 0 || h >= s.h {
			clear(out)
			continue
		}
		clear(out[:lo*p.width])
		clear(out[hi*p.width:])
		if lo < hi {
			from := ((n*s.h+h)*s.w+lo*g.StrideW+offset)*s.c + channel
			s.copyWindows(out[lo*p.width:], x[from:], hi-lo, p)
		}
	}
}

// copyWindows copies n groups of channels that lie stride·c floats apart.
func (s *weightGrad) copyWindows(dst, src []float32, n int, p *weightPanel) {
	step := s.op.StrideW * s.c
	if p.n == p.width {
		s.tier.lanes(addressOf(dst), addressOf(src), p.n, groups{n: n, to: p.n, from: step, rows: 1})
		return
	}
	for i := range n {
		d := dst[i*p.width : (i+1)*p.width]
		copy(d, src[i*step:i*step+p.n])
		clear(d[p.n:])
	}
}

// gather adds the parts in order and writes dw [tap][c][k] from [k][tap][c].
func (s *weightGrad) gather() kernel {
	cols := s.partial / s.k
	add := s.each(s.partial, 16*1024, func(lo, hi, _ int) {
		for i := 1; i < s.parts; i++ {
			s.tier.add(s.shared[lo:hi], s.shared[lo:hi], s.shared[i*s.partial+lo:i*s.partial+hi])
		}
	})
	turned := s.each(cols, 1+16*1024/s.k, func(lo, hi, _ int) {
		dw := s.out[0].f32()
		for k := 0; k < s.k; k += s.tier.group {
			s.tier.exactly(dw[lo*s.k+k:hi*s.k], addressOf(s.shared[k*cols+lo:]), 4*cols, min(s.tier.group, s.k-k), hi-lo, s.k)
		}
	})
	return inOrder(add, turned)
}
