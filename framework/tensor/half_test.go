package tensor_test

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestHalves goes over all numbers of both types: each comes back from float32,
// and between it and its successor values round to the nearer, ties to even.
func TestHalves(t *testing.T) {
	for name, c := range map[string]struct {
		narrow   func(float64) uint16
		widen    func(uint16) float32
		infinity uint16
	}{
		"float16":  {func(v float64) uint16 { return uint16(tensor.NewFloat16(v)) }, func(h uint16) float32 { return tensor.Float16(h).Float32() }, 0x7c00},
		"bfloat16": {func(v float64) uint16 { return uint16(tensor.NewBFloat16(v)) }, func(h uint16) float32 { return tensor.BFloat16(h).Float32() }, 0x7f80},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 1 << 16 {
				h := uint16(i)
				v := float64(c.widen(h))
				magnitude, sign := h&0x7fff, h&0x8000
				if magnitude > c.infinity {
					if back := c.narrow(v); v == v || back&0x7fff <= c.infinity || back&0x8000 != sign {
						t.Fatalf("NaN %#x is %v and comes back as %#x", h, v, back)
					}
					continue
				}
				if back := c.narrow(v); back != h {
					t.Fatalf("%#x is %v and comes back as %#x", h, v, back)
				}
				if magnitude == c.infinity {
					continue
				}
				next := float64(c.widen(h + 1))
				if magnitude+1 == c.infinity { // the number that would follow
					next = v + (v - float64(c.widen(h-1)))
				}
				middle, even := v+(next-v)/2, h+h&1
				for _, r := range []struct {
					v    float64
					want uint16
				}{{middle, even}, {math.Nextafter(middle, v), h}, {math.Nextafter(middle, next), h + 1}} {
					if got := c.narrow(r.v); got != r.want {
						t.Fatalf("%v, between %#x and the next, becomes %#x, want %#x", r.v, h, got, r.want)
					}
				}
			}
		})
	}
}

func TestHalfValues(t *testing.T) {
	for _, c := range []struct {
		v      float64
		f16    tensor.Float16
		bf16   tensor.BFloat16
		f16Val float32
	}{
		{1, 0x3c00, 0x3f80, 1}, {-2, 0xc000, 0xc000, -2}, {math.Copysign(0, -1), 0x8000, 0x8000, 0}, {65504, 0x7bff, 0x4780, 65504},
		{65520, 0x7c00, 0x4780, float32(math.Inf(1))}, {0x1p-24, 0x0001, 0x3380, 0x1p-24}, {1e300, 0x7c00, 0x7f80, float32(math.Inf(1))},
		{math.Inf(-1), 0xfc00, 0xff80, float32(math.Inf(-1))}, {1e-300, 0, 0, 0},
	} {
		f, b := tensor.NewFloat16(c.v), tensor.NewBFloat16(c.v)
		if f != c.f16 || b != c.bf16 || f.Float32() != c.f16Val {
			t.Errorf("%v: float16 %#x (%v), bfloat16 %#x; want %#x (%v), %#x", c.v, f, f.Float32(), b, c.f16, c.f16Val, c.bf16)
		}
	}
}

func TestHalfTensorsCompareByValue(t *testing.T) {
	zero, minus, nan := tensor.NewFloat16(0), tensor.NewFloat16(math.Copysign(0, -1)), tensor.NewFloat16(math.NaN())
	if !tensor.Equal(tensor.Scalar(zero), tensor.Scalar(minus)) || tensor.Equal(tensor.Scalar(nan), tensor.Scalar(nan)) {
		t.Error("float16 does not compare as numbers do")
	}
}
