package cpu

import "github.com/macaw-ai/macaw/chip"

// argMax walks the axis with the position of the best element so far.
func (c *call) argMax(op *chip.ArgMax) kernel {
	if c.ins[0].DType == chip.Int64 {
		return argBest[int64](c, op)
	}
	return argBest[float32](c, op)
}

func argBest[T float32 | int64](c *call, op *chip.ArgMax) kernel {
	p := passesOf(c.ins[0].Shape, []int{op.Axis})[0]
	return c.each(p.a*p.b, 1+8*1024/p.r, func(lo, hi, _ int) {
		x, out := of[T](c.in[0]), c.out[0].i64()
		for u := lo; u < hi; u++ {
			row, best := x[u/p.b*p.r*p.b+u%p.b:], 0
			for i := 1; i < p.r; i++ {
				v, b := row[i*p.b], row[best*p.b]
				if (op.Min && v < b) || (!op.Min && v > b) || (v != v && b == b) {
					best = i
				}
			}
			out[u] = int64(best)
		}
	})
}
