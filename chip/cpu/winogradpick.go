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
// direct convolution multiplies for 42.
const (
	tileCost      = 45.      // of a call of a matrix kernel beside its steps
	inputCost     = 8.       // of a vector of a transformed patch
	outputCost    = 6.       // of a vector that is transformed back
	weightsCost   = 7.       // of a vector of transformed weights
	sumsCost      = 16.      // of a vector of the weights' gradients, which go through memory
	packCost      = 3.       // of one weight of the direct convolution
	directPeak    = 0.85     // what the direct convolution reaches of the peak
	winogradGain  = 1.15     // less than this is not worth the rounding
	winogradLimit = 16 << 20 // floats of transformed weights
)

// winogradShape is a convolution whose costs are compared.
type winogradShape struct {
	t             *tier
	n, rows, cols int // images and their outputs
	c, k          int
	gradWeight    bool
}

// pickWinograd chooses the transforms of a convolution, nil for the direct
// one. The choice depends on the shape and the tier alone.
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

// tiles is how many calls of matrix kernels m×n sums take, and the cost of a step.
func (s *winogradShape) tiles(m, n int) (count, step float64) {
	t := s.t
	return float64(ceil(m, t.rows)) * float64(ceil(n, t.cols)), float64(t.rows*t.cols) / float64(2*t.f2.least)
}

func (s *winogradShape) direct() float64 {
	weights := 9 * float64(s.c) * float64(s.k)
	return float64(s.n*s.rows*s.cols)*weights/float64(2*s.t.f2.least)/directPeak + packCost*weights
}

func (s *winogradShape) cost(f *transforms) float64 {
	elements := float64((f.m + 2) * (f.m + 2))
	patches := s.n * ceil(s.rows, f.m) * ceil(s.cols, f.m)
	c, k := float64(ceil(s.c, f.least)), float64(ceil(s.k, f.least)) // vectors
	if s.gradWeight {
		tiles, step := s.tiles(s.c, s.k)
		return elements * (tiles*(step*float64(patches)+tileCost) +
			float64(patches)*(c+k)*inputCost + float64(s.c)*k*sumsCost)
	}
	tiles, step := s.tiles(patches, s.k)
	return elements * (tiles*(step*float64(s.c)+tileCost) +
		float64(patches)*(c*inputCost+k*outputCost) + float64(s.c)*k*weightsCost)
}

func ceil(n, d int) int { return (n + d - 1) / d }
