package linear

import (
	"context"
	"math"
)

// Objective returns the value of a smooth function at x and writes its gradient.
type Objective func(x, gradient []float64) float64

// LBFGS minimises f from x, which it changes in place, by the limited-memory
// BFGS method with a line search for the weak Wolfe conditions. It stops when no
// element of the gradient exceeds tolerance, when f hardly falls any more, after
// iterations steps, or with ctx's error. It returns the value reached and the
// number of steps.
//
// Source: Liu, Nocedal 1989, "On the limited memory BFGS method"; Lewis, Overton
// 2013, "Nonsmooth optimization via quasi-Newton methods" (line search).
func LBFGS(ctx context.Context, f Objective, x []float64, iterations int, tolerance float64) (value float64, steps int, err error) {
	n := len(x)
	m := &memory{size: 10}
	g, next, gNext, d := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	value = f(x, g)
	for steps < iterations && largest(g) > tolerance {
		if err := ctx.Err(); err != nil {
			return value, steps, err
		}
		m.direction(g, d)
		slope := dot(g, d)
		if slope >= 0 { // not a descent: start again from the gradient
			m.pairs = nil
			m.direction(g, d)
			slope = dot(g, d)
		}
		t := 1.0
		if len(m.pairs) == 0 {
			t = min(1, 1/math.Sqrt(-slope))
		}
		reached, ok := search(f, x, d, next, gNext, value, slope, t)
		if !ok {
			break
		}
		m.add(x, next, g, gNext)
		fell := value - reached
		copy(x, next)
		copy(g, gNext)
		value = reached
		steps++
		if fell <= 1e-10*max(math.Abs(value), 1e-8) {
			break
		}
	}
	return value, steps, nil
}

// search finds a step along d that meets the weak Wolfe conditions, by doubling
// and halving from t. It leaves the point in next and its gradient in gNext, and
// returns its value; false when no step lowers f.
func search(f Objective, x, d, next, gNext []float64, value, slope, t float64) (float64, bool) {
	low, high := 0.0, math.Inf(1)
	for range 40 {
		for i := range x {
			next[i] = x[i] + t*d[i]
		}
		reached := f(next, gNext)
		switch {
		case !(reached <= value+1e-4*t*slope):
			high = t
		case dot(gNext, d) < 0.9*slope:
			low = t
		default:
			return reached, true
		}
		if math.IsInf(high, 1) {
			t = 2 * low
		} else {
			t = (low + high) / 2
		}
	}
	if low == 0 {
		return value, false
	}
	for i := range x {
		next[i] = x[i] + low*d[i]
	}
	return f(next, gNext), true
}

// memory keeps the last steps and what they did to the gradient.
type memory struct {
	size  int
	pairs []pair
}

type pair struct {
	s, y  []float64
	rho   float64
	alpha float64
}

func (m *memory) add(x, next, g, gNext []float64) {
	p := pair{s: make([]float64, len(x)), y: make([]float64, len(x))}
	for i := range x {
		p.s[i], p.y[i] = next[i]-x[i], gNext[i]-g[i]
	}
	sy := dot(p.s, p.y)
	if sy <= 1e-300 {
		return
	}
	p.rho = 1 / sy
	if len(m.pairs) == m.size {
		m.pairs = m.pairs[1:]
	}
	m.pairs = append(m.pairs, p)
}

// direction sets d to minus the approximate inverse Hessian times g.
func (m *memory) direction(g, d []float64) {
	for i := range g {
		d[i] = -g[i]
	}
	if len(m.pairs) == 0 {
		return
	}
	for i := len(m.pairs) - 1; i >= 0; i-- {
		p := &m.pairs[i]
		p.alpha = p.rho * dot(p.s, d)
		axpy(-p.alpha, p.y, d)
	}
	last := m.pairs[len(m.pairs)-1]
	scale := 1 / (last.rho * dot(last.y, last.y))
	for i := range d {
		d[i] *= scale
	}
	for i := range m.pairs {
		p := &m.pairs[i]
		axpy(p.alpha-p.rho*dot(p.y, d), p.s, d)
	}
}

func dot(a, b []float64) float64 {
	s := 0.0
	b = b[:len(a)]
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func axpy(a float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}

func largest(g []float64) float64 {
	m := 0.0
	for _, v := range g {
		m = max(m, math.Abs(v))
	}
	return m
}
