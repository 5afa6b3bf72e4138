package linear

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

// Logistic is a multinomial logistic regression that can be fitted again and
// again with other strengths of regularisation, each from the last solution.
type Logistic struct {
	x        []float32 // [rows, features]
	y        []int32
	features int
	classes  int
	threads  int
	params   []float64 // [features+1, classes]; the last row is the bias
	parts    []part
}

// part is the work of one share of the rows. Their number does not depend on
// the threads, so that sums come out the same for any.
type part struct {
	low, high int
	gradient  []float64
	loss      float64
}

// NewLogistic prepares to fit classes y [rows] on x [rows, features].
func NewLogistic(x []float32, features int, y []int32, classes, threads int) (*Logistic, error) {
	if len(y) == 0 || len(x) != len(y)*features || classes < 2 {
		return nil, fmt.Errorf("linear: %d values and %d labels for %d columns, %d classes", len(x), len(y), features, classes)
	}
	l := &Logistic{x: x, y: y, features: features, classes: classes, threads: threads}
	l.params = make([]float64, (features+1)*classes)
	count := make([]float64, classes)
	for _, c := range y {
		count[c]++
	}
	for c, n := range count {
		l.params[features*classes+c] = math.Log((n + 0.5) / float64(len(y)))
	}
	const parts = 8
	size := (len(y) + parts - 1) / parts
	for low := 0; low < len(y); low += size {
		l.parts = append(l.parts, part{low, min(len(y), low+size), make([]float64, len(l.params)), 0})
	}
	return l, nil
}

// Fit minimises mean(−log p(y)) + l2/2·|W|²/rows; the bias is not penalised.
func (l *Logistic) Fit(ctx context.Context, l2 float64, iterations int) (*Model, error) {
	_, _, err := LBFGS(ctx, func(x, g []float64) float64 { return l.loss(x, g, l2) }, l.params, iterations, 1e-6)
	if err != nil {
		return nil, err
	}
	m := &Model{Features: l.features, Outputs: l.classes,
		W: make([]float32, l.features*l.classes), B: make([]float32, l.classes)}
	for i := range m.W {
		m.W[i] = float32(l.params[i])
	}
	for i := range m.B {
		m.B[i] = float32(l.params[len(m.W)+i])
	}
	return m, nil
}

// loss is the objective and its gradient.
func (l *Logistic) loss(params, gradient []float64, l2 float64) float64 {
	tree.Chunks(len(l.parts), 1, l.threads, func(i, _ int) { l.parts[i].run(l, params) })
	clear(gradient)
	total, n := 0.0, float64(len(l.y))
	for i := range l.parts {
		total += l.parts[i].loss
		axpy(1/n, l.parts[i].gradient, gradient)
	}
	weights := params[:l.features*l.classes]
	axpy(l2/n, weights, gradient[:len(weights)])
	return total/n + l2/(2*n)*dot(weights, weights)
}

// run computes the part's sum of losses and of gradients.
func (p *part) run(l *Logistic, params []float64) {
	clear(p.gradient)
	p.loss = 0
	c := l.classes
	z := make([]float64, c)
	bias := params[l.features*c:]
	for r := p.low; r < p.high; r++ {
		row := l.x[r*l.features : (r+1)*l.features]
		copy(z, bias)
		for f, v := range row {
			if v != 0 {
				axpy(float64(v), params[f*c:(f+1)*c], z)
			}
		}
		p.loss += softmaxLoss(z, int(l.y[r]))
		for f, v := range row {
			if v != 0 {
				axpy(float64(v), z, p.gradient[f*c:(f+1)*c])
			}
		}
		axpy(1, z, p.gradient[l.features*c:])
	}
}

// softmaxLoss returns −log softmax(z)[y] and turns z into its gradient.
func softmaxLoss(z []float64, y int) float64 {
	largest, sum := math.Inf(-1), 0.0
	for _, v := range z {
		largest = max(largest, v)
	}
	loss := largest - z[y]
	for k, v := range z {
		z[k] = math.Exp(v - largest)
		sum += z[k]
	}
	for k := range z {
		z[k] /= sum
	}
	z[y]--
	return loss + math.Log(sum)
}
