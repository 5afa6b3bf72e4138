package cpu

import (
	"slices"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// intSliding is an integer convolution on the plan of sliding, whose channels
// are words here: a unit's inputs are copied to a strip, zero points around them,
// and a panel at a time is summed up and requantised.
type intSliding struct {
	sliding
	integer  chip.Integer
	in       int // channels of a group
	pixel    int // floats from one pixel of the strip to the next
	terms    int // of a word of the strip
	packed   []int32
	sums     []int32   // of each output's weights
	biases   []int32   // less the zero points' share
	at       []uintptr // of a unit's outputs: bytes from the strip's start to what they read
	colParts int       // a unit's panels are dealt to so many workers
	sumsAt   int       // where a worker's sums begin in its scratch
	finish   []requant // of each worker
}

// intPositions is about how many outputs a unit has: their sums in a panel of
// 16 are 16 KiB, half of a first-level cache.
const intPositions = 256

// intConv prepares an integer convolution.
func (c *call) intConv(op *chip.ConvInt8) kernel {
	s := c.intSliding(op)
	if t := s.winogradTile(op); t != nil {
		return s.winograd(t)
	}
	return s.prepare()
}

func (c *call) intSliding(op *chip.ConvInt8) *intSliding {
	x, y := c.ins[0].Shape, c.outs[0].Shape
	s := &intSliding{integer: op.Integer, in: x[3] / op.Groups, terms: c.tier.terms}
	s.sliding = sliding{call: c, n: x[0], h: x[1], w: x[2], c: op.Groups * ceil(s.in, s.terms), rows: y[1], cols: y[2], k: y[3], groups: op.Groups,
		stepH: op.StrideH, stepW: op.StrideW, originH: -op.PadTop, originW: -op.PadLeft}
	for i := range op.KH * op.KW {
		s.taps = append(s.taps, tap{i / op.KW * op.DilationH, i % op.KW * op.DilationW, i})
	}
	s.spanH, s.spanW = (op.KH-1)*op.DilationH+1, (op.KW-1)*op.DilationW+1
	return s
}

// intGemm prepares an integer matrix product as a convolution of pixels.
func (c *call) intGemm(op *chip.GemmInt8) kernel {
	k, n := c.ins[1].Shape[0], c.ins[1].Shape[1]
	s := &intSliding{integer: op.Integer, in: k, terms: c.tier.terms}
	s.sliding = sliding{call: c, n: c.outs[0].Len() / n, h: 1, w: 1, c: ceil(k, s.terms), rows: 1, cols: 1, k: n, groups: 1,
		stepH: 1, stepW: 1, taps: []tap{{}}, spanH: 1, spanW: 1}
	return s.prepare()
}

func (s *intSliding) prepare() kernel {
	s.panels = s.tier.intShape.panelsOf(s.k / s.groups)
	s.pixel = apart(s.c, s.stepW)
	s.planUnits(intPositions, 96)
	if s.cutChunks(s.tier.intShape); s.pixel != s.c {
		s.cutTaps()
	}
	for i := range s.unit.images * s.unit.rows * s.cols {
		image, row, col := i/(s.unit.rows*s.cols), i/s.cols%s.unit.rows, i%s.cols
		h, w := image*s.stripRows(s.unit.rows)+row*s.stepH, col*s.stepW
		s.at = append(s.at, uintptr(4*(h*s.stripWidth()+w)*s.pixel))
	}
	s.sumsAt = s.unit.images * s.stripRows(s.unit.rows) * s.stripWidth() * s.pixel
	s.wantLocal(s.sumsAt + len(s.at)*s.tier.intShape.cols)
	weights := &intWeights{len(s.taps), s.in, s.k / s.groups, s.groups, s.terms, s.panels}
	pack := s.pack(intLayout{weights.taps, weights.in, weights.out, weights.groups}, s.groups*weights.groupLen(), s.groups*len(s.panels), func(words, sums []int32, w []int8, u int) {
		weights.pack(words, sums, w, u/len(s.panels), u%len(s.panels))
	})
	units := s.unit.count
	run := s.deal(units*s.colParts, len(s.at)*s.k/s.colParts*len(s.taps)*s.in, func(u, worker int) {
		s.runUnit(u%units, u/units, worker) // neighbours share panels
	})
	return inOrder(pack, run)
}

// pack prepares n words of weights, in units that one writes, and the epilogue. The
// kernel that it returns comes before the products.
func (s *intSliding) pack(layout any, n, units int, one func(words, sums []int32, w []int8, u int)) kernel {
	var pack kernel
	s.packed, s.sums, pack = s.call.packed(layout, n, s.k, units, one)
	s.biases = make([]int32, s.k)
	s.finish = slices.Repeat([]requant{s.requant(s.integer)}, s.pool.threads)
	return inOrder(pack, func() error {
		zero := int32(s.integer.ZeroX)
		for k, b := range of[int32](s.call.in[2])[:s.k] {
			s.biases[k] = b - zero*s.sums[k]
		}
		return nil
	})
}

// place sets the results that the epilogue writes; see requant.
func (s *intSliding) place(q *requant, row, j int) {
	q.place(s.call, row, j)
	q.bias = uintptr(unsafe.Pointer(&s.biases[j]))
}

// deal makes a kernel of n parts of work products each, which workers take in
// turn; few products stay with one worker.
func (s *intSliding) deal(n, work int, part func(u, worker int)) kernel {
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
func (s *intSliding) cutTaps() {
	steps := s.c / s.groups
	per := max(1, s.tier.intShape.chunkSteps()/steps)
	s.chunks = nil
	for i, t := range s.taps {
		if i%per == 0 {
			s.chunks = append(s.chunks, chunk{steps: steps, from: i * steps})
		}
		c := &s.chunks[len(s.chunks)-1]
		a, row := 4*(t.h*s.stripWidth()+t.w)*s.pixel, 4*len(c.wide)*steps
		c.wide = append(c.wide, segment{a, row * s.tier.intShape.cols})
		c.slim = append(c.slim, segment{a, row * s.tier.intShape.narrow})
	}
}

// planUnits cuts the output into whole images or rows of one, of about most
// outputs. Where there are too few units for the workers they become smaller
// down to least outputs, and then the workers share the panels of each.
func (s *intSliding) planUnits(most, least int) {
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
func (s *intSliding) unitWork(u, worker int) work {
	w := s.workOf(u)
	w.imageFloats = s.stripRows(w.rows) * s.stripWidth() * s.pixel
	w.base = addressOf(s.locals[worker])
	s.fillWords(s.locals[worker][:w.images*w.imageFloats], w)
	return w
}

// partOf is one part of the panels.
func (s *intSliding) partOf(part int) []panel {
	n := len(s.panels)
	return s.panels[part*n/s.colParts : (part+1)*n/s.colParts]
}

// runUnit computes one part of the panels of unit u.
func (s *intSliding) runUnit(u, part, worker int) {
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
			s.place(q, first, g*(s.k/s.groups)+p.j)
			b := weights + uintptr(4*(g*depth*packedWidth(s.panels)+p.at*depth))
			for i := range s.chunks {
				s.sumChunk(&s.chunks[i], p, w.base+uintptr(4*g*half), b, sums, q.n, worker)
			}
			s.tier.finish(q, p)
		}
	}
}

func (s *intSliding) packedWeights() uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s.packed)))
}

// sumChunk adds up n outputs of a panel over a chunk of the steps.
func (s *intSliding) sumChunk(c *chunk, p panel, strip, b, sums uintptr, n, worker int) {
	t, rows := s.tile(worker), s.tier.intShape.rows
	t.nseg, t.steps, t.add = len(c.wide), c.steps, min(c.from, 1)
	run, segs := s.tier.wideWords, c.wide
	if p.width != s.tier.intShape.cols {
		run, segs = s.tier.slimWords, c.slim
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

// fillWords writes the inputs that a unit needs, and zero points around them.
func (s *intSliding) fillWords(strip []float32, w work) {
	x, width := address(s.call.in[0]), s.stripWidth()
	channels := s.in * s.groups
	left := min(max(0, -s.originW), width)
	n := max(0, min(width-left, s.w-max(0, s.originW)))
	for i := range w.images {
		for r := range s.stripRows(w.rows) {
			dst := strip[i*w.imageFloats+r*width*s.pixel:][:width*s.pixel]
			h := w.row*s.stepH + s.originH + r
			if h < 0 || h >= s.h {
				s.fillZeros(dst)
				continue
			}
			s.fillZeros(dst[:left*s.pixel])
			src := x + uintptr((((w.image+i)*s.h+h)*s.w+max(0, s.originW))*channels)
			s.copyPixels(addressOf(dst)+uintptr(4*left*s.pixel), src, n)
			s.fillZeros(dst[(left+n)*s.pixel:])
		}
	}
}

// fillZeros writes words of zero points.
func (s *intSliding) fillZeros(dst []float32) {
	word := int32(0)
	for i := range s.terms {
		word |= inWord(int32(s.integer.ZeroX), i, s.terms)
	}
	words := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst))
	for i := range words {
		words[i] = word
	}
}

// copyPixels writes n pixels, as much at once as lies side by side on both sides.
// What fills a group's last word up has no weight.
func (s *intSliding) copyPixels(dst, src uintptr, n int) {
	groups, run := s.groups, s.in
	if s.in%s.terms == 0 {
		groups, run = 1, s.groups*s.in
		if s.pixel == s.c {
			n, run = 1, n*run
		}
	}
	for range n {
		for g := range groups {
			s.copyInputs(dst+uintptr(4*g*(s.c/groups)), src, run)
			src += uintptr(run)
		}
		dst += uintptr(4 * s.pixel)
	}
}

// copyInputs writes n inputs to words.
func (s *intSliding) copyInputs(dst, src uintptr, n int) {
	if s.terms == 2 {
		s.tier.widenBytes(dst, src, n)
		return
	}
	copy(unsafe.Slice((*uint8)(pointerAt(dst)), n), unsafe.Slice((*uint8)(pointerAt(src)), n))
}
