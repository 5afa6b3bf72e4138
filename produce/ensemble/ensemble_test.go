package ensemble

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/produce/search"
)

// noisy returns predictions that are the truth plus independent noise.
func noisy(truth []float32, sigma float64, rng *rand.Rand) []float32 {
	out := make([]float32, len(truth))
	for i, t := range truth {
		out[i] = t + float32(sigma*rng.NormFloat64())
	}
	return out
}

func TestChooseAveragesIndependentErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	truth := search.Truth{Targets: noisy(make([]float32, 400), 1, rng)}
	pred := [][]float32{noisy(truth.Targets, 0.5, rng), noisy(truth.Targets, 0.5, rng), noisy(truth.Targets, 0.5, rng), noisy(truth.Targets, 5, rng)}
	members := Choose(pred, truth, Options{}, 1)
	if len(members) != 3 {
		t.Fatalf("members = %v, want the three good ones", members)
	}
	total := 0.0
	for _, m := range members {
		if m.Index == 3 {
			t.Errorf("the bad candidate is a member: %v", members)
		}
		total += m.Weight
	}
	if math.Abs(total-1) > 1e-9 {
		t.Errorf("weights sum to %v", total)
	}
	alone, _ := truth.Score(pred[0])
	both, _ := truth.Score(Average(pred, members))
	if both < alone+0.05 {
		t.Errorf("R2 of the ensemble %v, of one %v", both, alone)
	}
}

func TestChooseKeepsOneWhenAveragingDoesNotPay(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	truth := search.Truth{Targets: noisy(make([]float32, 300), 1, rng)}
	good := noisy(truth.Targets, 0.1, rng)
	pred := [][]float32{noisy(truth.Targets, 3, rng), good, good}
	if m := Choose(pred, truth, Options{}, 1); len(m) != 1 || m[0].Index != 1 || m[0].Weight != 1 {
		t.Errorf("members = %v, want candidate 1 alone", m)
	}
}

func TestSelectLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	truth := search.Truth{Classes: 2}
	var pred [][]float32
	for range 200 {
		truth.Labels = append(truth.Labels, int32(rng.IntN(2)))
	}
	for range 8 {
		p := make([]float32, 0, 400)
		for _, y := range truth.Labels {
			q := float32(0.5)
			if rng.Float64() < 0.5 {
				q = 0.2 + 0.6*float32(y)
			}
			p = append(p, 1-q, q)
		}
		pred = append(pred, p)
	}
	if m := Select(pred, truth, Options{Members: 3}); len(m) > 3 {
		t.Errorf("%d members, limit 3", len(m))
	}
	if m := Select(pred, truth, Options{Members: 8, Rounds: 5}); len(m) > 5 {
		t.Errorf("%d members of 5 rounds", len(m))
	}
	if m := Choose(pred[:1], truth, Options{}, 0); len(m) != 1 || m[0] != (Member{0, 1}) {
		t.Errorf("one candidate gives %v", m)
	}
}
