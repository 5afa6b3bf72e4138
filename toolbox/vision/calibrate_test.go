package vision

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Answers that were flattened are sharpened back, and sharp ones softened.
func TestSharpness(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const classes, n = 4, 4000
	for _, flat := range []float64{0.4, 1, 2.5} {
		probs, labels := make([]float32, 0, n*classes), make([]int32, n)
		for i := range n {
			row, total := [classes]float64{}, 0.0
			for k := range row {
				row[k] = math.Exp(2 * r.NormFloat64())
				total += row[k]
			}
			u := r.Float64() * total
			for k := range row {
				if u >= 0 {
					labels[i] = int32(k)
				}
				u -= row[k]
			}
			sum := 0.0
			for k := range row {
				row[k] = math.Pow(row[k]/total, flat)
				sum += row[k]
			}
			for k := range row {
				probs = append(probs, float32(row[k]/sum))
			}
		}
		if s := float64(sharpness(probs, labels, classes)); math.Abs(s*flat-1) > 0.08 {
			t.Errorf("answers to the power of %v: sharpness %v, want %v", flat, s, 1/flat)
		}
	}
}

// A few samples that are all right do not make a model certain.
func TestSharpnessOfFewSamples(t *testing.T) {
	probs, labels := []float32{}, []int32{}
	for range 10 {
		probs, labels = append(probs, 0.9, 0.1), append(labels, 0)
	}
	if s := sharpness(probs, labels, 2); s < 1 || s > 2 {
		t.Errorf("sharpness %v of ten samples that are right at 90 %%", s)
	}
}

func TestSharpenSumsToOne(t *testing.T) {
	p := []float32{0.7, 0.3, 0, 1, 0, 0}
	sharpen(p, 3, 2)
	for i := 0; i < len(p); i += 3 {
		if sum := p[i] + p[i+1] + p[i+2]; math.Abs(float64(sum)-1) > 1e-6 || p[i] < 0.8 {
			t.Errorf("%v", p[i:i+3])
		}
	}
}
