package forest

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func circle(rows int) (x, y []float32) {
	rng := rand.New(rand.NewPCG(2, 4))
	for range rows {
		a, b := rng.Float64()*2-1, rng.Float64()*2-1
		inside := float32(0)
		if a*a+b*b < 0.5 {
			inside = 1
		}
		x, y = append(x, float32(a), float32(b), float32(rng.NormFloat64())), append(y, inside)
	}
	return x, y
}

func TestLearnsACircle(t *testing.T) {
	x, y := circle(2000)
	m, err := Train(context.Background(), x[:4500], 3, y[:1500], Options{Classes: 2, Trees: 60, Columns: 3, Threads: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, p := range m.Predict(x[4500:], 2) {
		if i%2 == 1 && (p > 0.5) == (y[1500+i/2] > 0) {
			right++
		}
		if p < 0 || p > 1.0001 {
			t.Fatalf("probability %v", p)
		}
	}
	if right < 460 {
		t.Errorf("%d of 500 right", right)
	}
}

// TestFitsTrainingRows: without limits, trees of distinct rows have pure leaves.
func TestFitsTrainingRows(t *testing.T) {
	x, y := circle(300)
	m, err := Train(context.Background(), x, 3, y, Options{Classes: 2, Trees: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Predict(x, 1) {
		want := y[i/2]
		if i%2 == 0 {
			want = 1 - want
		}
		if math.Abs(float64(p-want)) > 1e-6 {
			t.Fatalf("row %d class %d has probability %v", i/2, i%2, p)
		}
	}
}

func TestRegressionWithMissing(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{1, 1, 1, 2, 2, 2, nan, nan, nan}
	y := []float32{5, 5, 5, 7, 7, 7, -3, -3, -3}
	m, err := Train(context.Background(), x, 1, y, Options{Trees: 40}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{5, 7, -3} {
		if got := m.Predict([]float32{1, 2, nan}, 1)[i]; math.Abs(float64(got-want)) > 1e-4 {
			t.Errorf("f(%v) = %v, want %v", []float32{1, 2, nan}[i], got, want)
		}
	}
}

func TestThreadsSeedsLimits(t *testing.T) {
	x, y := circle(800)
	train := func(o Options) []float32 {
		o.Classes, o.Trees = 2, 20
		m, err := Train(context.Background(), x, 3, y, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if o.MinRows > 1 {
			for i := range m.Trees {
				rows := map[int32]int{}
				for r := range y {
					rows[m.Trees[i].Find(x[r*3:r*3+3]).Left]++
				}
				for _, n := range rows {
					if n < o.MinRows {
						t.Errorf("a leaf of %d rows, want at least %d", n, o.MinRows)
					}
				}
			}
		}
		return m.Predict(x, 1)
	}
	if !slices.Equal(train(Options{Seed: 1}), train(Options{Seed: 1, Threads: 2})) {
		t.Error("2 threads give other predictions than 1")
	}
	if slices.Equal(train(Options{Seed: 1}), train(Options{Seed: 2, MinRows: 7})) {
		t.Error("another seed gives the same predictions")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, x, 3, y, Options{Classes: 2}, nil); err != context.Canceled {
		t.Errorf("a cancelled training returns %v", err)
	}
	m, err := Train(context.Background(), x, 3, y, Options{Classes: 2, Trees: 500, MaxNodes: 2000}, nil)
	if err != nil || m.Nodes() > 8000 {
		t.Errorf("%d nodes, %v", m.Nodes(), err)
	}
}
