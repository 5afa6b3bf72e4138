package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// activate applies an activation in place.
func (t *tier) activate(x []float32, act chip.Activation) {
	switch act {
	case chip.ReLU:
		t.maps[chip.FnRelu](x, x, nil, nil)
	case chip.SiLU:
		t.silu(x, x, nil, nil)
	case chip.GELU:
		t.gelu(x, x, nil, nil)
	}
}

var (
	goSiLU = by64(func(x float64) float64 { return x / (1 + math.Exp(-x)) })
	goGELU = by64(func(x float64) float64 { return x * cdf(x) })
)

// cdf is the normal distribution function.
func cdf(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
