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
	// of the node at hand
	total  uint64
	sums   sums
	parent float64 // its score
	rows   uint64  // fewest rows of a child by the count field; 0 without counts
}

// node turns to the node whose word is total.
func (f *finder) node(total uint64) {
	f.total, f.sums = total, f.pack.unpack(total)
	f.parent, f.rows = f.score(f.sums), 0
	if f.pack.counted {
		f.rows = uint64(f.opts.MinRows)
	}
}

// score is twice what a leaf of s lowers the loss by.
func (f *finder) score(s sums) float64 { return s.g * s.g / (s.h + f.opts.L2 + 1e-12) }

// allowed reports whether a leaf of s is large enough.
func (f *finder) allowed(s sums) bool {
	return s.n >= float64(f.opts.MinRows)-0.5 && s.h >= f.opts.MinWeight
}

// try returns best or the split that the left word makes, whichever gains more.
func (f *finder) try(best *split, left uint64, column, bin int, missingLeft bool) {
	l := f.pack.unpack(left)
	r := sums{f.sums.g - l.g, f.sums.h - l.h, f.sums.n - l.n}
	if !f.allowed(l) || !f.allowed(r) {
		return
	}
	if gain := f.score(l) + f.score(r) - f.parent; gain > best.gain {
		*best = split{gain, column, bin, missingLeft, left}
	}
}

// column looks through h, one column's part of a histogram. best carries the best
// split of the columns before, and its gain is what must be surpassed.
func (f *finder) column(best *split, h []uint64, column int, c *Column) {
	bins := c.values()
	none := h[bins]
	present := f.total - none
	all, mask := f.total&f.pack.nMask, f.pack.nMask
	var left uint64
	for b, w := range h[:bins] {
		if w == 0 {
			continue
		}
		left += w
		if left == present {
			if none != 0 { // every value against missing
				f.try(best, left, column, bins-1, false)
			}
			break
		}
		if none != 0 {
			f.try(best, left, column, b, false)
			f.try(best, left+none, column, b, true)
			continue
		}
		if n := left & mask; n < f.rows {
			continue
		} else if all-n < f.rows {
			break
		}
		f.try(best, left, column, b, false)
	}
}

// random tries one threshold drawn between the least and greatest bin.
func (f *finder) random(best *split, h []uint64, column int, c *Column, rng *rand.Rand) {
	none := h[c.values()]
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
		f.try(best, left, column, cut, false)
		if none != 0 {
			f.try(best, left+none, column, cut, true)
		}
	}
	if none != 0 && last >= 0 {
		f.try(best, f.total-none, column, c.values()-1, false)
	}
}

// settle moves the threshold of s to the middle of the bins that are empty in
// this node, and sends missing values with the larger child if there are none.
func (f *finder) settle(s *split, h []uint64, c *Column) {
	next := s.bin + 1
	for next < c.values() && h[next] == 0 {
		next++
	}
	if next < c.values() {
		s.bin = (s.bin + next - 1) / 2
	}
	if h[c.values()] == 0 {
		s.missingLeft = f.pack.unpack(s.left).n >= f.pack.unpack(f.total-s.left).n
	}
}

// threshold returns the float32 that s compares with.
func (s *split) threshold(c *Column) float32 {
	if s.bin >= len(c.Edges) {
		return float32(math.Inf(1))
	}
	return c.Edges[s.bin]
}
