package serve

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// jsonData returns t's elements as encoding/json shall write them: an array of
// numbers, with null for those that are not finite.
func jsonData(t *tensor.Tensor) any {
	switch d := t.Data().(type) {
	case []float32:
		return each(d, func(v float32) number { return number(v) })
	case []tensor.Float16:
		return each(d, func(v tensor.Float16) number { return number(v.Float32()) })
	case []tensor.BFloat16:
		return each(d, func(v tensor.BFloat16) number { return number(v.Float32()) })
	case []float64:
		return each(d, func(v float64) any {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil
			}
			return v
		})
	case []uint8: // encoding/json would write base64
		return each(d, func(v uint8) int { return int(v) })
	}
	return t.Data()
}

func each[T, R any](d []T, f func(T) R) []R {
	out := make([]R, len(d))
	for i, v := range d {
		out[i] = f(v)
	}
	return out
}
