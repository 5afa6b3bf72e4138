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
		t.silu(x)
	case chip.GELU:
		t.gelu(x)
	}
}

func goSiLU(x []float32) {
	for i, v := range x {
		x[i] = float32(float64(v) / (1 + math.Exp(-float64(v))))
	}
}

func goGELU(x []float32) {
	for i, v := range x {
		x[i] = float32(float64(v) * cdf(float64(v)))
	}
}

// cdf is the normal distribution function.
func cdf(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
