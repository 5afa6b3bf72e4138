package produce

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/produce/result"
	"github.com/macaw-ai/macaw/produce/search"
)

// Bounds of what a result lists.
const (
	mostMistakes = 24
	scatterDots  = 500
	histBars     = 24
	calibBins    = 10
)

// judge fills in how the model's outputs on some samples compare with the truth.
func (e *ending) judge(r *result.Result, show *reader, out []float32, samples []int) {
	truth := search.TruthOf(e.work.Problem, samples)
	if truth.Classes == 0 {
		r.Residuals = residuals(out, truth.Targets)
		r.Mistakes = e.misses(show, out, truth, samples)
		return
	}
	counts := metric.Confusion(out, truth.Labels, truth.Classes)
	r.Confusion = &result.Confusion{Classes: e.work.Classes, Counts: counts}
	for i, c := range metric.Classes(counts) {
		r.PerClass = append(r.PerClass, result.ClassScore{Class: e.work.Classes[i], Samples: c.Samples, Precision: c.Precision, Recall: c.Recall, F1: c.F1})
	}
	bins, _ := metric.Calibration(out, truth.Labels, truth.Classes, calibBins)
	for _, b := range bins {
		r.Calibration = append(r.Calibration, result.Bin{Low: b.Low, High: b.High, Count: b.Count, Confidence: b.Confidence, Accuracy: b.Accuracy})
	}
	r.Mistakes = e.confusions(show, out, truth, samples)
}

// confusions are the samples that were called by a wrong name, the surest first.
func (e *ending) confusions(show *reader, out []float32, truth search.Truth, samples []int) []result.Mistake {
	var all []result.Mistake
	k := truth.Classes
	for i, s := range samples {
		row := out[i*k : (i+1)*k]
		p := metric.Argmax(row)
		if y := truth.Labels[i]; p != int(y) {
			all = append(all, result.Mistake{Sample: s, Truth: e.work.Classes[y], Predicted: e.work.Classes[p], Confidence: float64(row[p])})
		}
	}
	slices.SortStableFunc(all, func(a, b result.Mistake) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return e.shown(show, all)
}

// misses are the samples whose predicted value is farthest off.
func (e *ending) misses(show *reader, out []float32, truth search.Truth, samples []int) []result.Mistake {
	all := make([]result.Mistake, len(samples))
	for i, s := range samples {
		all[i] = result.Mistake{
			Sample: s, Truth: number(truth.Targets[i]), Predicted: number(out[i]), Error: float64(out[i]) - float64(truth.Targets[i]),
		}
	}
	slices.SortStableFunc(all, func(a, b result.Mistake) int { return cmp.Compare(math.Abs(b.Error), math.Abs(a.Error)) })
	return e.shown(show, all)
}

func number(v float32) string { return strconv.FormatFloat(float64(v), 'g', 6, 32) }

func (e *ending) shown(show *reader, all []result.Mistake) []result.Mistake {
	all = all[:min(len(all), mostMistakes)]
	for i := range all {
		all[i].Path = e.pathOf(all[i].Sample)
		all[i].Content = show.content(all[i].Sample)
	}
	return all
}

func (e *ending) pathOf(sample int) string {
	path := e.work.samples[sample].Path
	if _, err := strconv.Atoi(path); err == nil {
		return "row " + path
	}
	return path
}

func residuals(out, truth []float32) *result.Residuals {
	r := &result.Residuals{}
	diff := make([]float32, len(out))
	every := max(1, (len(out)+scatterDots-1)/scatterDots)
	for i := range out {
		diff[i] = out[i] - truth[i]
		r.Bias += float64(diff[i]) / float64(len(out))
		if i%every == 0 {
			r.Truth = append(r.Truth, float64(truth[i]))
			r.Predicted = append(r.Predicted, float64(out[i]))
		}
	}
	r.Histogram = histogram(diff)
	return r
}

// histogram counts values in bars of equal width between the extremes.
func histogram(v []float32) []result.Histogram {
	if len(v) == 0 {
		return nil
	}
	low, high := float64(slices.Min(v)), float64(slices.Max(v))
	if low == high {
		return []result.Histogram{{Low: low, High: high, Count: len(v)}}
	}
	n := max(4, min(histBars, int(math.Sqrt(float64(len(v))))))
	bars := make([]result.Histogram, n)
	for b := range bars {
		bars[b].Low = low + (high-low)*float64(b)/float64(n)
		bars[b].High = low + (high-low)*float64(b+1)/float64(n)
	}
	for _, x := range v {
		bars[min(n-1, max(0, int(float64(n)*(float64(x)-low)/(high-low))))].Count++
	}
	return bars
}
