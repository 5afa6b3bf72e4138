package metric

import "math"

// Confusion returns counts[t][p]: how many samples of class t were called p.
func Confusion(p []float32, labels []int32, classes int) [][]int {
	counts := make([][]int, classes)
	for c := range counts {
		counts[c] = make([]int, classes)
	}
	for i, y := range labels {
		counts[y][Argmax(p[i*classes:(i+1)*classes])]++
	}
	return counts
}

// Class is how one class does; what cannot be computed is 0.
type Class struct {
	Samples               int
	Precision, Recall, F1 float64
}

// Classes sums up a confusion matrix class by class.
func Classes(counts [][]int) []Class {
	out := make([]Class, len(counts))
	for c := range counts {
		var called int
		for t := range counts {
			called += counts[t][c]
			out[c].Samples += counts[c][t]
		}
		hit := float64(counts[c][c])
		out[c].Precision = hit / float64(max(1, called))
		out[c].Recall = hit / float64(max(1, out[c].Samples))
		out[c].F1 = 2 * hit / float64(max(1, called+out[c].Samples))
	}
	return out
}

// Bin is one bin of a calibration diagram over (Low, High].
type Bin struct {
	Low, High            float64
	Count                int
	Confidence, Accuracy float64 // means over the bin; 0 when it is empty
}

// Calibration sorts predictions by the probability of the class they name into
// n bins of equal width and returns them with the expected calibration error,
// the mean of |accuracy − confidence| weighted by count (Naeini et al. 2015).
func Calibration(p []float32, labels []int32, classes, n int) ([]Bin, float64) {
	bins := make([]Bin, n)
	for b := range bins {
		bins[b].Low, bins[b].High = float64(b)/float64(n), float64(b+1)/float64(n)
	}
	for i, y := range labels {
		row := p[i*classes : (i+1)*classes]
		k := Argmax(row)
		conf := min(1, max(0, float64(row[k])))
		b := &bins[min(n-1, max(0, int(math.Ceil(conf*float64(n)))-1))]
		b.Count++
		b.Confidence += conf
		if k == int(y) {
			b.Accuracy++
		}
	}
	var ece float64
	for i := range bins {
		b := &bins[i]
		ece += math.Abs(b.Accuracy-b.Confidence) / float64(max(1, len(labels)))
		b.Confidence /= float64(max(1, b.Count))
		b.Accuracy /= float64(max(1, b.Count))
	}
	return bins, ece
}

// OfClasses returns every metric of a classification by name.
func OfClasses(p []float32, labels []int32, classes int) map[string]float64 {
	per := Classes(Confusion(p, labels, classes))
	var f1, recall float64
	seen := 0
	for _, c := range per {
		if c.Samples > 0 {
			f1, recall, seen = f1+c.F1, recall+c.Recall, seen+1
		}
	}
	_, ece := Calibration(p, labels, classes, 10)
	return map[string]float64{
		Accuracy: Correct(p, labels, classes), LogLoss: LogLossOf(p, labels, classes), ECE: ece,
		MacroF1: f1 / float64(max(1, seen)), BalancedAccuracy: recall / float64(max(1, seen)),
	}
}

// OfValues returns every metric of a regression by name.
func OfValues(pred, truth []float32) map[string]float64 {
	return map[string]float64{
		R2: R2Of(pred, truth), RMSE: math.Sqrt(Squared(pred, truth)), MAE: MAEOf(pred, truth),
	}
}
