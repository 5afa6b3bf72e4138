package cpu

import (
	"cmp"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// topK sorts the positions of each row.
func (c *call) topK(op *chip.TopK) kernel {
	if c.ins[0].DType == chip.Int64 {
		return topRows[int64](c, op)
	}
	return topRows[float32](c, op)
}

func topRows[T float32 | int64](c *call, op *chip.TopK) kernel {
	count, n := rows(c.ins[0])
	k := c.outs[0].Shape[len(c.outs[0].Shape)-1]
	order := make([][]int64, c.pool.threads)
	for i := range order {
		order[i] = make([]int64, n)
	}
	return c.each(count, 1+1024/max(1, n), func(lo, hi, worker int) {
		x, out, at := of[T](c.in[0]), c.out[0].i64(), order[worker]
		for r := lo; r < hi; r++ {
			row := x[r*n : (r+1)*n]
			for i := range at {
				at[i] = int64(i)
			}
			slices.SortFunc(at, func(a, b int64) int {
				u, v := row[a], row[b]
				order := cmp.Compare(v, u) // a NaN is less than all
				if op.Smallest && u == u && v == v {
					order = -order
				}
				return cmp.Or(order, cmp.Compare(a, b))
			})
			copy(out[r*k:(r+1)*k], at)
		}
	})
}
