package cpu

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// bounds are the largest errors of a tier's functions in units of the last
// place of the true value, over the whole range that is listed.
var bounds = []struct {
	name   string
	fn     chip.MapFn
	lo, hi float64
	ulp    float64
	f      func(float64) float64
}{
	{"exp", chip.FnExp, -87, 88.7, 1.5, math.Exp},
	{"log", chip.FnLog, 1e-38, 3e38, 1.5, math.Log},
	{"log near 1", chip.FnLog, 0.5, 2, 1.5, math.Log},
	{"tanh", chip.FnTanh, -10, 10, 2, math.Tanh},
	{"tanh near 0", chip.FnTanh, -0.01, 0.01, 1, math.Tanh},
	{"sigmoid", chip.FnSigmoid, -80, 80, 2.5, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
	{"erf", chip.FnErf, -6, 6, 2, math.Erf},
	{"erf near 0", chip.FnErf, -0.01, 0.01, 1.5, math.Erf},
	{"rsqrt", chip.FnRsqrt, 1e-30, 1e30, 1.5, func(x float64) float64 { return 1 / math.Sqrt(x) }},
	{"recip", chip.FnRecip, 1e-30, 1e30, 0.51, func(x float64) float64 { return 1 / x }},
	{"sqrt", chip.FnSqrt, 0, 1e30, 0.51, math.Sqrt},
	{"sin", chip.FnSin, -100, 100, 0.51, math.Sin},
	{"cos", chip.FnCos, -100, 100, 0.51, math.Cos},
}

// TestFunctionsAreAccurate compares every tier with float64.
func TestFunctionsAreAccurate(t *testing.T) {
	const n = 100_003
	x, y := make([]float32, n), make([]float32, n)
	for _, tier := range usable() {
		for _, b := range bounds {
			for i := range x {
				f := float64(i) / (n - 1)
				if b.lo > 0 && b.hi/b.lo > 1e6 { // spread over the exponents
					x[i] = float32(math.Exp(math.Log(b.lo) + f*(math.Log(b.hi)-math.Log(b.lo))))
				} else {
					x[i] = float32(b.lo + f*(b.hi-b.lo))
				}
			}
			tier.maps[b.fn](y, x, nil, nil)
			worst, at := 0.0, float32(0)
			for i, got := range y {
				if e := ulps(got, b.f(float64(x[i]))); e > worst {
					worst, at = e, x[i]
				}
			}
			if worst > b.ulp {
				t.Errorf("%s %s(%v) is off by %.2f ulp, allowed %.2f", tier.name, b.name, at, worst, b.ulp)
			}
			t.Logf("%s %s: %.2f ulp", tier.name, b.name, worst)
		}
	}
}

// ulps is the error of got in units of the last place of want.
func ulps(got float32, want float64) float64 {
	_, exp := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(exp-24, -149))
}

// usable are the tiers that this machine has.
func usable() (ts []*tier) {
	for _, t := range tiers {
		if t.usable() {
			ts = append(ts, t)
		}
	}
	return ts
}

// TestActivations compares the fused activations with float64.
func TestActivations(t *testing.T) {
	for _, tier := range usable() {
		for n := range 40 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(i-20) / 3
			}
			for _, act := range []chip.Activation{chip.NoActivation, chip.ReLU, chip.SiLU, chip.GELU} {
				y := append([]float32(nil), x...)
				tier.activate(y, act)
				for i, v := range x {
					v := float64(v)
					want := map[chip.Activation]float64{chip.NoActivation: v, chip.ReLU: max(v, 0), chip.SiLU: v / (1 + math.Exp(-v)), chip.GELU: 0.5 * v * (1 + math.Erf(v/math.Sqrt2))}[act]
					if math.Abs(float64(y[i])-want) > 1e-6 {
						t.Errorf("%s activation %d of %v is %v, want %v", tier.name, act, v, y[i], want)
					}
				}
			}
		}
	}
}
