package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/optim"
)

func TestMoreSchedules(t *testing.T) {
	restarts := optim.CosineRestarts{Max: 1, Min: 0.2, First: 4, Grow: 2}
	steps := optim.StepDecay{Max: 1, Factor: 0.5, Every: 10, Milestones: []int{25, 12}}
	cases := []struct {
		name string
		s    optim.Schedule
		step int
		want float64
	}{
		{"cycle of rise alone", optim.OneCycle{Max: 1, Steps: 11, Warm: 1}, 10, 1},
		{"cycle of one step", optim.OneCycle{Max: 1, Steps: 1}, 1, 1e-4},
		{"linear", optim.Linear{Max: 1, Min: 0.5, Steps: 10}, 4, 0.8},
		{"linear end", optim.Linear{Max: 1, Min: 0.5, Steps: 10}, 99, 0.5},
		{"polynomial", optim.Polynomial{Max: 1, Power: 2, Steps: 10}, 5, 0.25},
		{"step before", steps, 9, 1},
		{"step after", steps, 10, 0.5},
		{"milestone", steps, 12, 0.25},
		{"milestones and steps", steps, 30, 1. / 32},
		{"exponential", optim.Exponential{Max: 2, Factor: 0.9}, 3, 2 * 0.729},
		{"inverse root rise", optim.InverseSqrt{Max: 1, Warmup: 4}, 1, 0.5},
		{"inverse root peak", optim.InverseSqrt{Max: 1, Warmup: 4}, 3, 1},
		{"inverse root fall", optim.InverseSqrt{Max: 1, Warmup: 4}, 15, 0.5},
		{"noam rise", optim.Noam(512, 4000), 99, math.Pow(512, -0.5) * 100 * math.Pow(4000, -1.5)},
		{"noam fall", optim.Noam(512, 4000), 9999, math.Pow(512, -0.5) * math.Pow(10000, -0.5)},
		{"restarts start", restarts, 0, 1},
		{"restarts middle", restarts, 2, 0.6},
		{"restart", restarts, 4, 1},
		{"longer cycle", restarts, 8, 0.6},
		{"third cycle", restarts, 12, 1},
		{"equal cycles", optim.CosineRestarts{Max: 1, First: 4}, 1_000_002, 0.5},
		{"warm-up", optim.Warmup{Steps: 4, Then: optim.Linear{Max: 1, Steps: 10}}, 1, 0.5},
		{"after warm-up", optim.Warmup{Steps: 4, Then: optim.Linear{Max: 1, Steps: 10}}, 9, 0.5},
	}
	for _, c := range cases {
		if got := float64(c.s.At(c.step)); !(math.Abs(got-c.want) <= 1e-6*max(1, c.want)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestPlateau: the rate falls with the observation after Patience bad ones, and
// a copy restored in the middle goes on alike.
func TestPlateau(t *testing.T) {
	p := &optim.Plateau{Max: 1, Min: 0.05, Patience: 2, Threshold: 0.01, Cooldown: 1}
	values := []float64{5, 4, 3.99, 3.98, 3.97, 3.97, 3.97, 3.97, math.NaN(), 3, 3, 3, 3, 3}
	want := []float32{1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05}
	for i, v := range values {
		p.Observe(v)
		if got := p.At(i); math.Abs(float64(got-want[i])) > 1e-6 {
			t.Errorf("after observation %d the rate is %v, want %v", i, got, want[i])
		}
		saved, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again := &optim.Plateau{Max: p.Max, Min: p.Min, Patience: p.Patience, Threshold: p.Threshold, Cooldown: p.Cooldown}
		if err := again.UnmarshalBinary(saved); err != nil {
			t.Fatal(err)
		}
		p = again
	}
	up := &optim.Plateau{Max: 1, Patience: -1, Higher: true}
	for _, v := range []float64{0.5, 0.6, 0.7} {
		up.Observe(v)
	}
	if up.At(0) != 1 {
		t.Error("the rate fell while the value rose")
	}
	if up.Observe(0.6); up.At(0) != 0.1 {
		t.Errorf("the rate is %v after the value fell", up.At(0))
	}
	for _, bad := range []string{"", "{", `{"bad":-1}`} {
		if err := up.UnmarshalBinary([]byte(bad)); err == nil {
			t.Errorf("%q was restored", bad)
		}
	}
}

// A schedule of warm-up and decay, and one that follows a measured value.
func ExamplePlateau() {
	s := optim.Warmup{Steps: 2, Then: optim.Linear{Max: 0.1, Steps: 4}}
	for step := range 7 {
		fmt.Printf("%.3f ", s.At(step))
	}
	p := &optim.Plateau{Max: 0.1, Factor: 0.5, Patience: 1}
	for epoch, loss := range []float64{1, 0.8, 0.8, 0.9, 0.7} {
		p.Observe(loss)
		fmt.Printf("%.3f ", p.At(epoch))
	}
	// Output: 0.050 0.100 0.100 0.075 0.050 0.025 0.000 0.100 0.100 0.100 0.050 0.050
}
