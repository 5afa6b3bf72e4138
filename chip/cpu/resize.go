package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// taps are the source positions of one output position and their weights.
type taps struct {
	at []int
	w  []float32
}

// resize mixes source rows into one, then its positions.
func (c *call) resize(op *chip.Resize) kernel {
	x, y := c.ins[0].Shape, c.outs[0].Shape
	h, w, ch, oh, ow := x[1], x[2], x[3], y[1], y[2]
	down, across := resizeTaps(op, h, oh), resizeTaps(op, w, ow)
	c.wantLocal(w * ch)
	t := c.tier
	return c.each(x[0]*oh, 1+8*1024/max(1, ow*ch), func(lo, hi, worker int) {
		in, out, mixed := c.in[0].f32(), c.out[0].f32(), c.locals[worker][:w*ch]
		for r := lo; r < hi; r++ {
			clear(mixed)
			for i, at := range down[r%oh].at {
				row := (r/oh*h + at) * w * ch
				t.axpy(mixed, in[row:row+w*ch], down[r%oh].w[i])
			}
			for j, a := range across {
				d := out[(r*ow+j)*ch : (r*ow+j+1)*ch]
				clear(d)
				for i, at := range a.at {
					for q, v := range mixed[at*ch : (at+1)*ch] {
						d[q] += v * a.w[i]
					}
				}
			}
		}
	})
}

// resizeTaps computes the positions of one axis, from n to m.
func resizeTaps(op *chip.Resize, n, m int) []taps {
	ts := make([]taps, m)
	scale := float64(m) / float64(max(n, 1))
	for i := range ts {
		centre := (float64(i)+0.5)/scale - 0.5
		switch {
		case op.Mode == chip.Nearest:
			ts[i].add(int(math.Ceil(centre-0.5)), n, 1)
		case op.Antialias && scale < 1:
			ts[i].triangle(centre, scale, n)
		default:
			centre = min(max(centre, 0), float64(n-1))
			at := math.Floor(centre)
			ts[i].add(int(at), n, 1-(centre-at))
			if centre > at {
				ts[i].add(int(at)+1, n, centre-at)
			}
		}
	}
	return ts
}

// triangle weighs positions by a triangle that is 2/scale wide; what falls
// outside counts for the border.
func (t *taps) triangle(centre, scale float64, n int) {
	sum := 0.0
	first, last := int(math.Ceil(centre-1/scale)), int(math.Floor(centre+1/scale))
	for p := first; p <= last; p++ {
		sum += max(0, 1-math.Abs(float64(p)-centre)*scale)
	}
	for p := first; p <= last; p++ {
		if w := max(0, 1-math.Abs(float64(p)-centre)*scale); w > 0 {
			t.add(p, n, w/sum)
		}
	}
}

func (t *taps) add(at, n int, w float64) {
	t.at = append(t.at, min(max(at, 0), n-1))
	t.w = append(t.w, float32(w))
}
