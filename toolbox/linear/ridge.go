package linear

import "context"

// Ridge fits one linear output to targets by least squares:
// Σ (x·w + b - t)² / (2n) plus the ridge penalty.
func Ridge(ctx context.Context, x *Rows, targets []float32, o Options) (*Model, error) {
	o = o.withDefaults()
	return fit(ctx, x, 1, o, func(p, grad []float64, part [2]int) float64 {
		return squaredPart(x, targets, o.Weights, p, grad, part)
	})
}

func squaredPart(x *Rows, targets, weights []float32, p, grad []float64, part [2]int) float64 {
	clear(grad)
	w, b := p[:x.Cols], p[x.Cols]
	var loss float64
	for i := part[0]; i < part[1]; i++ {
		col, val := x.Row(i)
		s := b
		for j, c := range col {
			s += float64(val[j]) * w[c]
		}
		d := s - float64(targets[i])
		loss += rowWeight(weights, i) * d * d / 2
		d *= rowWeight(weights, i)
		for j, c := range col {
			grad[c] += float64(val[j]) * d
		}
		grad[x.Cols] += d
	}
	return loss
}
