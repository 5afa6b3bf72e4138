package quant

import "math"

// bins is the resolution of histograms, eight bins to a step of the grid.
const bins = 2048

// histogram counts values in equal bins over a range. Zeros, of which a ReLU
// leaves many and which every grid holds exactly, are counted apart: in a bin
// they would look like values around 0.
type histogram struct {
	Range
	count        [bins]float64
	total, zeros float64 // total is without zeros
}

func newHistogram(r Range) *histogram { return &histogram{Range: Range{min(r.Lo, 0), max(r.Hi, 0)}} }

func (h *histogram) width() float64 { return (float64(h.Hi) - float64(h.Lo)) / bins }

// at returns the middle of bin i.
func (h *histogram) at(i int) float64 { return float64(h.Lo) + (float64(i)+0.5)*h.width() }

func (h *histogram) add(values []float32) {
	for _, v := range values {
		if v == 0 {
			h.zeros++
			continue
		}
		h.count[h.bin(v)]++
		h.total++
	}
}

// bin returns the bin of v.
func (h *histogram) bin(v float32) int {
	return min(max(int((float64(v)-float64(h.Lo))/h.width()), 0), bins-1)
}

// choose returns the range by the method of c.
func (h *histogram) choose(c Calibration) Range {
	if h.width() == 0 {
		return h.Range
	}
	switch c.Method {
	case MSE:
		return h.best(h.squaredError)
	case Entropy:
		return h.best(h.divergence)
	}
	keep := c.Keep
	if keep == 0 {
		keep = 0.9999
	}
	count := h.count
	count[h.bin(0)] += h.zeros
	drop := (1 - keep) / 2 * (h.total + h.zeros)
	lo, hi := 0, bins-1
	for left := drop - count[lo]; left >= 0 && lo < hi; left -= count[lo] {
		lo++
	}
	for left := drop - count[hi]; left >= 0 && hi > lo; left -= count[hi] {
		hi--
	}
	return h.between(lo, hi)
}

// between is the range of bins lo to hi.
func (h *histogram) between(lo, hi int) Range {
	return Range{float32(float64(h.Lo) + float64(lo)*h.width()), float32(float64(h.Lo) + float64(hi+1)*h.width())}
}

// best shortens either end by turns in steps of 1/64 of its length, and returns
// the range of the least cost.
func (h *histogram) best(cost func(Range) float64) Range {
	const steps = 64
	best, least := h.Range, cost(h.Range)
	for range 2 {
		from := best
		for i := 1; i <= steps; i++ {
			for _, r := range []Range{{h.Lo * float32(i) / steps, from.Hi}, {from.Lo, h.Hi * float32(i) / steps}} {
				if c := cost(r); c < least {
					best, least = r, c
				}
			}
		}
	}
	return best
}

// squaredError is the sum of squared differences between values and their
// rounding on the grid of r.
func (h *histogram) squaredError(r Range) float64 {
	a, sum := r.Affine(), 0.0
	scale, zero := float64(a.Scale), float64(a.Zero)
	for i, n := range h.count {
		if n == 0 {
			continue
		}
		v := h.at(i)
		q := min(max(math.RoundToEven(v/scale)+zero, 0), 255)
		d := v - (q-zero)*scale
		// Within a bin values spread evenly; what rounds off within it counts too.
		sum += n * (d*d + h.width()*h.width()/12)
	}
	return sum
}

// divergence is Σ p·log(p/q) of the distribution p of the values clipped to r
// and the distribution q that is left when those inside share each grid step
// evenly among the step's bins that are not empty.
func (h *histogram) divergence(r Range) float64 {
	a := r.Affine()
	level := func(i int) int {
		return int(min(max(math.RoundToEven(h.at(i)/float64(a.Scale))+float64(a.Zero), 0), 255))
	}
	first, last := bins-1, 0
	for i := range h.count {
		if v := h.at(i); v >= float64(r.Lo) && v <= float64(r.Hi) {
			first, last = min(first, i), max(last, i)
		}
	}
	if first > last {
		return math.Inf(1)
	}
	var inside, filled [256]float64
	for i := first; i <= last; i++ {
		if h.count[i] > 0 {
			inside[level(i)] += h.count[i]
			filled[level(i)]++
		}
	}
	p := h.count
	for i, n := range h.count {
		switch {
		case i < first:
			p[first] += n
		case i > last:
			p[last] += n
		}
	}
	kept := 0.0
	for _, n := range inside {
		kept += n
	}
	if kept == 0 {
		return math.Inf(1)
	}
	sum := 0.0
	const floor = 1e-4 // of q's mass, where clipped values meet an empty bin
	for i := first; i <= last; i++ {
		if p[i] == 0 {
			continue
		}
		q := floor
		if h.count[i] > 0 {
			q = inside[level(i)] / filled[level(i)] / kept
		}
		sum += p[i] / h.total * math.Log(p[i]/h.total/q)
	}
	return sum
}
