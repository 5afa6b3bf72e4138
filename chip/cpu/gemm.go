package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// gemm prepares a batched matrix product.
func (c *call) gemm(op *chip.Gemm) kernel {
	a, b, out := c.ins[0], c.ins[1], c.outs[0]
	m, n := out.Shape[len(out.Shape)-2], out.Shape[len(out.Shape)-1]
	k := a.Shape[len(a.Shape)-1]
	if op.TransA {
		k = a.Shape[len(a.Shape)-2]
	}
	batches := 1
	for _, d := range out.Shape[:len(out.Shape)-2] {
		batches *= d
	}
	alpha := op.Alpha
	if alpha == 0 {
		alpha = 1
	}
	sb := n * k
	if len(b.Shape) == 2 {
		sb = 0
	}
	ars, acs := k, 1
	if op.TransA {
		ars, acs = 1, m
	}
	brs, bcs := n, 1
	if op.TransB {
		brs, bcs = 1, k
	}
	return c.each(batches*m, 8, func(lo, hi, _ int) {
		av, bv, ov := c.in[0].f32(), c.in[1].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			bt := r / m
			row := ov[r*n : (r+1)*n]
			if !op.Accumulate {
				clear(row)
			}
			for p := range k {
				x := alpha * av[bt*m*k+(r%m)*ars+p*acs]
				bb := bv[bt*sb+p*brs:]
				for j := range row {
					row[j] += x * bb[j*bcs]
				}
			}
			if op.Bias {
				for j, v := range c.in[2].f32() {
					row[j] += v
				}
			}
			activate(row, op.Act)
		}
	})
}

// activate applies an activation in place.
func activate(x []float32, act chip.Activation) {
	switch act {
	case chip.ReLU:
		for i, v := range x {
			x[i] = max(v, 0)
		}
	case chip.SiLU:
		for i, v := range x {
			x[i] = float32(float64(v) / (1 + math.Exp(-float64(v))))
		}
	case chip.GELU:
		for i, v := range x {
			x[i] = float32(0.5 * float64(v) * (1 + math.Erf(float64(v)/math.Sqrt2)))
		}
	}
}
