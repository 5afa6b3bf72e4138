package vision

import "math"

// plan is the shape of a residual network: a stem, then stages that halve the
// image until about four pixels are left, each a strided convolution and a
// residual block, then the mean over places and a linear layer. Every
// convolution is 3×3 with batch normalisation (He et al. 2016, arXiv:1512.03385).
type plan struct {
	h, w, c int // of the images
	classes int
	width   int     // channels of the stem and the first stage
	drop    float32 // dropout before the linear layer
}

// stage is a convolution of some stride, followed by a residual block of the
// same width if deep.
type stage struct {
	in, out, stride int
	deep            bool
	places          int // of the output, height times width
}

// stages lists the convolutions of the network from the image on.
func (p plan) stages() []stage {
	h, w, in := p.h, p.w, p.c
	var out []stage
	add := func(channels, stride int, deep bool) {
		h, w = (h+stride-1)/stride, (w+stride-1)/stride
		out = append(out, stage{in, channels, stride, deep, h * w})
		in = channels
	}
	side := func() int { return min(h, w) }
	switch {
	case side() >= 40:
		add(p.width, 2, false)
		if side() >= 40 {
			add(p.width, 2, false)
		}
	case side() <= 12:
		add(p.width, 1, true)
	default:
		add(p.width, 1, false)
	}
	for channels := p.width; side() > 4; channels = min(2*channels, 4*p.width) {
		if channels < in || side() <= 12 && len(out) == 1 {
			channels = min(2*in, 4*p.width)
		}
		add(channels, 2, true)
	}
	return out
}

// cost is the number of multiply-adds of one image forwards.
func (p plan) cost() float64 {
	var n float64
	last := 0
	for _, s := range p.stages() {
		n += 9 * float64(s.in) * float64(s.out) * float64(s.places)
		if s.deep {
			n += 2 * 9 * float64(s.out) * float64(s.out) * float64(s.places)
		}
		last = s.out
	}
	return n + float64(last*p.classes)
}

// The schedule that a configuration's factors scale.
const (
	epochsAt   = 100.0 // epochs for samplesAt samples
	samplesAt  = 1275.0
	workBudget = 4.5e12 // multiply-adds of a full training, forwards and backwards: some three minutes on two cores
)

// fullEpochs is the number of passes of a full schedule over n samples: more
// samples need fewer passes, but more steps.
func fullEpochs(n int) float64 {
	return min(max(epochsAt*math.Pow(samplesAt/float64(n), 0.615), 4), 200)
}

// fitWidth chooses the widest network whose full schedule over n samples stays
// within the work budget.
func (p plan) fitWidth(n int) int {
	passes := 3 * fullEpochs(n) * float64(n)
	best := 16
	for _, width := range []int{24, 32, 48, 64} {
		p.width = width
		if p.cost()*passes <= workBudget {
			best = width
		}
	}
	return best
}
