package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// activate applies an activation in place.
func (t *tier) activate(x []float32, act chip.Activation) {
	switch act {
	case chip.ReLU:
		for i, v := range x {
			x[i] = max(v, 0)
		}
	case chip.SiLU:
		for i, v := range x {
			x[i] = float32(float64(v) / (1 + math.Exp(-float64(v))))
		}
	case chip.GELU:
		for i, v := range x {
			x[i] = float32(0.5 * float64(v) * (1 + math.Erf(float64(v)/math.Sqrt2)))
		}
	}
}
