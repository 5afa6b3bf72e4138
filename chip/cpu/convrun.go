package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// kernel computes all units; the packed weights are ready.
func (s *sliding) kernel() kernel {
	units, n := s.unit.count, len(s.panels)
	work := 2 * s.rows * s.cols * s.k * len(s.taps) * s.c / s.groups * s.n / max(1, units*s.parts)
	return s.each(units*s.parts, 1+128*1024/max(1, work), func(lo, hi, worker int) {
		for u := lo; u < hi; u++ { // neighbours share panels
			part := u / units
			s.runUnit(u%units, s.panels[part*n/s.parts:(part+1)*n/s.parts], worker)
		}
	})
}

// work is one unit while it is computed.
type work struct {
	image, images int // which images
	row, rows     int // which output rows of each
	base          uintptr
	imageFloats   int // from one image to the next in base
	panels        []panel
}

// workOf is which images and rows unit u covers.
func (s *sliding) workOf(u int) work {
	w := work{images: 1, rows: s.rows}
	if s.unit.perImage > 1 {
		w.image, w.row = u/s.unit.perImage, u%s.unit.perImage*s.unit.rows
		w.rows = min(s.unit.rows, s.rows-w.row)
	} else {
		w.image = u * s.unit.images
		w.images = min(s.unit.images, s.n-w.image)
	}
	return w
}

func (s *sliding) runUnit(u int, panels []panel, worker int) {
	w := s.workOf(u)
	w.panels = panels
	if s.inPlace {
		w.imageFloats = s.h * s.w * s.c
		w.base = address(s.in) + uintptr(4*(w.image*w.imageFloats+((w.row*s.stepH+s.originH)*s.w+s.originW)*s.c))
	} else {
		w.imageFloats = s.stripRows(w.rows) * s.stripWidth() * s.c
		strip := s.locals[worker][:w.images*w.imageFloats]
		s.fillStrip(strip, w)
		w.base = addressOf(strip)
	}
	for g := range s.groups {
		for i := range s.chunks {
			s.runChunk(&w, &s.chunks[i], g, i, worker)
		}
	}
	if s.act == chip.SiLU || s.act == chip.GELU {
		s.activate(&w)
	}
}

// activate applies an activation that is not part of the matrix kernels.
func (s *sliding) activate(w *work) {
	y := s.out.f32()
	for i := range w.images {
		at := s.outAt + (w.image+i)*s.outImage + w.row*s.outRow
		if len(w.panels) == len(s.panels) {
			s.tier.activate(y[at:at+w.rows*s.outRow], s.act)
			continue
		}
		from, n := at+w.panels[0].j, columnsOf(w.panels)
		for range w.rows * s.cols {
			s.tier.activate(y[from:from+n], s.act)
			from += s.k
		}
	}
}

// fillStrip copies the input that a unit needs, with zeros around it.
func (s *sliding) fillStrip(strip []float32, w work) {
	x, width := s.in.f32(), s.stripWidth()
	left := min(max(0, -s.originW), width)
	n := max(0, min(width-left, s.w-max(0, s.originW)))
	first := max(0, s.originW) * s.c
	for i := range w.images {
		for r := range s.stripRows(w.rows) {
			dst := strip[i*w.imageFloats+r*width*s.c:][:width*s.c]
			h := w.row*s.stepH + s.originH + r
			if h < 0 || h >= s.h {
				clear(dst)
				continue
			}
			clear(dst[:left*s.c])
			from := ((w.image+i)*s.h+h)*s.w*s.c + first
			copy(dst[left*s.c:(left+n)*s.c], x[from:])
			clear(dst[(left+n)*s.c:])
		}
	}
}

// runChunk multiplies a unit's windows by one chunk of a group's weights.
func (s *sliding) runChunk(w *work, c *chunk, g, index, worker int) {
	cg, kg := s.c/s.groups, s.k/s.groups
	t, depth := s.tile(worker), len(s.taps)*cg
	t.nseg, t.steps, t.sa = len(c.wide), c.steps, 4
	t.alpha, t.floor, t.add = 1, noFloor, min(index, 1)
	last := index == len(s.chunks)-1
	if last && s.act == chip.ReLU {
		t.floor = 0
	}
	weights := addressOf(s.weights)
	if s.weights == nil {
		weights = addressOf(s.shared) + uintptr(4*s.packed)
	}
	weights += uintptr(4 * g * depth * packedWidth(s.panels))
	for _, p := range w.panels {
		t.bias = 0
		t.setColumns(p.n, p.width)
		if last && s.bias != nil {
			t.bias = address(s.bias) + uintptr(4*(g*kg+p.j))
		}
		t.sb, t.b = 4*p.width, weights+uintptr(4*(p.at*depth+c.from*p.width))
		segs := c.wide
		if p.width != s.tier.cols {
			segs = c.slim
		}
		t.segs = uintptr(unsafe.Pointer(unsafe.SliceData(segs)))
		s.runTiles(w, t, p.width, g*cg, g*kg+p.j, worker)
	}
}

// runTiles walks the unit's outputs. A tile may reach over the ends of rows
// and images.
func (s *sliding) runTiles(w *work, t *tile, width, fromC, toC, worker int) {
	run, rows, spare, filled := s.tier.over(width), s.tier.rows, s.spare(worker), 0
	rowBytes, colBytes := uintptr(4*s.stepH*s.stripWidth()*s.c), uintptr(4*s.stepW*s.c)
	for i := range w.images {
		a0 := w.base + uintptr(4*(i*w.imageFloats+fromC))
		c0 := address(s.out) + uintptr(4*(s.outAt+(w.image+i)*s.outImage+w.row*s.outRow+toC))
		for range w.rows {
			a, c := a0, c0
			for range s.cols {
				t.a[filled], t.c[filled] = a, c
				a, c = a+colBytes, c+uintptr(4*s.outCol)
				if filled++; filled == rows {
					run(t)
					filled = 0
				}
			}
			a0, c0 = a0+rowBytes, c0+uintptr(4*s.outRow)
		}
	}
	if filled > 0 {
		for r := filled; r < rows; r++ {
			t.a[r], t.c[r] = t.a[0], spare
		}
		s.tier.fewest(filled, width).run(t)
	}
}
