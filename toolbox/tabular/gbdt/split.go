package gbdt

import (
	"math"
	"math/rand/v2"
)

// split is a way to part the rows of a node.
type split struct {
	gain        float64
	column      int
	bin         int // the last value bin that goes left
	missingLeft bool
	left        uint64 // the left child's word
}

// finder looks for the best split of a node from its histogram.
type finder struct {
	pack *packing
	opts *Options
}

// score is twice what a leaf of s lowers the loss by.
func (f *finder) score(s sums) float64 { return s.g * s.g / (s.h + f.opts.L2 + 1e-12) }

// allowed reports whether a leaf of s is large enough.
func (f *finder) allowed(s sums) bool {
	return s.n >= float64(f.opts.MinRows)-0.5 && s.h >= f.opts.MinWeight
}

// try returns best or the split that the left word makes, whichever gains more.
func (f *finder) try(best *split, parent float64, total, left uint64, column, bin int, missingLeft bool) {
	l, r := f.pack.unpack(left), f.pack.unpack(total-left)
	if !f.allowed(l) || !f.allowed(r) {
		return
	}
	if gain := f.score(l) + f.score(r) - parent; gain > best.gain {
		*best = split{gain, column, bin, missingLeft, left}
	}
}

// column looks through one column's part of a histogram. best carries the best
// split of the columns before, and its gain is what must be surpassed.
func (f *finder) column(best *split, h []uint64, total uint64, column int, c *Column) {
	h = h[:stride]
	parent := f.score(f.pack.unpack(total))
	none := h[missing]
	bins := c.values()
	present := total - none
	var left uint64
	for b := 0; b < bins; b++ {
		w := h[b]
		if w == 0 {
			continue
		}
		left += w
		if left == present {
			if none != 0 { // every value against missing
				f.try(best, parent, total, left, column, bins-1, false)
			}
			break
		}
		f.try(best, parent, total, left, column, b, false)
		if none != 0 {
			f.try(best, parent, total, left+none, column, b, true)
		}
	}
}

// random tries one threshold drawn between the least and greatest bin.
func (f *finder) random(best *split, h []uint64, total uint64, column int, c *Column, rng *rand.Rand) {
	h = h[:stride]
	parent := f.score(f.pack.unpack(total))
	none := h[missing]
	first, last := c.values(), -1
	for b := range c.values() {
		if h[b] != 0 {
			first, last = min(first, b), b
		}
	}
	if first < last {
		cut := first + rng.IntN(last-first)
		var left uint64
		for b := first; b <= cut; b++ {
			left += h[b]
		}
		f.try(best, parent, total, left, column, cut, false)
		if none != 0 {
			f.try(best, parent, total, left+none, column, cut, true)
		}
	}
	if none != 0 && last >= 0 {
		f.try(best, parent, total, total-none, column, c.values()-1, false)
	}
}

// settle moves the threshold of s to the middle of the bins that are empty in
// this node, and sends missing values with the larger child if there are none.
func (f *finder) settle(s *split, h []uint64, total uint64, c *Column) {
	h = h[:stride]
	next := s.bin + 1
	for next < c.values() && h[next] == 0 {
		next++
	}
	if next < c.values() {
		s.bin = (s.bin + next - 1) / 2
	}
	if h[missing] == 0 {
		s.missingLeft = f.pack.unpack(s.left).n >= f.pack.unpack(total-s.left).n
	}
}

// threshold returns the float32 that s compares with.
func (s *split) threshold(c *Column) float32 {
	if s.bin >= len(c.Edges) {
		return float32(math.Inf(1))
	}
	return c.Edges[s.bin]
}
