package prune

import "math"

// Schedule raises the sparsity from Initial to Final while training goes on:
// s(t) = Final + (Initial-Final)·(1 - (t-Begin)/(End-Begin))³ every Every steps
// from Begin to End. Source: Zhu and Gupta 2017, arXiv:1710.01878, eq. 1.
type Schedule struct {
	Initial, Final float64
	Begin, End     int // steps, counted from 0
	Every          int // steps between changes; 0 means 1
}

// At returns the sparsity after the step, and whether the masks change there.
func (s Schedule) At(step int) (sparsity float64, changes bool) {
	switch every := max(s.Every, 1); {
	case step < s.Begin:
		return 0, false
	case step >= s.End:
		return s.Final, step == s.End
	default:
		done := float64((step-s.Begin)/every*every) / float64(s.End-s.Begin)
		return s.Final + (s.Initial-s.Final)*math.Pow(1-done, 3), (step-s.Begin)%every == 0
	}
}
