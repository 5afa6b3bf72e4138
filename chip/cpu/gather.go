package cpu

import (
	"fmt"
	"sync/atomic"

	"github.com/macaw-ai/macaw/chip"
)

// indices reads Int64 or Int32 values.
type indices struct {
	v  *view
	dt chip.DType
}

func (ix indices) at(i int) int {
	if ix.dt == chip.Int32 {
		return int(ix.v.i32()[i])
	}
	return int(ix.v.i64()[i])
}

// row resolves index i against an axis of length n; negative counts from the end.
func (ix indices) row(i, n int) (int, bool) {
	r := ix.at(i)
	if r < 0 {
		r += n
	}
	return r, uint(r) < uint(n)
}

// gather copies whole rows of bytes.
func (c *call) gather(op *chip.Gather) kernel {
	x, index := c.ins[0], indices{c.in[1], c.ins[1].DType}
	n, count := x.Shape[op.Axis], c.ins[1].Len()
	outer, inner := 1, x.DType.Size()
	for _, d := range x.Shape[:op.Axis] {
		outer *= d
	}
	for _, d := range x.Shape[op.Axis+1:] {
		inner *= d
	}
	var bad atomic.Int64
	k := c.each(outer*count, 1+64*1024/max(1, inner), func(lo, hi, _ int) {
		src, dst := bytesAt(c.in[0].p, c.in[0].n*x.DType.Size()), bytesAt(c.out[0].p, c.out[0].n*x.DType.Size())
		for u := lo; u < hi; u++ {
			r, ok := index.row(u%count, n)
			if !ok {
				bad.Store(int64(u%count) + 1)
				return
			}
			at := (u/count*n + r) * inner
			copy(dst[u*inner:(u+1)*inner], src[at:at+inner])
		}
	})
	return func() error {
		bad.Store(0)
		if err := k(); err != nil {
			return err
		}
		if i := int(bad.Load()) - 1; i >= 0 {
			return fmt.Errorf("index %d (element %d) is outside an axis of %d", index.at(i), i, n)
		}
		return nil
	}
}

// gatherGrad gives every worker some of the columns, or of the rows where they
// are many, so that additions to one place happen in order.
func (c *call) gatherGrad() kernel {
	index, count := indices{c.in[1], c.ins[1].DType}, c.ins[1].Len()
	n := c.outs[0].Shape[0]
	width := 0
	if n > 0 {
		width = c.outs[0].Len() / n
	}
	parts := 1
	if count*width > 64*1024 {
		parts = min(c.pool.threads, n)
	}
	size := (n + max(parts, 1) - 1) / max(parts, 1)
	var bad atomic.Int64
	part := func(p, _ int) {
		dy, dx := c.in[0].f32(), c.out[0].f32()
		lo, hi := min(n, p*size), min(n, (p+1)*size)
		clear(dx[lo*width : hi*width])
		for i := range count {
			r, ok := index.row(i, n)
			if !ok {
				bad.Store(int64(i) + 1)
				return
			}
			if r >= lo && r < hi {
				d := dx[r*width : (r+1)*width]
				c.tier.add(d, d, dy[i*width:(i+1)*width])
			}
		}
	}
	return func() error {
		bad.Store(0)
		c.pool.run(max(parts, 1), part)
		if i := int(bad.Load()) - 1; i >= 0 {
			return fmt.Errorf("index %d (element %d) is outside %d rows", index.at(i), i, n)
		}
		return nil
	}
}

func (c *call) oneHot() kernel {
	n, depth := rows(c.outs[0])
	return c.each(n, rowGrain(depth), func(lo, hi, _ int) {
		index, out := c.in[0].i64(), c.out[0].f32()
		clear(out[lo*depth : hi*depth])
		for i := lo; i < hi; i++ {
			if k := index[i]; uint64(k) < uint64(depth) {
				out[i*depth+int(k)] = 1
			}
		}
	})
}
