package vision

import "math"

// plan is the shape of a residual network: a stem, then stages that halve the
// image until two or three pixels are left, then the maximum over places and a
// linear layer. A stage is a convolution, max pooling and a residual
// convolution; all are 3×3 with batch normalisation. Such networks learn from
// few passes over small images (Jordan 2024, arXiv:2404.00498, §3).
type plan struct {
	h, w, c int // of the images
	classes int
	width   int     // channels of the first stage
	drop    float32 // dropout before the linear layer
}

// stem is the first convolution, whose stride brings large images to at most
// 40 pixels.
func (p plan) stem() (channels, stride int) {
	return max(16, p.width/2), max(1, (max(p.h, p.w)+39)/40)
}

// stage is a convolution from in to out channels over places of an image,
// followed by pooling to a quarter of them.
type stage struct {
	in, out        int
	places, pooled int
}

// fewPlaces is the side of a tiny image.
const fewPlaces = 12

// stages lists the stages from the stem on.
func (p plan) stages() []stage {
	in, stride := p.stem()
	h, w := (p.h+stride-1)/stride, (p.w+stride-1)/stride
	out := p.width
	if min(h, w) <= fewPlaces { // more channels at once
		out *= 2
	}
	var list []stage
	for min(h, w) >= 4 {
		s := stage{in: in, out: out, places: h * w}
		h, w = h/2, w/2
		s.pooled = h * w
		list = append(list, s)
		in, out = out, 2*p.width
	}
	return list
}

// cost is the number of multiply-adds of one image forwards.
func (p plan) cost() float64 {
	channels, stride := p.stem()
	n := 9 * float64(p.c*channels) * float64((p.h/stride)*(p.w/stride))
	for _, s := range p.stages() {
		n += 9 * float64(s.out) * float64(s.in*s.places+s.out*s.pooled)
	}
	return n
}

// The schedule that a configuration's factors scale.
const (
	epochsAt   = 130.0 // epochs for samplesAt samples
	samplesAt  = 1275.0
	workBudget = 9e12 // multiply-adds of a full training, forwards and backwards: four minutes on two cores at 75 GFLOP/s
)

// fullEpochs is the number of passes of a full schedule over n samples: more
// samples need fewer passes, but more steps.
func fullEpochs(n int) float64 {
	return min(max(epochsAt*math.Pow(samplesAt/float64(n), 0.615), 4), 250)
}

// fitWidth chooses the widest network whose full schedule over n samples stays
// within the work budget; tiny images need no wide one.
func (p plan) fitWidth(n int) int {
	passes := 3 * fullEpochs(n) * float64(n)
	best := 16
	for _, width := range []int{32, 48, 64} {
		p.width = width
		if p.cost()*passes <= workBudget && width <= max(32, 2*min(p.h, p.w)) {
			best = width
		}
	}
	return best
}
