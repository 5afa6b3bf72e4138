package cpu

import (
	"math"
	"math/bits"

	"github.com/macaw-ai/macaw/chip"
)

// philox is one block of Philox4x32-10 (Salmon et al. 2011, §3.3): four words
// from a 128-bit counter and a 64-bit key.
func philox(ctr [4]uint32, k0, k1 uint32) [4]uint32 {
	for range 10 {
		hi0, lo0 := bits.Mul32(0xD2511F53, ctr[0])
		hi1, lo1 := bits.Mul32(0xCD9E8D57, ctr[2])
		ctr = [4]uint32{hi1 ^ ctr[1] ^ k0, lo1, hi0 ^ ctr[3] ^ k1, lo0}
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return ctr
}

// random fills blocks of four elements: block i has the counter (i, counter).
func (c *call) random(op *chip.Random) kernel {
	n := c.outs[0].Len()
	return c.each((n+3)/4, 2*1024, func(lo, hi, _ int) {
		out, count := c.out[0].f32(), uint64(c.in[0].i64()[0])
		for b := lo; b < hi; b++ {
			w := philox([4]uint32{uint32(b), uint32(uint64(b) >> 32), uint32(count), uint32(count >> 32)}, uint32(op.Seed), uint32(op.Seed>>32))
			v := distribute(op, w)
			copy(out[4*b:min(n, 4*b+4)], v[:])
		}
	})
}

// distribute turns four words into four values. Uniforms are the upper 24
// bits over 2^24; normals come in pairs by Box and Muller's method.
func distribute(op *chip.Random, w [4]uint32) [4]float32 {
	var v [4]float32
	for i, x := range w {
		v[i] = float32(x>>8) / (1 << 24)
	}
	switch op.Kind {
	case chip.Bernoulli:
		for i, u := range v {
			v[i] = truth(u < op.P)
		}
	case chip.Normal:
		v[0], v[1] = boxMuller(w[0], w[1])
		v[2], v[3] = boxMuller(w[2], w[3])
	}
	return v
}

func boxMuller(a, b uint32) (float32, float32) {
	u := (float64(a>>8) + 1) / (1 << 24) // (0, 1]
	sin, cos := math.Sincos(2 * math.Pi * float64(b>>8) / (1 << 24))
	r := math.Sqrt(-2 * math.Log(u))
	return float32(r * cos), float32(r * sin)
}
