package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// refUpdate covers the optimisers.
func refUpdate(op chip.Op, ins, outs []array) bool {
	switch op := op.(type) {
	case *chip.SGD:
		n, mu := len(ins), float64(op.Momentum)
		lr, scale := ins[n-2].v[0], ins[n-1].v[0]
		for i, p := range ins[0].v {
			g := ins[1].v[i]*scale + float64(op.Decay)*p
			if mu != 0 {
				v := mu*ins[2].v[i] + g
				outs[1].v[i] = v
				if op.Nesterov {
					g += mu * v
				} else {
					g = v
				}
			}
			outs[0].v[i] = p - lr*g
		}
	case *chip.AdamW:
		b1, b2, lr, step := float64(op.Beta1), float64(op.Beta2), ins[4].v[0], ins[5].v[0]
		for i, p := range ins[0].v {
			g := ins[1].v[i] * ins[6].v[0]
			m, v := b1*ins[2].v[i]+(1-b1)*g, b2*ins[3].v[i]+(1-b2)*g*g
			mh, vh := m/(1-math.Pow(b1, step)), v/(1-math.Pow(b2, step))
			outs[0].v[i] = p - lr*float64(op.Decay)*p - lr*mh/(math.Sqrt(vh)+float64(op.Eps))
			outs[1].v[i], outs[2].v[i] = m, v
		}
	case *chip.Lerp:
		for i, a := range ins[0].v {
			outs[0].v[i] = a + float64(op.W)*(ins[1].v[i]-a)
		}
	default:
		return false
	}
	return true
}

// refRandom is Philox4x32-10 written from the paper.
func refRandom(op *chip.Random, ins, outs []array) {
	for i := range outs[0].v {
		w := philoxBlock(uint64(i/4), uint64(int64(ins[0].v[0])), op.Seed)
		u := float64(w[i%4]>>8) / (1 << 24)
		switch op.Kind {
		case chip.Bernoulli:
			u = cast(chip.Bool, math.Max(0, math.Ceil(float64(op.P)-u)))
		case chip.Normal:
			pair := w[i%4&^1:]
			r := math.Sqrt(-2 * math.Log((float64(pair[0]>>8)+1)/(1<<24)))
			angle := 2 * math.Pi * float64(pair[1]>>8) / (1 << 24)
			if u = r * math.Cos(angle); i%2 == 1 {
				u = r * math.Sin(angle)
			}
		}
		outs[0].v[i] = u
	}
}

func philoxBlock(block, counter, seed uint64) [4]uint32 {
	x := [4]uint32{uint32(block), uint32(block >> 32), uint32(counter), uint32(counter >> 32)}
	k := [2]uint32{uint32(seed), uint32(seed >> 32)}
	for round := range 10 {
		if round > 0 {
			k[0], k[1] = k[0]+0x9E3779B9, k[1]+0xBB67AE85
		}
		p0, p1 := uint64(x[0])*0xD2511F53, uint64(x[2])*0xCD9E8D57
		x = [4]uint32{uint32(p1>>32) ^ x[1] ^ k[0], uint32(p1), uint32(p0>>32) ^ x[3] ^ k[1], uint32(p0)}
	}
	return x
}

// refResize evaluates the filter at every output position.
func refResize(op *chip.Resize, x, y array) {
	weights := func(i, n, m int) map[int]float64 {
		scale := float64(m) / float64(n)
		at := (float64(i)+0.5)/scale - 0.5
		clamp := func(p float64) int { return int(min(max(p, 0), float64(n-1))) }
		if op.Mode == chip.Nearest {
			return map[int]float64{clamp(math.Ceil(at - 0.5)): 1}
		}
		s := 1.0
		if op.Antialias {
			s = min(scale, 1)
		}
		ws, sum := map[int]float64{}, 0.0
		for p := math.Floor(at - 1/s); p <= math.Ceil(at+1/s); p++ {
			w := max(0, 1-s*math.Abs(p-at))
			ws[clamp(p)] += w
			sum += w
		}
		for p := range ws {
			ws[p] /= sum
		}
		return ws
	}
	positions(y.shape, func(i int, at []int) {
		for h, wh := range weights(at[1], x.shape[1], y.shape[1]) {
			for w, ww := range weights(at[2], x.shape[2], y.shape[2]) {
				y.v[i] += wh * ww * x.get(at[0], h, w, at[3])
			}
		}
	})
}
