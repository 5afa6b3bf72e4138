package toolbox

import (
	"math"
	"slices"
)

// Measure gives "val_loss", the mean log loss, and "val_accuracy" of class
// probabilities, row-major [len(labels), classes].
func Measure(probabilities []float32, labels []int32) map[string]float64 {
	if len(labels) == 0 {
		return nil
	}
	classes := len(probabilities) / len(labels)
	var loss float64
	right := 0
	for i, label := range labels {
		row := probabilities[i*classes:][:classes]
		loss -= math.Log(max(float64(row[label]), 1e-9))
		if int32(slices.Index(row, slices.Max(row))) == label {
			right++
		}
	}
	n := float64(len(labels))
	return map[string]float64{"val_loss": loss / n, "val_accuracy": float64(right) / n}
}
