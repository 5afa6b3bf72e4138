package cpu

// algorithm is how a 3×3 convolution that moves by one is computed.
type algorithm int

const (
	bestAlgorithm algorithm = iota // by shape
	direct
	winograd2 // F(2×2, 3×3)
	winograd4 // F(4×4, 3×3)
)

// Costs in cycles of one core. A matrix kernel ends a step of its tile each
// time all its accumulators were added to, two vectors in a cycle. A vector of
// a transformed patch takes about as long as the second-level cache takes to
// swallow or to yield it; arithmetic hides behind that. For 64 channels F(4×4)
// multiplies for 10 cycles and transforms for 4 for each output, where the
// direct convolution multiplies for 42. Few images have few outputs for each
// weight, and weights come from memory: those of F(4×4) are four times as many,
// those of F(2×2) 1.8 times.
const (
	tileCost      = 45.      // of a call of a matrix kernel beside its steps
	inputCost     = 8.       // of a vector of a transformed patch
	outputCost    = 6.       // of a vector that is transformed back
	weightsCost   = 7.       // of a vector of transformed weights
	readCost      = 5.       // of a vector of weights that were packed before the first run
	sumsCost      = 16.      // of a vector of the weights' gradients, which go through memory
	packCost      = 24.      // of a vector of weights of the direct convolution
	directPeak    = 0.85     // what the direct convolution reaches of the peak
	winogradGain  = 1.15     // less than this is not worth the rounding
	winogradLimit = 16 << 20 // floats of transformed weights
)

// costLanes are the floats of a vector in the costs above.
const costLanes = 8

// winogradShape is a convolution whose costs are compared.
type winogradShape struct {
	t             *tier
	n, rows, cols int // images and their outputs
	c, k          int
	gradWeight    bool
	fixed         bool // the weights can be packed before the first run
}

// pickWinograd chooses the transforms of a convolution, nil for the direct
// one. The choice depends on the shape, the tier and whether the weights are constant.
func (d *Device) pickWinograd(s winogradShape) *transforms {
	f2, f4 := d.tier.f2, d.tier.f4
	switch {
	case f2 == nil || min(s.c, s.k) < f2.least || d.algorithm == direct:
		return nil
	case d.algorithm == winograd2:
		return f2
	case d.algorithm == winograd4:
		return f4
	}
	var best *transforms
	least := s.direct() / winogradGain
	for _, f := range []*transforms{f2, f4} {
		if cost := s.cost(f); cost < least && (f.m+2)*(f.m+2)*s.c*s.k <= winogradLimit {
			best, least = f, cost
		}
	}
	return best
}

// products is the cost of m×n sums of so many steps.
func (s *winogradShape) products(m, n, steps int) float64 {
	calls := float64(ceil(m, s.t.rows)) * float64(ceil(n, s.t.cols))
	cells := float64(s.t.rowsFor(m)) * float64(packedWidth(s.t.panelsOf(n)))
	return cells/(2*costLanes)*float64(steps) + calls*tileCost
}

func (s *winogradShape) direct() float64 {
	weights := 9 * float64(s.c) * float64(s.k)
	sums := float64(s.n*s.rows*s.cols) * weights / (2 * costLanes)
	if s.fixed {
		return sums/directPeak + readCost*weights/costLanes
	}
	return sums/directPeak + packCost*weights/costLanes
}

func (s *winogradShape) cost(f *transforms) float64 {
	elements := (f.m + 2) * (f.m + 2)
	patches := s.n * ceil(s.rows, f.m) * ceil(s.cols, f.m)
	c, k := float64(ceil(s.c, costLanes)), float64(ceil(s.k, costLanes)) // vectors
	if s.gradWeight {
		return float64(elements) * (s.products(s.c, s.k, patches) + float64(patches)*(c+k)*inputCost + float64(s.c)*k*sumsCost)
	}
	weights := weightsCost
	if s.fixed && elements*s.c*s.k <= readyFloats {
		weights = readCost
	}
	return float64(elements) * (s.products(patches, s.k, s.c) + float64(patches)*(c*inputCost+k*outputCost) + float64(s.c)*k*weights)
}

func ceil(n, d int) int { return (n + d - 1) / d }
