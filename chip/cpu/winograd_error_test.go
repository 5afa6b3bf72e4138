package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// TestWinogradErrors measures the greatest error of each algorithm, relative
// to the greatest output, against sums in float64: a few times the resolution
// of float32, 6e-8, as sums are long.
func TestWinogradErrors(t *testing.T) {
	g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
	r := rand.New(rand.NewPCG(15, 16))
	tier := bestTier()
	if tier.f4 == nil {
		t.Skip("this tier has no transforms")
	}
	for _, c := range []struct {
		pass             string
		sum              int // how many channels or outputs are summed
		n, side, in, out int
	}{
		{"forward", 64, 1, 12, 64, 32}, {"forward", 128, 1, 12, 128, 32}, {"forward", 256, 1, 12, 256, 32}, {"forward", 512, 1, 12, 512, 32},
		{"gradInput", 64, 1, 12, 32, 64}, {"gradInput", 128, 1, 12, 32, 128}, {"gradInput", 256, 1, 12, 32, 256}, {"gradInput", 512, 1, 12, 32, 512},
		{"gradWeight", 1024, 64, 4, 16, 16}, {"gradWeight", 4096, 16, 16, 16, 16}, {"gradWeight", 16384, 16, 32, 16, 16}, {"gradWeight", 65536, 64, 32, 16, 16},
	} {
		if testing.Short() && c.sum > 20000 {
			continue
		}
		x, w, dy := constant(r, c.n, c.side, c.side, c.in), constant(r, 3, 3, c.in, c.out), constant(r, c.n, c.side, c.side, c.out)
		y, dx, dw := convInFloat64(g, 1, x, w, dy)
		var errs [3]float64
		for i, a := range []algorithm{direct, winograd2, winograd4} {
			d := newDevice(2, tier)
			d.algorithm = a
			switch c.pass {
			case "forward":
				errs[i] = relativeError(runOp(t, d, &chip.Conv{Window: g, Groups: 1}, dy.Shape, x, w)[0], y)
			case "gradInput":
				errs[i] = relativeError(runOp(t, d, &chip.ConvGradInput{Window: g, Groups: 1}, x.Shape, dy, w)[0], dx)
			case "gradWeight":
				errs[i] = relativeError(runOp(t, d, &chip.ConvGradWeight{Window: g, Groups: 1}, w.Shape, x, dy)[0], dw)
			}
			d.Close()
		}
		t.Logf("%-10s %5d  direct %.1e  F(2x2) %.1e  F(4x4) %.1e", c.pass, c.sum, errs[0], errs[1], errs[2])
		for i, limit := range []float64{1e-6, 2e-6, 4e-6} {
			if errs[i] > limit {
				t.Errorf("%s of %d: algorithm %d is off by %.1e, allowed %.1e", c.pass, c.sum, i, errs[i], limit)
			}
		}
	}
}

// relativeError is the greatest error relative to the greatest wanted value.
func relativeError(got []float32, want []float64) float64 {
	worst, largest := 0.0, 0.0
	for i, v := range want {
		worst, largest = max(worst, math.Abs(float64(got[i])-v)), max(largest, math.Abs(v))
	}
	return worst / largest
}
