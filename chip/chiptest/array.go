package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// array is a value of any type held in float64, which is exact for the numbers
// that the suite uses.
type array struct {
	dt    chip.DType
	shape []int
	v     []float64
}

func empty(dt chip.DType, shape ...int) array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return array{dt, shape, make([]float64, n)}
}

func (a array) empty() array { return empty(a.dt, a.shape...) }

// f32 is an empty float32 array.
func f32(shape ...int) array { return empty(chip.Float32, shape...) }

// noise makes float32 values in [-1, 1) from a small generator, the same in every run.
func noise(seed uint32, shape ...int) array {
	a, s := f32(shape...), seed*2654435761+12345
	for i := range a.v {
		s ^= s << 13
		s ^= s >> 17
		s ^= s << 5
		a.v[i] = float64(float32(int32(s)) / (1 << 31))
	}
	return a
}

// with maps the values through f and rounds to the type.
func (a array) with(f func(float64) float64) array {
	b := a.empty()
	for i, v := range a.v {
		b.v[i] = round(a.dt, f(v))
	}
	return b
}

// ints makes whole numbers in [lo, hi).
func ints(dt chip.DType, seed uint32, lo, hi int, shape ...int) array {
	a := noise(seed, shape...)
	a.dt = dt
	for i, v := range a.v {
		a.v[i] = math.Floor((v+1)/2*float64(hi-lo)) + float64(lo)
	}
	return a
}

func values(dt chip.DType, v ...float64) array { return array{dt, []int{len(v)}, v} }

func round(dt chip.DType, v float64) float64 {
	if dt == chip.Float32 {
		return float64(float32(v))
	}
	if dt == chip.BFloat16 {
		return roundBFloat(v)
	}
	return v
}

// roundBFloat rounds to float32, then to 8 bits of mantissa, ties to even.
func roundBFloat(v float64) float64 {
	v = float64(float32(v))
	if v == 0 || math.IsInf(v, 0) || v != v {
		return v
	}
	_, exp := math.Frexp(v)
	unit := math.Ldexp(1, max(exp, -125)-8)
	if r := math.RoundToEven(v/unit) * unit; math.Abs(r) < math.Ldexp(1, 128) {
		return r
	}
	return math.Inf(int(math.Copysign(1, v)))
}

func convert[T float32 | float64 | int32 | int64 | uint8 | int8](v []float64) []T {
	h := make([]T, len(v))
	for i, x := range v {
		h[i] = T(x)
	}
	return h
}

// host copies the array to a host slice of its type.
func (a array) host() any {
	switch a.dt {
	case chip.Float32:
		return convert[float32](a.v)
	case chip.Float64:
		return convert[float64](a.v)
	case chip.Int32:
		return convert[int32](a.v)
	case chip.Int64:
		return convert[int64](a.v)
	case chip.Uint8:
		return convert[uint8](a.v)
	case chip.Int8:
		return convert[int8](a.v)
	}
	if a.dt == chip.BFloat16 {
		h := make([]chip.BFloat, len(a.v))
		for i, x := range a.v {
			h[i] = chip.BFloat(math.Float32bits(float32(x)) >> 16) // exact, as the values are rounded
		}
		return h
	}
	h := make([]bool, len(a.v))
	for i, x := range a.v {
		h[i] = x != 0
	}
	return h
}

// take reads a host slice back.
func (a array) take(host any) {
	switch h := host.(type) {
	case []float32:
		widen(a.v, h)
	case []float64:
		widen(a.v, h)
	case []int32:
		widen(a.v, h)
	case []int64:
		widen(a.v, h)
	case []uint8:
		widen(a.v, h)
	case []int8:
		widen(a.v, h)
	case []chip.BFloat:
		for i, x := range h {
			a.v[i] = float64(math.Float32frombits(uint32(x) << 16))
		}
	case []bool:
		for i, x := range h {
			if x {
				a.v[i] = 1
			}
		}
	}
}

func widen[T float32 | float64 | int32 | int64 | uint8 | int8](v []float64, h []T) {
	for i, x := range h {
		v[i] = float64(x)
	}
}

// index walks the positions of a shape.
func positions(shape []int, visit func(i int, at []int)) {
	at, n := make([]int, len(shape)), 1
	for _, d := range shape {
		n *= d
	}
	for i := range n {
		r := i
		for j := len(shape) - 1; j >= 0; j-- {
			at[j] = r % shape[j]
			r /= shape[j]
		}
		visit(i, at)
	}
}

// offset is the flat position in an array of this shape, axes aligned at the
// right and axes of length 1 repeated.
func (a array) offset(at []int) int {
	o, skip := 0, len(at)-len(a.shape)
	for i, d := range a.shape {
		o *= d
		if d != 1 {
			o += at[skip+i]
		}
	}
	return o
}

func (a array) get(at ...int) float64 { return a.v[a.offset(at)] }
