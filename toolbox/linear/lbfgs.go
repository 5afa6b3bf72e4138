// Package linear fits linear models by L-BFGS on sparse or dense rows: what the
// text and table recipes share.
package linear

import (
	"context"
	"math"
)

// Objective returns the loss at x and writes its gradient into grad.
type Objective func(x, grad []float64) float64

// Minimize is limited-memory BFGS with ten pairs and a backtracking line search
// under Armijo's and the weak Wolfe conditions (Nocedal & Wright 2006,
// algorithms 7.4, 7.5 and 3.5). It changes x in place, stops when the gradient's
// largest entry is below tol or after maxIter steps, and returns the final loss
// and the steps taken. When ctx ends it returns what it has with ctx's error.
func Minimize(ctx context.Context, x []float64, f Objective, maxIter int, tol float64) (loss float64, steps int, err error) {
	n := len(x)
	m := &memory{}
	grad, next, nextGrad, dir := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	loss = f(x, grad)
	for steps = 0; steps < maxIter && maxAbs(grad) > tol; steps++ {
		if err := ctx.Err(); err != nil {
			return loss, steps, err
		}
		m.direction(dir, grad)
		if dot(dir, grad) >= 0 { // not a descent: forget the past
			m.pairs = nil
			m.direction(dir, grad)
		}
		start := 1.0
		if len(m.pairs) == 0 {
			start = 1 / max(1, math.Sqrt(dot(grad, grad)))
		}
		nextLoss, ok := search(x, dir, grad, loss, start, f, next, nextGrad)
		if !ok {
			break
		}
		m.add(x, next, grad, nextGrad)
		flat := loss-nextLoss <= 1e-12*max(math.Abs(loss), 1e-30)
		copy(x, next)
		copy(grad, nextGrad)
		loss = nextLoss
		if flat {
			break
		}
	}
	return loss, steps, nil
}

// search looks for a step along dir by bisection and doubling; it leaves the
// point and gradient in next and nextGrad.
func search(x, dir, grad []float64, loss, step float64, f Objective, next, nextGrad []float64) (float64, bool) {
	const armijo, wolfe = 1e-4, 0.9
	slope := dot(dir, grad)
	low, high := 0.0, math.Inf(1)
	for range 40 {
		for i := range x {
			next[i] = x[i] + step*dir[i]
		}
		l := f(next, nextGrad)
		switch {
		case !(l <= loss+armijo*step*slope): // too far, or NaN
			high = step
		case dot(dir, nextGrad) < wolfe*slope: // too short
			low = step
		default:
			return l, true
		}
		if math.IsInf(high, 1) {
			step *= 2
		} else {
			step = (low + high) / 2
		}
	}
	// The last step that satisfied Armijo is still progress.
	if low == 0 {
		return loss, false
	}
	for i := range x {
		next[i] = x[i] + low*dir[i]
	}
	return f(next, nextGrad), true
}

// memory holds the last pairs s = Δx, y = Δgrad of L-BFGS.
type memory struct{ pairs []pair }

type pair struct {
	s, y []float64
	rho  float64 // 1/(s·y)
}

const historySize = 10

func (m *memory) add(x, next, grad, nextGrad []float64) {
	p := pair{s: make([]float64, len(x)), y: make([]float64, len(x))}
	if len(m.pairs) == historySize {
		p, m.pairs = m.pairs[0], m.pairs[1:] // reuse the oldest pair's storage
	}
	for i := range x {
		p.s[i] = next[i] - x[i]
		p.y[i] = nextGrad[i] - grad[i]
	}
	sy := dot(p.s, p.y)
	if sy <= 1e-14*dot(p.y, p.y) {
		return
	}
	p.rho = 1 / sy
	m.pairs = append(m.pairs, p)
}

// direction writes -H·grad into dir by the two-loop recursion.
func (m *memory) direction(dir, grad []float64) {
	for i, g := range grad {
		dir[i] = -g
	}
	if len(m.pairs) == 0 {
		return
	}
	alpha := make([]float64, len(m.pairs))
	for i := len(m.pairs) - 1; i >= 0; i-- {
		p := m.pairs[i]
		alpha[i] = p.rho * dot(p.s, dir)
		axpy(-alpha[i], p.y, dir)
	}
	last := m.pairs[len(m.pairs)-1]
	scale := 1 / (last.rho * dot(last.y, last.y))
	for i := range dir {
		dir[i] *= scale
	}
	for i, p := range m.pairs {
		axpy(alpha[i]-p.rho*dot(p.y, dir), p.s, dir)
	}
}

func dot(a, b []float64) float64 {
	var s float64
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func axpy(alpha float64, x, y []float64) {
	for i, v := range x {
		y[i] += alpha * v
	}
}

func maxAbs(x []float64) float64 {
	var m float64
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}
