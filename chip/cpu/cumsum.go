package cpu

import "github.com/macaw-ai/macaw/chip"

// cumSum goes along the axis once. What lies behind the axis is added as
// vectors; a last axis is summed in float64.
func (c *call) cumSum(op *chip.CumSum) kernel {
	outer, n, inner := 1, c.ins[0].Shape[op.Axis], 1
	for _, d := range c.ins[0].Shape[:op.Axis] {
		outer *= d
	}
	for _, d := range c.ins[0].Shape[op.Axis+1:] {
		inner *= d
	}
	if n*inner == 0 {
		outer = 0
	}
	return c.each(outer, rowGrain(n*inner), func(lo, hi, _ int) {
		x, y := c.in[0].f32(), c.out[0].f32()
		for o := lo; o < hi; o++ {
			from, to := x[o*n*inner:(o+1)*n*inner], y[o*n*inner:(o+1)*n*inner]
			if inner == 1 {
				cumSumRow(to, from, op)
			} else {
				c.tier.cumSumRows(to, from, inner, op)
			}
		}
	})
}

func cumSumRow(y, x []float32, op *chip.CumSum) {
	sum := 0.0
	for i := range x {
		if op.Reverse {
			i = len(x) - 1 - i
		}
		before := sum
		sum += float64(x[i])
		if y[i] = float32(sum); op.Exclusive {
			y[i] = float32(before)
		}
	}
}

// cumSumRows adds up rows of the given width.
func (t *tier) cumSumRows(y, x []float32, width int, op *chip.CumSum) {
	n := len(x) / width
	row := func(a []float32, i int) []float32 {
		if op.Reverse {
			i = n - 1 - i
		}
		return a[i*width : (i+1)*width]
	}
	if op.Exclusive {
		clear(row(y, 0))
	} else {
		copy(row(y, 0), row(x, 0))
	}
	for i := 1; i < n; i++ {
		next := i
		if op.Exclusive {
			next = i - 1
		}
		t.add(row(y, i), row(y, i-1), row(x, next))
	}
}
