package linear

import (
	"context"
	"math"
)

// Options of a fit. The zero value is unregularised, one thread, 200 steps.
type Options struct {
	L2      float64   // λ in Σ loss_i / n + λ/2·|W|²; the bias is free
	MaxIter int       // 0 means 200
	Tol     float64   // of the gradient's largest entry; 0 means 1e-5
	Threads int       // 0 means 1
	Weights []float32 // of the rows; nil means 1 each
	Start   *Model    // warm start of the same shape; nil means zeros
}

func (o Options) withDefaults() Options {
	if o.MaxIter == 0 {
		o.MaxIter = 200
	}
	if o.Tol == 0 {
		o.Tol = 1e-5
	}
	o.Threads = max(o.Threads, 1)
	return o
}

// Model is a linear map from Cols features to Outputs scores.
type Model struct {
	Cols, Outputs int
	W             []float32 // [Cols, Outputs], row-major
	B             []float32 // [Outputs]
}

// Scores writes x·W + b of one sparse row into out [Outputs].
func (m *Model) Scores(col []int32, val []float32, out []float32) {
	copy(out, m.B)
	for j, c := range col {
		w, v := m.W[int(c)*m.Outputs:][:m.Outputs], val[j]
		for k := range out {
			out[k] += v * w[k]
		}
	}
}

// Probabilities returns softmax(x·W + b) of all rows, row-major [rows, Outputs].
func (m *Model) Probabilities(x *Rows) []float32 {
	out := make([]float32, x.Len()*m.Outputs)
	for i := range x.Len() {
		col, val := x.Row(i)
		row := out[i*m.Outputs:][:m.Outputs]
		m.Scores(col, val, row)
		softmax(row)
	}
	return out
}

func softmax(row []float32) {
	top := row[0]
	for _, v := range row {
		top = max(top, v)
	}
	var sum float64
	for k, v := range row {
		e := math.Exp(float64(v - top))
		row[k] = float32(e)
		sum += e
	}
	for k := range row {
		row[k] = float32(float64(row[k]) / sum)
	}
}

// Logistic fits multinomial logistic regression: the mean cross-entropy of
// softmax(x·W + b) against y (class of each row) plus the ridge penalty.
func Logistic(ctx context.Context, x *Rows, y []int32, classes int, o Options) (*Model, error) {
	o = o.withDefaults()
	return fit(ctx, x, classes, o, func(p, grad []float64, part [2]int) float64 {
		return logisticPart(x, y, classes, o.Weights, p, grad, part)
	})
}

// logisticPart adds up the loss and gradient of the rows of one part.
func logisticPart(x *Rows, y []int32, classes int, weights []float32, p, grad []float64, part [2]int) float64 {
	clear(grad)
	w, b := p[:x.Cols*classes], p[x.Cols*classes:]
	gw, gb := grad[:x.Cols*classes], grad[x.Cols*classes:]
	score := make([]float64, classes)
	var loss float64
	for i := part[0]; i < part[1]; i++ {
		col, val := x.Row(i)
		scores(w, b, col, val, score)
		weight := rowWeight(weights, i)
		loss += weight * (logSumExp(score) - score[y[i]])
		softmax64(score)
		score[y[i]]--
		for k := range score {
			score[k] *= weight
			gb[k] += score[k]
		}
		for j, c := range col {
			row, v := gw[int(c)*classes:][:classes], float64(val[j])
			for k, d := range score {
				row[k] += v * d
			}
		}
	}
	return loss
}

func scores(w, b []float64, col []int32, val []float32, out []float64) {
	copy(out, b)
	for j, c := range col {
		row, v := w[int(c)*len(out):][:len(out)], float64(val[j])
		for k := range out {
			out[k] += v * row[k]
		}
	}
}

func logSumExp(s []float64) float64 {
	top := s[0]
	for _, v := range s {
		top = max(top, v)
	}
	var sum float64
	for _, v := range s {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

func softmax64(s []float64) {
	lse := logSumExp(s)
	for k, v := range s {
		s[k] = math.Exp(v - lse)
	}
}
