package optim

import (
	"cmp"
	"math"
)

// Linear goes from Max to Min in a straight line over Steps.
type Linear struct {
	Max, Min float32
	Steps    int
}

// At returns the rate of a step.
func (l Linear) At(step int) float32 {
	return Polynomial{Max: l.Max, Min: l.Min, Power: 1, Steps: l.Steps}.At(step)
}

// Polynomial is Min + (Max-Min)·(1-step/Steps)^Power. Power 0 means 1.
type Polynomial struct {
	Max, Min float32
	Power    float64
	Steps    int
}

// At returns the rate of a step.
func (p Polynomial) At(step int) float32 {
	left := 1 - min(float64(step)/float64(max(p.Steps, 1)), 1)
	return float32(float64(p.Min) + float64(p.Max-p.Min)*math.Pow(left, cmp.Or(p.Power, 1)))
}

// StepDecay multiplies Max by Factor after every Every steps, and once more
// from each step of Milestones on. Factor 0 means 0.1, Every 0 never.
type StepDecay struct {
	Max        float32
	Factor     float64
	Every      int
	Milestones []int // in any order
}

// At returns the rate of a step.
func (s StepDecay) At(step int) float32 {
	n := 0
	if s.Every > 0 {
		n = step / s.Every
	}
	for _, m := range s.Milestones {
		if step >= m {
			n++
		}
	}
	return float32(float64(s.Max) * math.Pow(cmp.Or(s.Factor, 0.1), float64(n)))
}

// Exponential is Max·Factor^step, such as 0.999. Factor 0 means 1.
type Exponential struct {
	Max    float32
	Factor float64
}

// At returns the rate of a step.
func (e Exponential) At(step int) float32 {
	return float32(float64(e.Max) * math.Pow(cmp.Or(e.Factor, 1), float64(step)))
}

// InverseSqrt rises linearly to Max during Warmup steps, then falls as
// Max·sqrt(Warmup/(step+1)). Warmup 0 means 1.
// Source: Vaswani et al. 2017, arXiv:1706.03762, equation 3.
type InverseSqrt struct {
	Max    float32
	Warmup int
}

// Noam returns the InverseSqrt of a transformer of width d as the paper writes
// it: d^-½·min(t^-½, t·warmup^-1½) with t from 1.
func Noam(d, warmup int) InverseSqrt {
	return InverseSqrt{Max: float32(1 / math.Sqrt(float64(d)*float64(warmup))), Warmup: warmup}
}

// At returns the rate of a step.
func (s InverseSqrt) At(step int) float32 {
	t, warm := float64(step+1), float64(max(s.Warmup, 1))
	return float32(float64(s.Max) * min(t/warm, math.Sqrt(warm/t)))
}
