package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

func (c *call) layerNorm(op *chip.LayerNorm) kernel {
	n, w := rows(c.ins[0])
	t := c.tier
	return c.each(n, rowGrain(w), func(lo, hi, _ int) {
		x, gamma, y, means, rstds := c.in[0].f32(), c.in[1].f32(), c.out[0].f32(), c.out[1].f32(), c.out[2].f32()
		var beta []float32
		if !op.RMS {
			beta = c.in[2].f32()
		}
		for r := lo; r < hi; r++ {
			xs, mean := x[r*w:(r+1)*w], float32(0)
			if !op.RMS {
				mean = t.sum(xs) / float32(w)
			}
			variance := t.sqDiff(xs, mean) / float32(w)
			rstd := float32(1 / math.Sqrt(float64(variance)+float64(op.Eps)))
			t.normalise(y[r*w:(r+1)*w], xs, gamma, beta, mean, rstd)
			means[r], rstds[r] = mean, rstd
		}
	})
}

// layerNormGrad: with z = (x-mean)·rstd and g = dy·gamma,
// dx = rstd·(g - Σg/C - z·Σ(g·z)/C); without the middle term for RMS.
// Each part keeps its own dgamma and dbeta; they are added in order.
func (c *call) layerNormGrad(op *chip.LayerNormGrad) kernel {
	n, w := rows(c.ins[0])
	t := c.tier
	parts := max(1, min(c.pool.threads, n/4))
	size := (n + parts - 1) / parts
	c.wantShared(parts * 2 * w)
	c.wantLocal(2 * w)
	part := func(i, worker int) {
		x, gamma, mean, rstd, dy, dx := c.in[0].f32(), c.in[1].f32(), c.in[2].f32(), c.in[3].f32(), c.in[4].f32(), c.out[0].f32()
		dgamma, dbeta := c.shared[2*i*w:(2*i+1)*w], c.shared[(2*i+1)*w:(2*i+2)*w]
		z, g := c.locals[worker][:w], c.locals[worker][w:2*w]
		clear(dgamma)
		clear(dbeta)
		for r := i * size; r < min(n, (i+1)*size); r++ {
			ds, out := dy[r*w:(r+1)*w], dx[r*w:(r+1)*w]
			t.maps[chip.FnMul](g, ds, gamma, nil)
			t.standardise(z, x[r*w:(r+1)*w], mean[r], rstd[r])
			t.mulAdd(dgamma, ds, z)
			t.add(dbeta, dbeta, ds)
			gz, gs := t.dot(g, z)/float32(w), float32(0)
			if !op.RMS {
				gs = t.sum(g) / float32(w)
			}
			t.axpy(g, z, -gz)
			t.standardise(out, g, gs, rstd[r])
		}
	}
	return func() error {
		c.pool.run(parts, part)
		for k, out := range c.out[1:] {
			copy(out.f32(), c.shared[k*w:(k+1)*w])
			for i := 1; i < parts; i++ {
				t.add(out.f32(), out.f32(), c.shared[(2*i+k)*w:(2*i+k+1)*w])
			}
		}
		return nil
	}
}
