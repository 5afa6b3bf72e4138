// Package linear fits linear models with L2 regularisation: ridge regression
// by Cholesky decomposition and multinomial logistic regression by L-BFGS.
package linear

// Model is y = W·x + B, of which a softmax gives probabilities for classes.
type Model struct {
	Features, Outputs int
	W                 []float32 // [Features, Outputs]
	B                 []float32 // [Outputs]
}

// Predict returns the raw outputs [rows, Outputs] for x [rows, Features].
func (m *Model) Predict(x []float32) []float32 {
	rows := len(x) / max(1, m.Features)
	out := make([]float32, rows*m.Outputs)
	for r := range rows {
		o := out[r*m.Outputs : (r+1)*m.Outputs]
		copy(o, m.B)
		for f, v := range x[r*m.Features : (r+1)*m.Features] {
			if v == 0 {
				continue
			}
			for k, w := range m.W[f*m.Outputs : (f+1)*m.Outputs] {
				o[k] += v * w
			}
		}
	}
	return out
}
