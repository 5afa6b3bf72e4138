package search

import (
	"time"

	"github.com/macaw-ai/macaw/toolbox"
)

// sweep spends the time on many full trials: first the default of each recipe,
// then configurations that successive halving promotes, or, where a full trial
// is cheap, that go to the top at once.
func (p *Plan) sweep(h *history, left time.Duration) (Job, bool) {
	if len(h.on(top)) >= p.enough() {
		return Job{}, false
	}
	ranked := h.ranked()
	for i, r := range ranked {
		best := h.of(r.Name)[0]
		if best.Rung == top || h.at[best.Key()] == top || h.fails[r.Name] >= 3 {
			continue
		}
		// The leader goes up even if it may have to end early: the time is his.
		if p.fits(h, r, top, left) || i == 0 && best.fitSeconds()*float64(p.rungs()[top].Folds) < 1.5*left.Seconds() {
			return p.timed(p.job(r, best.Config, top), left), true
		}
	}
	for rung := top; rung > 0 && !p.small(); rung-- {
		if t := h.promote(rung-1, eta); t != nil && p.fits(h, p.recipe(t.Recipe), rung, left) {
			return p.timed(p.job(p.recipe(t.Recipe), t.Config, rung), left), true
		}
	}
	var among []*toolbox.Recipe
	for _, r := range ranked {
		if p.fits(h, r, p.entry(h, r, left), left) {
			among = append(among, r)
		}
	}
	if among == nil {
		return p.gamble(h, left)
	}
	r, c := h.propose(among)
	if r == nil {
		return Job{}, false
	}
	return p.timed(p.job(r, c, p.entry(h, r, left)), left), true
}

// gamble tries the best configuration that never got a full trial, when none is
// expected to end in time but much is left: estimates from first trials, which
// prepare what later ones share, are too high. A trial that fails costs nothing
// that could be used otherwise.
func (p *Plan) gamble(h *history, left time.Duration) (Job, bool) {
	if left < p.share(gambleShare) {
		return Job{}, false
	}
	for _, r := range h.ranked() {
		best := h.of(r.Name)[0]
		if best.Rung < top && h.at[best.Key()] < top {
			return p.timed(p.job(r, best.Config, top), left), true
		}
	}
	return Job{}, false
}

// enough is how many full trials n validated samples can tell apart: with more,
// the best one is the luckiest.
func (p *Plan) enough() int { return 50 + p.Rows/20 }

// entry is the rung on which a new configuration begins: the top where the time
// left holds twenty full trials, else the highest that it holds six of. Where
// samples are few, a single fold tells nothing.
func (p *Plan) entry(h *history, r *toolbox.Recipe, left time.Duration) int {
	switch {
	case 20*p.estimate(h, r, top) <= left.Seconds(), p.small():
		return top
	case 6*p.estimate(h, r, 1) <= left.Seconds():
		return 1
	}
	return 0
}

// estimate is the seconds that a trial of r on the rung will take.
func (p *Plan) estimate(h *history, r *toolbox.Recipe, rung int) float64 {
	seconds := h.cost(r.Name)
	level := p.rungs()[rung]
	s := seconds * level.Fidelity * float64(level.Folds)
	if r.Anytime {
		s = min(s, p.share(trialShare).Seconds())
	}
	return s
}

func (p *Plan) fits(h *history, r *toolbox.Recipe, rung int, left time.Duration) bool {
	return 1.15*p.estimate(h, r, rung) <= left.Seconds()
}

// timed bounds a trial: a network by its share of the search, others by what is left.
func (p *Plan) timed(j Job, left time.Duration) Job {
	j.Time = left
	if j.Recipe.Anytime {
		j.Time = min(left, p.share(trialShare))
	}
	return j
}
