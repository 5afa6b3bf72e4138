package cpu

import (
	"cmp"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// argSort sorts row by row. Where few of many positions are wanted, it keeps the
// best so far in order instead.
func (c *call) argSort(op *chip.ArgSort) kernel {
	if c.ins[0].DType == chip.Int64 {
		return sortRows[int64](c, op)
	}
	return sortRows[float32](c, op)
}

// sorter is what one worker sorts with.
type sorter[T float32 | int64] struct {
	row       []T
	positions []int64              // to sort; nil where the best are kept
	order     func(a, b int64) int // of positions of row
}

func sortRows[T float32 | int64](c *call, op *chip.ArgSort) kernel {
	n, width := rows(c.ins[0])
	_, k := rows(c.outs[0])
	workers := make([]sorter[T], c.pool.threads)
	for i := range workers {
		workers[i].init(width, k, op.Descending)
	}
	return c.each(n, 1+8*1024/max(1, width), func(lo, hi, worker int) {
		x, out, s := of[T](c.in[0]), c.out[0].i64(), &workers[worker]
		for r := lo; r < hi; r++ {
			s.row = x[r*width : (r+1)*width]
			s.sort(out[r*k : (r+1)*k])
		}
	})
}

func (s *sorter[T]) init(width, k int, descending bool) {
	if 8*k > width {
		s.positions = make([]int64, width)
	}
	s.order = func(a, b int64) int {
		v, w := s.row[a], s.row[b]
		switch {
		case v != v || w != w: // NaN comes last
			return cmp.Or(truthOrder(v != v, w != w), cmp.Compare(a, b))
		case descending:
			v, w = w, v
		}
		return cmp.Or(cmp.Compare(v, w), cmp.Compare(a, b))
	}
}

// sort writes the first positions of the row.
func (s *sorter[T]) sort(best []int64) {
	if s.positions == nil {
		firstSorted(best, len(s.row), s.order)
		return
	}
	for i := range s.positions {
		s.positions[i] = int64(i)
	}
	slices.SortFunc(s.positions, s.order)
	copy(best, s.positions)
}

// firstSorted fills best with the first of 0..n-1 in order, by insertion.
func firstSorted(best []int64, n int, order func(a, b int64) int) {
	size := 0
	for i := range int64(n) {
		if size == len(best) && (size == 0 || order(i, best[size-1]) > 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best[:size], i, order)
		size = min(size+1, len(best))
		copy(best[at+1:size], best[at:])
		best[at] = i
	}
}

// truthOrder puts false before true.
func truthOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
