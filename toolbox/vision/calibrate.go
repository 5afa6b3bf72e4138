package vision

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/toolbox"
)

// Label smoothing and mixed images teach a network to be less sure than it may
// be. calibrate makes up for it: it sharpens the model's answers, p^s scaled to
// sum 1, by the s under which the validation samples are likeliest (temperature
// scaling with s = 1/T, Guo et al. 2017, arXiv:1706.04599, §4.2). A model that
// has learnt from those samples takes the s of an earlier one of the same
// settings that has not.
func (m *model) calibrate(p *toolbox.Problem, s settings, v *validation) {
	if len(p.Val) == 0 {
		return
	}
	key := fmt.Sprintf("vision/sharpness/%+v", s)
	if slices.Contains(p.Train, p.Val[0]) {
		m.sharpness, _ = toolbox.Get(p.Shared, key, func() (float32, error) { return 1, nil })
	} else {
		m.sharpness = sharpness(v.probabilities, v.labels, m.classes)
		toolbox.Put(p.Shared, key, m.sharpness)
	}
	sharpen(v.probabilities, m.classes, m.sharpness)
}

// sharpest bounds how far answers are sharpened or softened.
const sharpest = 4

// sharpness is the s that maximises the likelihood of the labels times a prior:
// log s is normal around 0 with a deviation of a half, since samples that are all
// right would want certainty. The negative logarithm is convex in s.
func sharpness(probabilities []float32, labels []int32, classes int) float32 {
	every := 1 + len(probabilities)/100_000 // enough for one number, and quick
	cost := func(logS float64) float64 {
		s := math.Exp(logS)
		sum := logS * logS / (2 * 0.5 * 0.5)
		for i := 0; i < len(labels); i += every {
			row, y := probabilities[i*classes:][:classes], labels[i]
			total := 0.0
			for _, p := range row {
				total += math.Pow(max(float64(p), leastProbability), s)
			}
			sum += math.Log(total) - s*math.Log(max(float64(row[y]), leastProbability))
		}
		return sum
	}
	low, high := -math.Log(sharpest), math.Log(sharpest)
	for range 30 { // thirds
		a, b := low+(high-low)/3, high-(high-low)/3
		if cost(a) < cost(b) {
			high = b
		} else {
			low = a
		}
	}
	return float32(math.Exp((low + high) / 2))
}

// leastProbability keeps logarithms finite.
const leastProbability = 1e-20

// sharpen raises rows of probabilities to the power s and scales them to sum 1.
func sharpen(probabilities []float32, classes int, s float32) {
	if s == 1 {
		return
	}
	for i := 0; i < len(probabilities); i += classes {
		row := probabilities[i:][:classes]
		total := 0.0
		for _, p := range row {
			total += math.Pow(max(float64(p), leastProbability), float64(s))
		}
		for k, p := range row {
			row[k] = float32(math.Pow(max(float64(p), leastProbability), float64(s)) / total)
		}
	}
}

// sharpened is sharpen in the graph.
func sharpened(p *graph.Node, s float32) *graph.Node {
	if s == 1 {
		return p
	}
	return graph.Softmax(graph.MulScalar(graph.Log(graph.Clip(p, leastProbability, 1)), s))
}
