package optim

// CosineRestarts falls from Max to Min along half a cosine over First steps and
// starts again at Max, each cycle Grow times as long as the one before. First
// below 1 means 1, Grow 0 means 1.
// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5.
type CosineRestarts struct {
	Max, Min float32
	First    int
	Grow     int
}

// At returns the rate of a step.
func (c CosineRestarts) At(step int) float32 {
	length, grow := max(c.First, 1), max(c.Grow, 1)
	if grow == 1 {
		step %= length
	}
	for step >= length {
		step -= length
		length *= grow
	}
	return Cosine{Max: c.Max, Min: c.Min, Steps: length}.At(step)
}

// Warmup rises linearly to the first rate of Then during Steps steps, then
// follows Then from its step 0 on.
type Warmup struct {
	Steps int
	Then  Schedule
}

// At returns the rate of a step.
func (w Warmup) At(step int) float32 {
	if step < w.Steps {
		return w.Then.At(0) * float32(step+1) / float32(w.Steps)
	}
	return w.Then.At(step - w.Steps)
}
