package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// columns splits rows into parts that each add up their own sums over columns.
type columns struct {
	*call
	rows, width, parts, size int
}

func (c *call) columns(x chip.Value) *columns {
	n, w := rows(x)
	k := &columns{call: c, rows: n, width: w}
	k.parts = max(1, min(c.pool.threads, n*w/(16*1024)))
	k.size = (n + k.parts - 1) / k.parts
	c.wantShared(k.parts * 2 * w)
	return k
}

func (k *columns) span(i int) (lo, hi int) {
	return min(k.rows, i*k.size), min(k.rows, (i+1)*k.size)
}

// sums gives part i's two sums, cleared.
func (k *columns) sums(i int) (a, b []float32) {
	s := k.shared[2*i*k.width : 2*(i+1)*k.width]
	clear(s)
	return s[:k.width], s[k.width:]
}

// total adds the parts' sums in order into the first part's.
func (k *columns) total() (a, b []float32) {
	for i := 1; i < k.parts; i++ {
		k.tier.add(k.shared[:2*k.width], k.shared[:2*k.width], k.shared[2*i*k.width:2*(i+1)*k.width])
	}
	return k.shared[:k.width], k.shared[k.width : 2*k.width]
}

// batchNorm takes the mean, then the variance around it, then normalises.
func (c *call) batchNorm(op *chip.BatchNorm) kernel {
	k := c.columns(c.ins[0])
	w, t := k.width, c.tier
	if w == 0 {
		return func() error { return nil }
	}
	means := func(i, _ int) {
		lo, hi := k.span(i)
		s, _ := k.sums(i)
		t.colSum(s, c.in[0].f32()[lo*w:hi*w])
	}
	variances := func(i, _ int) {
		lo, hi := k.span(i)
		s, _ := k.sums(i)
		t.colSqDiff(s, c.in[0].f32()[lo*w:hi*w], c.out[1].f32())
	}
	scaleShift := make([]float32, 2*w)
	normalise := c.each(k.rows, rowGrain(w), func(lo, hi, _ int) {
		t.colAffine(c.out[0].f32()[lo*w:hi*w], c.in[0].f32()[lo*w:hi*w], scaleShift[:w], scaleShift[w:], op.Act == chip.ReLU)
	})
	return func() error {
		mean, rstd := c.out[1].f32(), c.out[2].f32()
		c.pool.run(k.parts, means)
		s, _ := k.total()
		t.scale(mean, s, 1/float32(max(1, k.rows)))
		c.pool.run(k.parts, variances)
		s, _ = k.total()
		c.finishStatistics(op, s, k.rows)
		gamma, beta := c.in[1].f32(), c.in[2].f32()
		for j := range w {
			scaleShift[j] = gamma[j] * rstd[j]
			scaleShift[w+j] = beta[j] - mean[j]*scaleShift[j]
		}
		return normalise()
	}
}

// finishStatistics writes rstd and the running statistics from the sums of squares.
func (c *call) finishStatistics(op *chip.BatchNorm, sq []float32, n int) {
	mean, rstd, runMean, runVar := c.out[1].f32(), c.out[2].f32(), c.out[3].f32(), c.out[4].f32()
	oldMean, oldVar := c.in[3].f32(), c.in[4].f32()
	for j, s := range sq {
		variance := s / float32(max(1, n))
		rstd[j] = float32(1 / math.Sqrt(float64(variance)+float64(op.Eps)))
		unbiased := s / float32(max(1, n-1))
		runMean[j] = (1-op.Momentum)*oldMean[j] + op.Momentum*mean[j]
		runVar[j] = (1-op.Momentum)*oldVar[j] + op.Momentum*unbiased
	}
}

// batchNormGrad: with z = (x-mean)·rstd over R rows,
// dx = gamma·rstd·(dy - Σdy/R - z·Σ(dy·z)/R).
func (c *call) batchNormGrad(op *chip.BatchNormGrad) kernel {
	k := c.columns(c.ins[0])
	w, t := k.width, c.tier
	if w == 0 {
		return func() error { return nil }
	}
	gate := func(lo, hi int) []float32 {
		if op.Act == chip.ReLU {
			return c.in[5].f32()[lo:hi]
		}
		return nil
	}
	sums := func(i, _ int) {
		lo, hi := k.span(i)
		db, dg := k.sums(i)
		t.colGradSums(db, dg, c.in[0].f32()[lo*w:hi*w], c.in[4].f32()[lo*w:hi*w], gate(lo*w, hi*w), c.in[2].f32())
	}
	coef := make([]float32, 3*w) // dx = a·dy + b·x + c
	apply := c.each(k.rows, rowGrain(w), func(lo, hi, _ int) {
		t.colGradApply(c.out[0].f32()[lo*w:hi*w], c.in[0].f32()[lo*w:hi*w], c.in[4].f32()[lo*w:hi*w], gate(lo*w, hi*w), coef)
	})
	return func() error {
		gamma, mean, rstd := c.in[1].f32(), c.in[2].f32(), c.in[3].f32()
		c.pool.run(k.parts, sums)
		db, dg := k.total()
		r := float32(max(1, k.rows))
		for j := range w {
			dg[j] *= rstd[j]
			a := gamma[j] * rstd[j]
			b := -a * rstd[j] * dg[j] / r
			coef[j], coef[w+j], coef[2*w+j] = a, b, -a*db[j]/r-b*mean[j]
		}
		copy(c.out[1].f32(), dg)
		copy(c.out[2].f32(), db)
		return apply()
	}
}
