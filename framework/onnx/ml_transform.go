package onnx

import (
	"math"
)

// transform is post_transform: it changes one row of scores in place.
type transform func(scores []float32)

func (n *call) transform() transform {
	switch n.choice("post_transform", "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT") {
	case "LOGISTIC":
		return func(s []float32) {
			for i, v := range s {
				s[i] = logistic(v)
			}
		}
	case "SOFTMAX":
		return func(s []float32) { softmaxLine(s, s, 0, 1, len(s), false) }
	case "SOFTMAX_ZERO":
		return softmaxZero
	case "PROBIT":
		return func(s []float32) {
			for i, v := range s {
				s[i] = float32(math.Sqrt2 * math.Erfinv(float64(2*v-1)))
			}
		}
	}
	return func([]float32) {}
}

func logistic(v float32) float32 { return float32(sigmoid(float64(v))) }

// softmaxZero is softmax over the scores that are not 0; those stay 0.
func softmaxZero(s []float32) {
	top := math.Inf(-1)
	for _, v := range s {
		top = math.Max(top, float64(v))
	}
	total := 0.0
	for i, v := range s {
		if v != 0 {
			e := math.Exp(float64(v) - top)
			s[i] = float32(e)
			total += e
		}
	}
	for i, v := range s {
		if v != 0 {
			s[i] = float32(float64(v) / total)
		}
	}
}
