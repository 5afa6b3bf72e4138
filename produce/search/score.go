package search

import (
	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/toolbox"
)

// Truth is what predictions on some samples are compared with.
type Truth struct {
	Classes int       // 0 for regression
	Labels  []int32   // by row
	Targets []float32 // by row
}

// TruthOf gives the truth of the samples in their order.
func TruthOf(p *toolbox.Problem, samples []int) Truth {
	t := Truth{Classes: len(p.Classes)}
	for _, i := range samples {
		if p.Regression() {
			t.Targets = append(t.Targets, p.Targets[i])
		} else {
			t.Labels = append(t.Labels, p.Labels[i])
		}
	}
	return t
}

// Rows is the number of samples.
func (t Truth) Rows() int { return max(len(t.Labels), len(t.Targets)) }

// Width is the number of predictions per row.
func (t Truth) Width() int { return max(1, t.Classes) }

// Score gives the metric that people read and the loss.
func (t Truth) Score(pred []float32) (score, loss float64) {
	if t.Classes == 0 {
		return metric.R2Of(pred, t.Targets), metric.Squared(pred, t.Targets)
	}
	return metric.Correct(pred, t.Labels, t.Classes), metric.LogLossOf(pred, t.Labels, t.Classes)
}

// Crit gives what the search minimises: 1 − R2, or the error rate plus a tenth
// of the log loss, which tells apart what few samples cannot.
func Crit(classes int, score, loss float64) float64 {
	if classes == 0 {
		return 1 - score
	}
	return 1 - score + 0.1*loss
}
