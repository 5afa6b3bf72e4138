package cpu

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// sliding is a convolution as the matrix kernels see it: output (a, b) reads
// the input at (a·stepH + originH + tap.h, b·stepW + originW + tap.w), zero
// outside the image. The forward pass is one of these; the gradient by the
// input is one for each phase of the stride.
type sliding struct {
	*call
	n, h, w, c   int // input
	rows, cols   int // outputs of an image
	k            int // output channels
	groups       int
	stepH, stepW int
	originH      int
	originW      int
	taps         []tap // in the order in which their weights are packed
	spanH, spanW int   // 1 + the largest tap

	in, out  *view
	outAt    int // where output (0, 0) is, in floats, and how outputs are spaced
	outImage int
	outRow   int
	outCol   int

	bias *view
	act  chip.Activation

	panels  []panel // of one group's output channels
	chunks  []chunk
	weights []float32 // packed before the first run; nil where every run packs them
	packed  int       // where they are in the shared scratch then
	unit    unitShape
	parts   int  // of a unit: its panels are dealt to so many workers
	inPlace bool // every tap lies inside the image: no padded copy is needed
}

// tap is one position of the window.
type tap struct {
	h, w int // offset in the input, at least 0
	at   int // which of the KH·KW weights
}

// chunk is a part of the reduction whose packed panel fits a first-level cache.
type chunk struct {
	wide, slim []segment // for wide panels and for one that is not
	steps      int       // of each segment
	from       int       // first row of the packed panels
}

// unitShape is how much of the output one worker computes at a time: either
// whole images or some rows of one.
type unitShape struct {
	images, rows int
	perImage     int // units of an image, when images is 1
	count        int
}

// stripFloats bounds the padded copy of the input that a unit works from, so
// that it stays in the second-level cache.
const stripFloats = 40 * 1024

func (s *sliding) plan() {
	s.inPlace = len(s.taps) == 0 || s.originH >= 0 && s.originW >= 0 &&
		s.originH+(s.rows-1)*s.stepH+s.spanH <= s.h && s.originW+(s.cols-1)*s.stepW+s.spanW <= s.w
	s.panels = s.tier.panelsOf(s.k / s.groups)
	s.unit, s.parts = s.unitShape(), 1
	if want := 2 * s.pool.threads; s.groups == 1 && s.unit.count < want {
		s.parts = min(len(s.panels), ceil(want, s.unit.count))
	}
	if !s.inPlace {
		s.wantLocal(s.unit.images * s.stripRows(s.unit.rows) * s.stripWidth() * s.c)
	}
	s.cutChunks(s.tier.tileShape)
}

// stripWidth is the columns of the padded copy.
func (s *sliding) stripWidth() int {
	if s.inPlace {
		return s.w
	}
	return (s.cols-1)*s.stepW + s.spanW
}

// stripRows is how many input rows some output rows need.
func (s *sliding) stripRows(rows int) int { return (rows-1)*s.stepH + s.spanH }

// unitShape makes twice as many units as there are workers, as long as a part of
// an image keeps some whole tiles.
func (s *sliding) unitShape() unitShape {
	want := 2 * s.pool.threads
	row := s.stripWidth() * s.c
	fit := max(1, (stripFloats/row-s.spanH)/s.stepH+1) // rows of a unit
	u := unitShape{images: 1, rows: s.rows, perImage: 1}
	if s.n >= want && fit >= s.rows {
		u.images = max(1, min(stripFloats/(s.stripRows(s.rows)*row), s.n/want, 1+256/(s.rows*s.cols)))
	} else {
		parts := ceil(s.rows, min(fit, s.rows))
		if s.n < want {
			parts = max(parts, min(ceil(want, s.n), s.rows*s.cols/(4*s.tier.rows), s.rows))
		}
		u.rows = ceil(s.rows, parts)
		u.perImage = ceil(s.rows, u.rows)
	}
	u.count = ceil(s.n, u.images) * u.perImage
	return u
}

// cutChunks turns taps into segments. Taps that are neighbours in a row are
// one segment, as their channels lie side by side.
func (s *sliding) cutChunks(size tileShape) {
	cg := s.c / s.groups
	merged, last := 1, s.panels[len(s.panels)-1].width
	if s.groups == 1 {
		merged = s.mergeable(cg, size)
	}
	steps := merged * cg
	per := max(1, size.chunkSteps()/max(1, steps))
	for i := 0; i < len(s.taps); i += merged {
		n := len(s.chunks)
		if n == 0 || len(s.chunks[n-1].wide) == per {
			s.chunks = append(s.chunks, chunk{steps: steps, from: i * cg})
			n++
		}
		c := &s.chunks[n-1]
		t := s.taps[i]
		a, row := 4*(t.h*s.stripWidth()+t.w)*s.c, 4*len(c.wide)*steps
		c.wide = append(c.wide, segment{a, row * size.cols})
		c.slim = append(c.slim, segment{a, row * last})
	}
	if len(s.chunks) == 0 {
		s.chunks = []chunk{{}}
	}
}

// mergeable is how many successive taps form runs along a row, all of one length.
func (s *sliding) mergeable(cg int, size tileShape) int {
	run := 1
	for run < len(s.taps) && s.taps[run].h == s.taps[0].h {
		run++
	}
	if len(s.taps)%max(run, 1) != 0 || run*cg > size.chunkSteps() {
		return 1
	}
	for i, t := range s.taps {
		if first := s.taps[i/run*run]; t.h != first.h || t.w != first.w+i%run {
			return 1
		}
	}
	return run
}

// packedFloats is the size of the packed weights.
func (s *sliding) packedFloats() int {
	return len(s.taps) * s.c / s.groups * packedWidth(s.panels) * s.groups
}

// sortTaps orders taps as they lie in the input.
func sortTaps(taps []tap) {
	slices.SortFunc(taps, func(a, b tap) int {
		if a.h != b.h {
			return a.h - b.h
		}
		return a.w - b.w
	})
}
