package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

func randoms(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(rng.NormFloat64())
	}
	return out
}

// TestRidgeByHand: x = 1,2,3, y = 2,4,9. Centred, Sxx = 2 and Sxy = 7, so that
// w = 7/(2+λ) and b = 5 − 2w.
func TestRidgeByHand(t *testing.T) {
	r, err := NewRidge(context.Background(), []float32{1, 2, 3}, 1, []float32{2, 4, 9}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, l2 := range []float64{1e-9, 1, 5} {
		m, err := r.Solve(l2)
		if err != nil {
			t.Fatal(err)
		}
		w := 7 / (2 + l2)
		if math.Abs(float64(m.W[0])-w) > 1e-6 || math.Abs(float64(m.B[0])-(5-2*w)) > 1e-6 {
			t.Errorf("λ %g: w %v b %v, want %v %v", l2, m.W[0], m.B[0], w, 5-2*w)
		}
	}
}

// TestLBFGSReachesRidge minimises the ridge objective by L-BFGS and compares
// with the closed form.
func TestLBFGSReachesRidge(t *testing.T) {
	const rows, p, l2 = 60, 7, 2.5
	x, y := randoms(rows*p, 1), randoms(rows, 2)
	r, err := NewRidge(context.Background(), x, p, y, 2)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.Solve(l2)
	if err != nil {
		t.Fatal(err)
	}
	params := make([]float64, p+1)
	_, steps, err := LBFGS(context.Background(), func(w, g []float64) float64 {
		clear(g)
		loss := 0.0
		for i := range rows {
			d := w[p] - float64(y[i])
			for f := range p {
				d += w[f] * float64(x[i*p+f])
			}
			loss += d * d
			for f := range p {
				g[f] += 2 * d * float64(x[i*p+f])
			}
			g[p] += 2 * d
		}
		for f := range p {
			loss += l2 * w[f] * w[f]
			g[f] += 2 * l2 * w[f]
		}
		return loss
	}, params, 200, 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	for f := range p {
		if math.Abs(params[f]-float64(want.W[f])) > 1e-5 {
			t.Errorf("weight %d is %g, closed form %g (%d steps)", f, params[f], want.W[f], steps)
		}
	}
	if math.Abs(params[p]-float64(want.B[0])) > 1e-5 {
		t.Errorf("bias is %g, closed form %g", params[p], want.B[0])
	}
}

// TestLBFGSRosenbrock needs the curvature: steepest descent takes thousands of steps.
func TestLBFGSRosenbrock(t *testing.T) {
	x := []float64{-1.2, 1}
	_, steps, err := LBFGS(context.Background(), func(x, g []float64) float64 {
		a, b := 1-x[0], x[1]-x[0]*x[0]
		g[0], g[1] = -2*a-400*x[0]*b, 200*b
		return a*a + 100*b*b
	}, x, 100, 1e-8)
	if err != nil || math.Abs(x[0]-1) > 1e-5 || math.Abs(x[1]-1) > 1e-5 {
		t.Errorf("reached %v in %d steps, want 1 1 (%v)", x, steps, err)
	}
}

func TestLogisticGradient(t *testing.T) {
	const rows, p, classes, l2 = 37, 5, 3, 1.7
	x := randoms(rows*p, 4)
	y := make([]int32, rows)
	for i := range y {
		y[i] = int32(i*7) % classes
	}
	l, err := NewLogistic(x, p, y, classes, 2)
	if err != nil {
		t.Fatal(err)
	}
	at := make([]float64, len(l.params))
	for i, v := range randoms(len(at), 9) {
		at[i] = float64(v)
	}
	g, scratch := make([]float64, len(at)), make([]float64, len(at))
	l.loss(at, g, l2)
	for i := range at {
		const h = 1e-5
		v := at[i]
		at[i] = v + h
		up := l.loss(at, scratch, l2)
		at[i] = v - h
		down := l.loss(at, scratch, l2)
		at[i] = v
		if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-7*max(1, math.Abs(want)) {
			t.Errorf("gradient %d is %g, finite differences say %g", i, g[i], want)
		}
	}
}

// TestLogisticOptimum checks the conditions of the optimum: the mean predicted
// share of each class is its true share (the bias is not penalised), and more
// regularisation means smaller weights.
func TestLogisticOptimum(t *testing.T) {
	const rows, p, classes = 200, 3, 3
	x := randoms(rows*p, 5)
	y, share := make([]int32, rows), make([]float64, classes)
	for i := range y {
		if x[i*p] > 0.3 {
			y[i] = 1
		} else if x[i*p+1] > 1 {
			y[i] = 2
		}
		share[y[i]] += 1. / rows
	}
	norm := func(m *Model) (s float64) {
		for _, w := range m.W {
			s += float64(w * w)
		}
		return s
	}
	last := 0.0
	for _, threads := range []int{1, 2} {
		l, err := NewLogistic(x, p, y, classes, threads)
		if err != nil {
			t.Fatal(err)
		}
		strong, err := l.Fit(context.Background(), 50, 300)
		if err != nil {
			t.Fatal(err)
		}
		m, err := l.Fit(context.Background(), 1, 300)
		if err != nil {
			t.Fatal(err)
		}
		if norm(strong) >= norm(m) {
			t.Errorf("weights grow with regularisation: %g, %g", norm(strong), norm(m))
		}
		if last != 0 && last != norm(m) {
			t.Errorf("2 threads give other weights than 1")
		}
		last = norm(m)
		mean := make([]float64, classes)
		z := m.Predict(x)
		for i := range y {
			sum := 0.0
			for _, v := range z[i*classes : (i+1)*classes] {
				sum += math.Exp(float64(v))
			}
			for c := range mean {
				mean[c] += math.Exp(float64(z[i*classes+c])) / sum / rows
			}
		}
		for c := range mean {
			if math.Abs(mean[c]-share[c]) > 1e-4 {
				t.Errorf("class %d is predicted with %g, is %g", c, mean[c], share[c])
			}
		}
	}
}
