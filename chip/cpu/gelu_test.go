package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// TestGELUAlone runs x·Φ(x), for which tiers have one pass, and maps that look
// like it.
func TestGELUAlone(t *testing.T) {
	cdfOf := chip.MapInstr{Fn: chip.FnCDF}
	r := rand.New(rand.NewPCG(3, 4))
	for _, tier := range usable() {
		d := newDevice(2, tier)
		for _, n := range []int{1, 7, 8, 1025, 40_000} {
			x := constant(r, n)
			for name, c := range map[string]struct {
				then chip.MapInstr
				want func(x float64) float64
			}{
				"x·Φ": {chip.MapInstr{Fn: chip.FnMul, A: 0, B: 1}, func(x float64) float64 { return x * cdf(x) }},
				"Φ·x": {chip.MapInstr{Fn: chip.FnMul, A: 1, B: 0}, func(x float64) float64 { return x * cdf(x) }},
				"Φ·Φ": {chip.MapInstr{Fn: chip.FnMul, A: 1, B: 1}, func(x float64) float64 { return cdf(x) * cdf(x) }},
				"x+Φ": {chip.MapInstr{Fn: chip.FnAdd, A: 0, B: 1}, func(x float64) float64 { return x + cdf(x) }},
			} {
				op := &chip.Map{Code: []chip.MapInstr{cdfOf, c.then}, Outs: []int{2}}
				for _, got := range runOp(t, d, op, []int{n}, x) {
					for i, v := range x.Data.([]float32) {
						if want := c.want(float64(v)); math.Abs(float64(got[i])-want) > 1e-6 {
							t.Fatalf("%s %s of %v is %v, want %v", tier.name, name, v, got[i], want)
						}
					}
				}
			}
		}
		d.Close()
	}
}
