// Package metric measures predictions against the truth.
//
// Class probabilities are rows of p, [N, classes] one after the other; labels
// are class indices. Predicted values of a regression are [N].
package metric

import "math"

// The names of metrics, as they stand in results, cards and events.
const (
	Accuracy         = "accuracy"
	BalancedAccuracy = "balanced_accuracy"
	MacroF1          = "macro_f1"
	LogLoss          = "log_loss"
	ECE              = "ece"
	R2               = "r2"
	RMSE             = "rmse"
	MAE              = "mae"
)

// floor keeps the logarithm of a probability finite: sklearn's for float32.
const floor = 1.1920929e-07

// Argmax returns the index of the largest value; the first of equal ones.
func Argmax(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}

// Correct returns the share of rows of p whose largest value is the label's.
func Correct(p []float32, labels []int32, classes int) float64 {
	right := 0
	for i, y := range labels {
		if Argmax(p[i*classes:(i+1)*classes]) == int(y) {
			right++
		}
	}
	return float64(right) / float64(max(1, len(labels)))
}

// LogLossOf returns −mean ln p[label], each row divided by its sum.
func LogLossOf(p []float32, labels []int32, classes int) float64 {
	var total float64
	for i, y := range labels {
		total += RowLoss(p[i*classes:(i+1)*classes], y)
	}
	return total / float64(max(1, len(labels)))
}

// RowLoss is the log loss of one row.
func RowLoss(row []float32, y int32) float64 {
	var sum float64
	for _, v := range row {
		sum += float64(v)
	}
	return -math.Log(min(1, max(floor, float64(row[y])/max(sum, floor))))
}

// Squared returns the mean squared error.
func Squared(pred, truth []float32) float64 {
	var total float64
	for i, t := range truth {
		d := float64(pred[i]) - float64(t)
		total += d * d
	}
	return total / float64(max(1, len(truth)))
}

// Variance returns the biased variance of v.
func Variance(v []float32) float64 {
	var mean, m2 float64
	for i, x := range v {
		d := float64(x) - mean
		mean += d / float64(i+1)
		m2 += d * (float64(x) - mean)
	}
	return m2 / float64(max(1, len(v)))
}

// R2Of returns 1 − MSE/variance; 0 when the truth is constant.
func R2Of(pred, truth []float32) float64 {
	v := Variance(truth)
	if v == 0 {
		return 0
	}
	return 1 - Squared(pred, truth)/v
}

// MAEOf returns the mean absolute error.
func MAEOf(pred, truth []float32) float64 {
	var total float64
	for i, t := range truth {
		total += math.Abs(float64(pred[i]) - float64(t))
	}
	return total / float64(max(1, len(truth)))
}

// Finite reports whether v holds no NaN and no infinity.
func Finite(v []float32) bool {
	for _, x := range v {
		if d := x - x; d != 0 { // NaN for both
			return false
		}
	}
	return true
}
