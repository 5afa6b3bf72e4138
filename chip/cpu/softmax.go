package cpu

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/macaw-ai/macaw/chip"
)

// rows gives the number and the length of a value's last-axis rows.
func rows(v chip.Value) (n, width int) {
	width = v.Shape[len(v.Shape)-1]
	if width == 0 {
		return 0, 0
	}
	return v.Len() / width, width
}

// rowGrain is how many rows of a width are worth a part of their own.
func rowGrain(width int) int { return 1 + 8*1024/max(1, width) }

func (c *call) softmax(op *chip.Softmax) kernel {
	n, w := rows(c.ins[0])
	t := c.tier
	return c.each(n, rowGrain(w), func(lo, hi, _ int) {
		x, y := c.in[0].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			xs, ys := x[r*w:(r+1)*w], y[r*w:(r+1)*w]
			shift := finite(t.max(xs))
			if !op.Log {
				t.scale(ys, ys, 1/t.expSum(ys, xs, shift))
				continue
			}
			t.logSoftmax(ys, xs, shift)
		}
	})
}

// logSoftmax writes x - log Σ exp(x). dst may be x.
func (t *tier) logSoftmax(dst, x []float32, shift float32) {
	var tmp [256]float32
	sum := float32(0)
	for rest := x; len(rest) > 0; {
		n := min(len(rest), len(tmp))
		sum += t.expSum(tmp[:n], rest[:n], shift)
		rest = rest[n:]
	}
	t.shift(dst, x, -(shift + float32(math.Log(float64(sum)))))
}

// finite replaces the maximum of a row of -Inf, so that x - max is not NaN.
func finite(m float32) float32 {
	if math.IsInf(float64(m), -1) {
		return 0
	}
	return m
}

// softmaxGrad is dx = y·(dy - Σ y·dy), or dy - exp(y)·Σ dy for the logarithm.
func (c *call) softmaxGrad(op *chip.SoftmaxGrad) kernel {
	n, w := rows(c.ins[0])
	t := c.tier
	c.wantLocal(w)
	return c.each(n, rowGrain(w), func(lo, hi, worker int) {
		y, dy, dx := c.in[0].f32(), c.in[1].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			ys, ds, out := y[r*w:(r+1)*w], dy[r*w:(r+1)*w], dx[r*w:(r+1)*w]
			if !op.Log {
				t.shift(out, ds, -t.dot(ys, ds))
				t.maps[chip.FnMul](out, out, ys, nil)
				continue
			}
			tmp, sum := c.locals[worker][:w], t.sum(ds)
			t.expSum(tmp, ys, 0)
			if &out[0] != &ds[0] {
				copy(out, ds)
			}
			t.axpy(out, tmp, -sum)
		}
	})
}

func (c *call) crossEntropy(op *chip.CrossEntropy) kernel {
	n, w := rows(c.ins[0])
	t, s := c.tier, op.Smoothing
	var bad atomic.Int64
	k := c.each(n, rowGrain(w), func(lo, hi, _ int) {
		x, label, loss, p := c.in[0].f32(), c.in[1].i64(), c.out[0].f32(), c.out[1].f32()
		for r := lo; r < hi; r++ {
			xs, ps := x[r*w:(r+1)*w], p[r*w:(r+1)*w]
			shift := finite(t.max(xs))
			mean := t.sum(xs) / float32(w)
			picked, ok := float32(0), uint64(label[r]) < uint64(w)
			if ok {
				picked = xs[label[r]]
			} else if label[r] >= 0 {
				bad.Store(int64(r) + 1)
			}
			sum := t.expSum(ps, xs, shift)
			t.scale(ps, ps, 1/sum)
			loss[r] = 0
			if ok {
				lse := float64(shift) + math.Log(float64(sum))
				loss[r] = float32(float64(1-s)*(lse-float64(picked)) + smoothed(s, lse, mean))
			}
		}
	})
	return func() error {
		bad.Store(0)
		if err := k(); err != nil {
			return err
		}
		if r := int(bad.Load()) - 1; r >= 0 {
			return fmt.Errorf("label %d (row %d) is outside of %d classes", c.in[1].i64()[r], r, w)
		}
		return nil
	}
}

// smoothed is the part of the loss that label smoothing adds; without it an
// infinite logit must not turn 0·Inf into NaN.
func smoothed(s float32, lse float64, mean float32) float64 {
	if s == 0 {
		return 0
	}
	return float64(s) * (lse - float64(mean))
}

func (c *call) crossEntropyGrad(op *chip.CrossEntropyGrad) kernel {
	n, w := rows(c.ins[0])
	t, s := c.tier, op.Smoothing
	return c.each(n, rowGrain(w), func(lo, hi, _ int) {
		p, label, dloss, dx := c.in[0].f32(), c.in[1].i64(), c.in[2].f32(), c.out[0].f32()
		for r := lo; r < hi; r++ {
			out, d := dx[r*w:(r+1)*w], dloss[r]
			if uint64(label[r]) >= uint64(w) {
				clear(out)
				continue
			}
			t.scale(out, p[r*w:(r+1)*w], d)
			if s != 0 {
				t.shift(out, out, -d*s/float32(w))
			}
			out[label[r]] -= d * (1 - s)
		}
	})
}
