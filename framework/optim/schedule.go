package optim

import (
	"cmp"
	"math"
)

// Schedule gives the learning rate of a step, counted from 0. Schedules are
// pure: equal steps give equal rates. Beyond their last step they stay at the
// final rate.
type Schedule interface {
	At(step int) float32
}

// Constant is the same rate for ever.
type Constant float32

// At returns the rate.
func (c Constant) At(int) float32 { return float32(c) }

// OneCycle rises from Max/Start to Max during the first Warm share of Steps
// and falls to Max/Final by the end, both along half a cosine.
// Source: Smith and Topin 2017, arXiv:1708.07120.
type OneCycle struct {
	Max   float32
	Steps int
	Warm  float64 // share of Steps; 0 means 0.3
	Start float64 // initial divisor; 0 means 25
	Final float64 // final divisor of Max; 0 means 10000
}

// At returns the rate of a step.
func (o OneCycle) At(step int) float32 {
	warm, start, final := cmp.Or(o.Warm, 0.3), cmp.Or(o.Start, 25), cmp.Or(o.Final, 1e4)
	top := float64(o.Max)
	peak := warm * float64(max(o.Steps-1, 1))
	at := float64(step)
	if at < peak {
		return float32(anneal(top/start, top, at/peak))
	}
	fall := float64(max(o.Steps-1, 1)) - peak
	if fall <= 0 { // with Warm 1 the last step is the peak
		return o.Max
	}
	return float32(anneal(top, top/final, (at-peak)/fall))
}

// Cosine falls from Max to Min over Steps along half a cosine.
// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
type Cosine struct {
	Max, Min float32
	Steps    int
}

// At returns the rate of a step.
func (c Cosine) At(step int) float32 {
	return float32(anneal(float64(c.Max), float64(c.Min), float64(step)/float64(max(c.Steps, 1))))
}

// WarmupCosine rises linearly to Max during Warmup steps, then falls to Min
// along half a cosine by step Steps.
type WarmupCosine struct {
	Max, Min float32
	Warmup   int
	Steps    int
}

// At returns the rate of a step.
func (w WarmupCosine) At(step int) float32 {
	return Warmup{Steps: w.Warmup, Then: Cosine{Max: w.Max, Min: w.Min, Steps: w.Steps - w.Warmup}}.At(step)
}

// anneal goes from a to b along half a cosine as t goes from 0 to 1.
func anneal(a, b, t float64) float64 {
	t = min(max(t, 0), 1)
	return b + (a-b)*(1+math.Cos(math.Pi*t))/2
}
