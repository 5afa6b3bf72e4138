package tensor

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// Float16 is a number in IEEE 754 binary16: sign, 5 bits of exponent, 10 of
// mantissa. It is a form of storage; computations go through Float32.
type Float16 uint16

// BFloat16 is the upper half of a float32: sign, 8 bits of exponent, 7 of mantissa.
type BFloat16 = chip.BFloat

// NewFloat16 rounds v to the nearest number, ties to even. Infinities and NaN
// stay, magnitudes from 65520 on become infinite.
func NewFloat16(v float64) Float16 { return Float16(narrow(v, 10, 15)) }

// NewBFloat16 rounds v to the nearest number, ties to even. Infinities and NaN stay.
func NewBFloat16(v float64) BFloat16 { return BFloat16(narrow(v, 7, 127)) }

// narrow rounds v to a sign, an exponent with the bias and so many bits of mantissa.
func narrow(v float64, bits uint, bias int) uint16 {
	b := math.Float64bits(v)
	sign := uint16(b >> 48 & 0x8000)
	infinite := uint16(2*bias+1) << bits
	exp, man := int(b>>52&0x7ff)-1023, b&(1<<52-1)
	switch {
	case v != v: // quiet, with the upper part of the payload
		return sign | infinite | 1<<(bits-1) | uint16(man>>(52-bits))
	case exp > bias:
		return sign | infinite
	case exp < -bias-int(bits): // less than half of the least number
		return sign
	}
	man |= 1 << 52
	shift := 52 - bits
	if low := 1 - bias - exp; low > 0 { // subnormal
		shift += uint(low)
	}
	kept, rest, half := man>>shift, man&(1<<shift-1), uint64(1)<<(shift-1)
	if rest > half || rest == half && kept&1 == 1 {
		kept++
	}
	// A mantissa of a normal number has its leading one, which adds 1 to the
	// exponent; so does a carry, up to infinity.
	return sign | uint16(max(exp+bias-1, 0))<<bits + uint16(kept)
}

// Float32 returns the number, which float32 holds exactly.
func (h Float16) Float32() float32 {
	sign, exp, man := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&0x3ff)
	switch exp {
	case 0:
		v := float32(man) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | man<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}
