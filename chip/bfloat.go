package chip

import "math"

// BFloat is one element of type BFloat16 in host memory: the upper half of the
// bits of a float32, that is its sign, 8 bits of exponent and 7 of mantissa.
type BFloat uint16

// RoundBFloat rounds v to the nearest number, ties to even. Infinities and NaN stay.
func RoundBFloat(v float32) BFloat {
	b := math.Float32bits(v)
	if v != v {
		return BFloat(b>>16 | 1<<6) // quiet, so that no payload becomes infinity
	}
	return BFloat((b + 0x7fff + b>>16&1) >> 16)
}

// Float32 returns the number, which float32 holds exactly.
func (h BFloat) Float32() float32 { return math.Float32frombits(uint32(h) << 16) }
