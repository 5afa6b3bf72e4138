package vision

import (
	"math/rand/v2"
	"sync"

	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/train"
)

// samples are rows of pixels with their labels: a train.Source whose batches
// hold images float32 [N,H,W,C] from 0 to 255 and, when learnt from, labels
// int64 [N]; with CutMix also the partners' labels int64 [N] and the share
// float32 [N] of an image that is its own.
type samples struct {
	px      *pixels
	rows    []int
	labels  []int32
	augment Augment

	canvases sync.Pool
}

// newSamples serves some samples of a problem, seen as l says.
func newSamples(px *pixels, at []int, labels []int32, l look, a Augment) *samples {
	s := &samples{px: px, rows: px.of(at), augment: a}
	for _, i := range at {
		s.labels = append(s.labels, labels[i])
	}
	s.canvases.New = func() any { return newCanvas(px.h, px.w, px.c, l.mean, l.fill) }
	return s
}

func (s *samples) Len() int { return len(s.rows) }

func (s *samples) imageInput() train.Input {
	return train.Input{Name: "image", DType: tensor.Float32, Dims: []int{s.px.h, s.px.w, s.px.c}}
}

func (s *samples) inputs() []train.Input {
	in := []train.Input{s.imageInput(), {Name: "label", DType: tensor.Int64}}
	if s.augment.CutMix > 0 {
		in = append(in, train.Input{Name: "partner", DType: tensor.Int64}, train.Input{Name: "own", DType: tensor.Float32})
	}
	return in
}

// Fill implements train.Source.
func (s *samples) Fill(batch []*tensor.Tensor, index []int, r *rand.Rand) {
	images := batch[0].Float32s()
	n := s.px.h * s.px.w * s.px.c
	canvas := s.canvases.Get().(*canvas)
	defer s.canvases.Put(canvas)
	for i, sample := range index {
		out := images[i*n:][:n]
		if r == nil {
			s.px.load(s.rows[sample], out)
		} else {
			canvas.paint(s.px, s.rows[sample])
			s.augment.draw(canvas, out, r)
		}
	}
	if len(batch) == 1 {
		return
	}
	labels := batch[1].Int64s()
	for i, sample := range index {
		labels[i] = int64(s.labels[sample])
	}
	if len(batch) > 2 {
		s.mix(images, labels, batch[2].Int64s(), batch[3].Float32s(), r)
	}
}

// mix lets neighbours in a batch exchange rectangles.
func (s *samples) mix(images []float32, labels, partner []int64, own []float32, r *rand.Rand) {
	n := s.px.h * s.px.w * s.px.c
	for i := range labels {
		partner[i], own[i] = labels[i], 1
	}
	for i := 0; r != nil && i+1 < len(labels); i += 2 {
		if r.Float32() >= s.augment.CutMix {
			continue
		}
		share := cutMix(images[i*n:][:n], images[(i+1)*n:][:n], s.px.h, s.px.w, s.px.c, r)
		partner[i], partner[i+1] = labels[i+1], labels[i]
		own[i], own[i+1] = share, share
	}
}

// paint loads the image in a row onto the canvas.
func (k *canvas) paint(px *pixels, row int) {
	n := k.w * k.c
	for y := range k.h {
		px.loadRow(row, y, k.row(y)[:n])
	}
}
