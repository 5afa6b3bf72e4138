package ridge

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/toolbox/linear"
)

func randoms(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(rng.NormFloat64())
	}
	return out
}

// TestByHand: x = 1,2,3, y = 2,4,9. Centred, Sxx = 2 and Sxy = 7, so that
// w = 7/(2+λ) and b = 5 − 2w.
func TestByHand(t *testing.T) {
	r, err := New(context.Background(), []float32{1, 2, 3}, 1, []float32{2, 4, 9}, 1)
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

// TestAgainstLBFGS compares with the minimum that L-BFGS finds, on more rows
// than a block holds.
func TestAgainstLBFGS(t *testing.T) {
	const rows, p, l2 = 1300, 7, 2.5
	x, y := randoms(rows*p, 1), randoms(rows, 2)
	for i := range y {
		y[i] += 3*x[i*p] + 100
	}
	r, err := New(context.Background(), x, p, y, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Solve(l2)
	if err != nil {
		t.Fatal(err)
	}
	want, err := linear.Ridge(context.Background(), linear.Dense(x, p), y, linear.Options{L2: l2 / rows, Tol: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	for f := range p {
		if math.Abs(float64(got.W[f]-want.W[f])) > 1e-4 {
			t.Errorf("weight %d is %g, L-BFGS finds %g", f, got.W[f], want.W[f])
		}
	}
	if math.Abs(float64(got.B[0]-want.B[0])) > 1e-3 {
		t.Errorf("bias is %g, L-BFGS finds %g", got.B[0], want.B[0])
	}
}

func TestMistakes(t *testing.T) {
	if _, err := New(context.Background(), []float32{1, 2, 3}, 2, []float32{1}, 1); err == nil {
		t.Error("three values for one row of two columns pass")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := New(ctx, []float32{1, 2}, 1, []float32{1, 2}, 1); err != context.Canceled {
		t.Errorf("a cancelled fit returns %v", err)
	}
}
