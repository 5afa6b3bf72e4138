package linear

import (
	"context"
	"sync"
)

// fit minimises the mean of a loss over rows plus the ridge penalty. part adds
// up the loss and gradient of the rows from part[0] to part[1], at parameters p
// = W then b; parts run side by side, each with a gradient of its own.
func fit(ctx context.Context, x *Rows, outputs int, o Options, part func(p, grad []float64, part [2]int) float64) (*Model, error) {
	params := start(x.Cols, outputs, o.Start)
	parts := split(x.Len(), o.Threads)
	grads := make([][]float64, len(parts))
	losses := make([]float64, len(parts))
	for i := range grads {
		grads[i] = make([]float64, len(params))
	}
	total := weightSum(o.Weights, x.Len())
	objective := func(p, grad []float64) float64 {
		var wg sync.WaitGroup
		for i, rows := range parts {
			wg.Go(func() { losses[i] = part(p, grads[i], rows) })
		}
		wg.Wait()
		return combine(p, grad, grads, losses, total, o.L2, x.Cols*outputs)
	}
	if _, _, err := Minimize(ctx, params, objective, o.MaxIter, o.Tol); err != nil {
		return nil, err
	}
	return finish(params, x.Cols, outputs), nil
}

// start returns the flat parameters, W then b, to begin from.
func start(cols, outputs int, from *Model) []float64 {
	params := make([]float64, cols*outputs+outputs)
	if from != nil && from.Cols == cols && from.Outputs == outputs {
		for i, v := range from.W {
			params[i] = float64(v)
		}
		for i, v := range from.B {
			params[cols*outputs+i] = float64(v)
		}
	}
	return params
}

func finish(params []float64, cols, outputs int) *Model {
	m := &Model{Cols: cols, Outputs: outputs, W: make([]float32, cols*outputs), B: make([]float32, outputs)}
	for i := range m.W {
		m.W[i] = float32(params[i])
	}
	for i := range m.B {
		m.B[i] = float32(params[cols*outputs+i])
	}
	return m
}

// combine adds the parts up in order, so that the sum does not depend on which
// ended first, divides by the total weight and adds the penalty.
func combine(p, grad []float64, grads [][]float64, losses []float64, total, l2 float64, weights int) float64 {
	clear(grad)
	var loss float64
	for i, g := range grads {
		loss += losses[i]
		axpy(1/total, g, grad)
	}
	loss /= total
	for i, v := range p[:weights] {
		loss += l2 / 2 * v * v
		grad[i] += l2 * v
	}
	return loss
}

func split(n, threads int) [][2]int {
	var parts [][2]int
	for t := range threads {
		if lo, hi := t*n/threads, (t+1)*n/threads; lo < hi {
			parts = append(parts, [2]int{lo, hi})
		}
	}
	return parts
}

func rowWeight(w []float32, i int) float64 {
	if w == nil {
		return 1
	}
	return float64(w[i])
}

func weightSum(w []float32, n int) float64 {
	if w == nil {
		return float64(n)
	}
	var s float64
	for _, v := range w {
		s += float64(v)
	}
	return s
}
