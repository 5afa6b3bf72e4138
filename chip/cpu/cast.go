package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// number is an element type other than Bool.
type number interface {
	float32 | float64 | int64 | int32 | int8 | uint8
}

// cast converts element by element.
func (c *call) cast() kernel {
	from, to := c.ins[0].DType, c.outs[0].DType
	if from == to {
		return c.copyAll()
	}
	if from == chip.BFloat16 || to == chip.BFloat16 {
		return c.castBFloat(from, to)
	}
	switch from {
	case chip.Float32:
		return castFrom[float32](c, to)
	case chip.Float64:
		return castFrom[float64](c, to)
	case chip.Int64:
		return castFrom[int64](c, to)
	case chip.Int32:
		return castFrom[int32](c, to)
	case chip.Int8:
		return castFrom[int8](c, to)
	}
	return castFrom[uint8](c, to) // Uint8, and Bool, which holds 0 or 1
}

func castFrom[S number](c *call, to chip.DType) kernel {
	switch to {
	case chip.Float32:
		return castWith(c, func(s S) float32 { return float32(s) })
	case chip.Float64:
		return castWith(c, func(s S) float64 { return float64(s) })
	case chip.Int64:
		return castWith(c, func(s S) int64 { return castInt[int64](s, math.MinInt64, math.MaxInt64) })
	case chip.Int32:
		return castWith(c, func(s S) int32 { return castInt[int32](s, math.MinInt32, math.MaxInt32) })
	case chip.Int8:
		return castWith(c, func(s S) int8 { return castInt[int8](s, math.MinInt8, math.MaxInt8) })
	case chip.Uint8:
		return castWith(c, func(s S) uint8 { return castInt[uint8](s, 0, math.MaxUint8) })
	}
	return castWith(c, func(s S) bool { return s != 0 })
}

func castWith[S, D any](c *call, f func(S) D) kernel {
	return c.each(c.ins[0].Len(), 16*1024, func(lo, hi, _ int) {
		dst := of[D](c.out[0])[lo:hi]
		for i, s := range of[S](c.in[0])[lo:hi] {
			dst[i] = f(s)
		}
	})
}

// castInt truncates and saturates; NaN becomes 0.
func castInt[D int64 | int32 | int8 | uint8, S number](s S, lo, hi int64) D {
	v := int64(s)
	switch f := any(s).(type) {
	case float32:
		v = saturate(float64(f))
	case float64:
		v = saturate(f)
	}
	return D(min(max(v, lo), hi))
}
