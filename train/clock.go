package train

import (
	"math"
	"time"
)

// clock knows how much of a schedule is done: by steps, and by the wall clock
// too when Config.Time is set.
type clock struct {
	steps   int // of the whole schedule
	step    int // done
	timed   bool
	begun   time.Time
	until   time.Time     // when Loop should have returned
	reserve time.Duration // for the last evaluation
	pace    time.Duration // of the last step
	last    time.Time
	ended   bool
	now     func() time.Time
}

func newClock(c *Config) *clock {
	k := &clock{steps: c.steps(), now: time.Now, timed: c.Time > 0 && c.Steps == 0}
	if k.timed {
		k.begun = k.now()
		k.until = c.Started.Add(c.Time)
	}
	return k
}

// share is how much of the schedule is done, 0 to 1.
func (k *clock) share() float64 {
	if k.ended {
		return 1
	}
	s := float64(k.step) / float64(k.steps)
	if k.timed {
		now, end := k.now(), k.until.Add(-k.reserve-k.pace)
		if total := end.Sub(k.begun); total > 0 {
			s = max(s, float64(now.Sub(k.begun))/float64(total))
		} else {
			s = 1
		}
	}
	return min(s, 1)
}

// over reports whether the schedule is done; a run makes at least one step.
func (k *clock) over() bool { return k.step > 0 && k.share() >= 1 }

// tick counts a step.
func (k *clock) tick() {
	k.step++
	if k.timed {
		now := k.now()
		if !k.last.IsZero() { // the first step compiles
			k.pace = now.Sub(k.last)
		}
		k.last = now
	}
}

// evaluated learns what an evaluation takes; the fastest counts, as the first
// one compiles.
func (k *clock) evaluated(d time.Duration) {
	if !k.timed {
		return
	}
	if d += d / 5; k.reserve == 0 || d < k.reserve {
		k.reserve = d
	}
	k.last = k.now()
}

// spent is what a schedule used up, for a checkpoint.
type spent struct {
	Step                         int
	Elapsed, Left, Reserve, Pace time.Duration // 0 without Config.Time
}

func (k *clock) spent() spent {
	s := spent{Step: k.step, Reserve: k.reserve, Pace: k.pace}
	if k.timed {
		now := k.now()
		s.Elapsed, s.Left = now.Sub(k.begun), k.until.Sub(now)
	}
	return s
}

// resume goes on from s in a Loop that was called at started.
func (k *clock) resume(s spent, started time.Time) {
	k.step, k.reserve, k.pace = s.Step, s.Reserve, s.Pace
	if k.timed {
		k.begun, k.until = k.now().Add(-s.Elapsed), started.Add(s.Left)
	}
}

func (k *clock) end() { k.ended = true }

// done is the share of the steps that time sufficed for.
func (k *clock) done() float64 {
	if !k.timed || k.share() < 1 { // it ended by itself
		return 1
	}
	return float64(k.step) / float64(k.steps)
}

// oneCycle is the learning rate at a share of the schedule: a linear rise from a
// tenth of peak over the first warm of it, then half a cosine down to 0.
// Source: Smith and Topin 2018, arXiv:1708.07120, with the cosine of
// Loshchilov and Hutter 2017, arXiv:1608.03983.
func oneCycle(share, peak, warm float64) float64 {
	if share < warm {
		return peak * (0.1 + 0.9*share/warm)
	}
	if warm >= 1 {
		return peak
	}
	return peak * (1 + math.Cos(math.Pi*(share-warm)/(1-warm))) / 2
}
