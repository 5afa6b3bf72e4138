package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// TestBFloatTwins compares conversions of every upper half of a float32, with
// lower halves around a tie, with their Go twins.
func TestBFloatTwins(t *testing.T) {
	var x []float32
	for high := range uint32(1 << 16) {
		for _, low := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff} {
			x = append(x, math.Float32frombits(high<<16|low))
		}
	}
	want := make([]chip.BFloat, len(x))
	goShorten(want, x)
	wide := make([]float32, len(x))
	goWiden(wide, want)
	for _, tier := range usable() {
		got, back := make([]chip.BFloat, len(x)), make([]float32, len(x))
		tier.shorten(got, x)
		if !slices.Equal(got, want) {
			t.Errorf("%s rounds otherwise than its twin", tier.name)
		}
		tier.widen(back, got)
		for i := range back {
			if math.Float32bits(back[i]) != math.Float32bits(wide[i]) {
				t.Fatalf("%s widens %x to %x, want %x", tier.name, got[i], math.Float32bits(back[i]), math.Float32bits(wide[i]))
			}
		}
		for _, n := range edges {
			got, rest := make([]chip.BFloat, n+1), make([]float32, n+1)
			tier.shorten(got[:n], x[:n])
			tier.widen(rest[:n], want[:n])
			if !slices.Equal(got[:n], want[:n]) || got[n] != 0 || rest[n] != 0 {
				t.Errorf("%s: %d elements are rounded to %v, want %v", tier.name, n, got, want[:n])
			}
		}
	}
}
