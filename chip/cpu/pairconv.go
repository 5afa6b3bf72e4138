package cpu

import (
	"slices"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// pairSliding is an integer convolution on the plan of sliding, whose channels
// are pairs here: a unit's inputs are widened to a strip, zeros around them,
// and a panel at a time is summed up and requantised.
type pairSliding struct {
	sliding
	integer  chip.Integer
	in       int // channels of a group
	pixel    int // floats from one pixel of the strip to the next
	packed   []int16
	at       []uintptr // of a unit's outputs: bytes from the strip's start to what they read
	colParts int       // a unit's panels are dealt to so many workers
	sumsAt   int       // where a worker's sums begin in its scratch
	finish   []requant // of each worker
}

// pairPositions is about how many outputs a unit has: their sums in a panel of
// 16 are 16 KiB, half of a first-level cache.
const pairPositions = 256

// pairConv prepares an integer convolution.
func (c *call) pairConv(op *chip.ConvInt8) kernel {
	s := c.pairSliding(op)
	if t := s.winogradTile(op); t != nil {
		return s.winograd(t)
	}
	return s.prepare()
}

func (c *call) pairSliding(op *chip.ConvInt8) *pairSliding {
	x, y := c.ins[0].Shape, c.outs[0].Shape
	s := &pairSliding{integer: op.Integer, in: x[3] / op.Groups}
	s.sliding = sliding{call: c, n: x[0], h: x[1], w: x[2], c: op.Groups * ((s.in + 1) / 2), rows: y[1], cols: y[2], k: y[3], groups: op.Groups,
		stepH: op.StrideH, stepW: op.StrideW, originH: -op.PadTop, originW: -op.PadLeft}
	for i := range op.KH * op.KW {
		s.taps = append(s.taps, tap{i / op.KW * op.DilationH, i % op.KW * op.DilationW, i})
	}
	s.spanH, s.spanW = (op.KH-1)*op.DilationH+1, (op.KW-1)*op.DilationW+1
	return s
}

// pairGemm prepares an integer matrix product as a convolution of pixels.
func (c *call) pairGemm(op *chip.GemmInt8) kernel {
	k, n := c.ins[1].Shape[0], c.ins[1].Shape[1]
	s := &pairSliding{integer: op.Integer, in: k}
	s.sliding = sliding{call: c, n: c.outs[0].Len() / n, h: 1, w: 1, c: (k + 1) / 2, rows: 1, cols: 1, k: n, groups: 1,
		stepH: 1, stepW: 1, taps: []tap{{}}, spanH: 1, spanW: 1}
	return s.prepare()
}

func (s *pairSliding) prepare() kernel {
	s.panels = s.tier.pairTile.panelsOf(s.k / s.groups)
	s.pixel = apart(s.c, s.stepW)
	s.planUnits(pairPositions, 96)
	if s.cutChunks(s.tier.pairTile); s.pixel != s.c {
		s.cutTaps()
	}
	for i := range s.unit.images * s.unit.rows * s.cols {
		image, row, col := i/(s.unit.rows*s.cols), i/s.cols%s.unit.rows, i%s.cols
		h, w := image*s.stripRows(s.unit.rows)+row*s.stepH, col*s.stepW
		s.at = append(s.at, uintptr(4*(h*s.stripWidth()+w)*s.pixel))
	}
	s.sumsAt = s.unit.images * s.stripRows(s.unit.rows) * s.stripWidth() * s.pixel
	s.wantLocal(s.sumsAt + len(s.at)*s.tier.pairTile.cols)
	weights := &pairWeights{len(s.taps), s.in, s.k / s.groups, s.groups, s.panels}
	packed, pack := s.call.packed(pairLayout{weights.taps, weights.in, weights.out, weights.groups}, s.groups*weights.groupLen(), s.groups*len(s.panels), func(dst []int16, w []int8, u int) {
		weights.pack(dst, w, u/len(s.panels), u%len(s.panels))
	})
	s.packed = packed
	s.finish = slices.Repeat([]requant{s.requant(s.integer)}, s.pool.threads)
	units := s.unit.count
	run := s.deal(units*s.colParts, len(s.at)*s.k/s.colParts*len(s.taps)*s.in, func(u, worker int) {
		s.runPairs(u%units, u/units, worker) // neighbours share panels
	})
	return inOrder(pack, run)
}

// deal makes a kernel of n parts of work products each, which workers take in
// turn; few products stay with one worker.
func (s *pairSliding) deal(n, work int, part func(u, worker int)) kernel {
	if n*work < 256*1024 || s.pool.threads == 1 {
		return func() error {
			for u := range n {
				part(u, 0)
			}
			return nil
		}
	}
	return func() error { s.pool.run(n, part); return nil }
}

// apart is the distance, at least n floats, to keep between pixels of which the
// kernel reads every step-th together: addresses that differ by multiples of
// 1024 bytes get in each other's way in the first-level cache.
func apart(n, step int) int {
	if n > 0 && n*step%256 == 0 {
		return n + 16
	}
	return n
}

// cutTaps makes each tap a segment of its own, as pixels are not side by side.
func (s *pairSliding) cutTaps() {
	steps := s.c / s.groups
	per := max(1, s.tier.pairTile.chunkSteps()/steps)
	s.chunks = nil
	for i, t := range s.taps {
		if i%per == 0 {
			s.chunks = append(s.chunks, chunk{steps: steps, from: i * steps})
		}
		c := &s.chunks[len(s.chunks)-1]
		a, row := 4*(t.h*s.stripWidth()+t.w)*s.pixel, 4*len(c.wide)*steps
		c.wide = append(c.wide, segment{a, row * s.tier.pairTile.cols})
		c.slim = append(c.slim, segment{a, row * s.tier.pairTile.narrow})
	}
}

// planUnits cuts the output into whole images or rows of one, of about most
// outputs. Where there are too few units for the workers they become smaller
// down to least outputs, and then the workers share the panels of each.
func (s *pairSliding) planUnits(most, least int) {
	threads, image := s.pool.threads, s.rows*s.cols
	row := max(1, s.stripWidth()*s.pixel)
	whole := s.stripRows(s.rows) * row
	if whole <= stripFloats && image <= 2*most {
		images := min(max(1, most/image), max(1, stripFloats/whole), max((s.n+2*threads-1)/(2*threads), (least+image-1)/image), s.n)
		s.unit = unitShape{images: images, rows: s.rows, perImage: 1, count: (s.n + images - 1) / images}
	} else {
		rows := min(max(1, (stripFloats/row-s.spanH)/s.stepH+1), max(1, most/s.cols), s.rows)
		per := (s.rows + rows - 1) / rows
		rows = (s.rows + per - 1) / per
		per = (s.rows + rows - 1) / rows
		s.unit = unitShape{images: 1, rows: rows, perImage: per, count: s.n * per}
	}
	s.colParts = 1
	if s.unit.count < 4*threads && s.unit.count%threads != 0 || s.unit.count < 2*threads && threads > 1 {
		s.colParts = min(len(s.panels), (4*threads+s.unit.count-1)/s.unit.count)
	}
}

// unitWork returns what unit u is and fills the worker's strip.
func (s *pairSliding) unitWork(u, worker int) work {
	w := s.workOf(u)
	w.imageFloats = s.stripRows(w.rows) * s.stripWidth() * s.pixel
	w.base = addressOf(s.locals[worker])
	s.fillPairs(s.locals[worker][:w.images*w.imageFloats], w)
	return w
}

// partOf is one part of the panels.
func (s *pairSliding) partOf(part int) []panel {
	n := len(s.panels)
	return s.panels[part*n/s.colParts : (part+1)*n/s.colParts]
}

// runPairs computes one part of the panels of unit u.
func (s *pairSliding) runPairs(u, part, worker int) {
	w := s.unitWork(u, worker)
	sums := addressOf(s.locals[worker][s.sumsAt:])
	q := &s.finish[worker]
	q.n = w.images * w.rows * s.cols
	first := (w.image*s.rows + w.row) * s.cols
	half := s.c / s.groups
	weights, depth := s.packedWeights(), len(s.taps)*half
	for g := range s.groups {
		for _, p := range s.partOf(part) {
			q.sums, q.sumStep = sums, 4*p.width
			q.place(s.call, first, g*(s.k/s.groups)+p.j)
			b := weights + uintptr(4*(g*depth*packedWidth(s.panels)+p.at*depth))
			for i := range s.chunks {
				s.sumChunk(&s.chunks[i], p, w.base+uintptr(4*g*half), b, sums, q.n, worker)
			}
			s.tier.finish(q, p)
		}
	}
}

func (s *pairSliding) packedWeights() uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s.packed)))
}

// sumChunk adds up n outputs of a panel over a chunk of the steps.
func (s *pairSliding) sumChunk(c *chunk, p panel, strip, b, sums uintptr, n, worker int) {
	t, rows := s.tile(worker), s.tier.pairTile.rows
	t.nseg, t.steps, t.add = len(c.wide), c.steps, min(c.from, 1)
	run, segs := s.tier.widePairs, c.wide
	if p.width != s.tier.pairTile.cols {
		run, segs = s.tier.slimPairs, c.slim
	}
	t.b, t.segs = b+uintptr(4*c.from*p.width), uintptr(unsafe.Pointer(unsafe.SliceData(segs)))
	for i := 0; i < n; i += rows {
		at := s.at[i:min(n, i+rows)]
		for r, a := range at {
			t.a[r] = strip + a
		}
		for r := len(at); r < rows; r++ {
			t.a[r] = t.a[0]
		}
		t.setOut(sums+uintptr(4*i*p.width), 4*p.width, len(at), rows, s.spare(worker))
		run(t)
	}
}

// fillPairs writes the inputs that a unit needs as pairs, less the zero point,
// which so is what lies around them.
func (s *pairSliding) fillPairs(strip []float32, w work) {
	x, width := address(s.call.in[0]), s.stripWidth()
	channels := s.in * s.groups
	left := min(max(0, -s.originW), width)
	n := max(0, min(width-left, s.w-max(0, s.originW)))
	for i := range w.images {
		for r := range s.stripRows(w.rows) {
			dst := strip[i*w.imageFloats+r*width*s.pixel:][:width*s.pixel]
			h := w.row*s.stepH + s.originH + r
			if h < 0 || h >= s.h {
				clear(dst)
				continue
			}
			clear(dst[:left*s.pixel])
			src := x + uintptr((((w.image+i)*s.h+h)*s.w+max(0, s.originW))*channels)
			s.centrePixels(addressOf(dst)+uintptr(4*left*s.pixel), src, n)
			clear(dst[(left+n)*s.pixel:])
		}
	}
}

// centrePixels writes n pixels. An odd last channel of a group gets a zero beside it.
func (s *pairSliding) centrePixels(dst, src uintptr, n int) {
	channels := s.in * s.groups
	switch {
	case s.in%2 == 0 && s.pixel == s.c:
		s.tier.centre(dst, src, n*channels, s.integer.ZeroX)
	case s.in%2 == 0:
		for range n {
			s.tier.centre(dst, src, channels, s.integer.ZeroX)
			dst, src = dst+uintptr(4*s.pixel), src+uintptr(channels)
		}
	default:
		for range n {
			for g := range s.groups {
				goCentre(dst+uintptr(4*g*(s.c/s.groups)), src+uintptr(g*s.in), s.in, s.integer.ZeroX)
				unsafe.Slice((*int16)(pointerAt(dst+uintptr(4*g*(s.c/s.groups)))), s.in+1)[s.in] = 0
			}
			dst, src = dst+uintptr(4*s.pixel), src+uintptr(channels)
		}
	}
}

// int16s allocates n zeroed integers at a multiple of 64 bytes.
func int16s(n int) []int16 { return unsafe.Slice((*int16)(alignedBytes(2*n)), n) }
