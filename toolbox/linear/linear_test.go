package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

func TestMinimizeRosenbrock(t *testing.T) {
	x := []float64{-1.2, 1}
	loss, steps, err := Minimize(context.Background(), x, func(x, g []float64) float64 {
		a, b := 1-x[0], x[1]-x[0]*x[0]
		g[0] = -2*a - 400*x[0]*b
		g[1] = 200 * b
		return a*a + 100*b*b
	}, 200, 1e-9)
	if err != nil || loss > 1e-12 || steps > 100 {
		t.Fatalf("loss %g after %d steps at %v: %v", loss, steps, x, err)
	}
}

// Ridge has a closed form: (XᵀX/n + λI)w = Xᵀt/n for centred data.
func TestRidgeClosedForm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n, lambda = 200, 0.3
	x := &Rows{Cols: 1}
	targets := make([]float32, n)
	var sx, st float64
	vals := make([]float64, n)
	for i := range n {
		vals[i] = float64(float32(r.NormFloat64()))
		targets[i] = float32(2*vals[i] + 1 + 0.1*r.NormFloat64())
		x.Append([]int32{0}, []float32{float32(vals[i])})
		sx += vals[i] / n
		st += float64(targets[i]) / n
	}
	var xx, xt float64
	for i := range n {
		xx += (vals[i] - sx) * (vals[i] - sx) / n
		xt += (vals[i] - sx) * (float64(targets[i]) - st) / n
	}
	want := xt / (xx + lambda)
	m, err := Ridge(context.Background(), x, targets, Options{L2: lambda, Tol: 1e-9, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(m.W[0])-want) > 1e-5 || math.Abs(float64(m.B[0])-(st-want*sx)) > 1e-5 {
		t.Errorf("w = %g, b = %g; want %g, %g", m.W[0], m.B[0], want, st-want*sx)
	}
}

func toyRows(r *rand.Rand, n int) (*Rows, []int32) {
	x := &Rows{Cols: 5}
	y := make([]int32, n)
	for i := range n {
		y[i] = int32(r.IntN(3))
		x.Append([]int32{0, y[i] + 1, 4}, []float32{float32(r.NormFloat64()), 1 + 0.5*float32(r.NormFloat64()), float32(r.NormFloat64())})
	}
	return x, y
}

func TestLogisticGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x, y := toyRows(r, 30)
	p := make([]float64, 5*3+3)
	for i := range p {
		p[i] = r.NormFloat64()
	}
	weights := make([]float32, 30)
	for i := range weights {
		weights[i] = r.Float32()
	}
	grad, scratch := make([]float64, len(p)), make([]float64, len(p))
	logisticPart(x, y, 3, weights, p, grad, [2]int{0, 30})
	for i := range p {
		const h = 1e-5
		v := p[i]
		p[i] = v + h
		up := logisticPart(x, y, 3, weights, p, scratch, [2]int{0, 30})
		p[i] = v - h
		down := logisticPart(x, y, 3, weights, p, scratch, [2]int{0, 30})
		p[i] = v
		if want := (up - down) / (2 * h); math.Abs(grad[i]-want) > 1e-6*max(1, math.Abs(want)) {
			t.Errorf("gradient %d = %g, finite difference %g", i, grad[i], want)
		}
	}
}

func TestLogisticLearns(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x, y := toyRows(r, 400)
	m, err := Logistic(context.Background(), x, y, 3, Options{L2: 1e-3, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	hit := 0
	probs := m.Probabilities(x)
	for i := range y {
		row := probs[i*3:][:3]
		best := 0
		for k, v := range row {
			if v > row[best] {
				best = k
			}
		}
		if int32(best) == y[i] {
			hit++
		}
	}
	if hit < 370 {
		t.Errorf("%d of 400 right", hit)
	}
}

func TestLogisticStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x, y := toyRows(rand.New(rand.NewPCG(1, 1)), 50)
	if _, err := Logistic(ctx, x, y, 3, Options{}); err == nil {
		t.Error("a cancelled fit gave a model")
	}
}
