package search

import (
	"math"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/toolbox"
)

// The shares of the search's time that parts of it may take.
const (
	openingShare = 0.06 // the first look at one network
	compareShare = 0.22 // all trials before the long training
	trialShare   = 0.15 // one of many full trials
	besideShare  = 0.12 // a full trial of trees or the like before the long training
	gambleShare  = 0.1  // a rest longer than this is used, though a full trial may not fit
	againShare   = 0.3  // of a whole training: one shorter than this would not add to it
	leastShare   = 0.02 // a rest shorter than this is not worth a trial
)

const (
	mostFinals  = 3   // long trainings of the champion
	mostStretch = 2.5 // of its schedule
	pairTimes   = 1.2 // schedules that the time holds: then two shorter ones of which one learns from all samples are better than one
)

// byClock spends the time left: the default of each recipe first; then, where a
// network leads that grows with time, a short comparison and one long training;
// else many full trials.
func (p *Plan) byClock(h *history, left time.Duration) (Job, bool) {
	if job, ok := p.opening(h, left); ok {
		return job, true
	}
	if len(h.done) == 0 || left < p.share(leastShare) {
		return Job{}, false
	}
	if champion := p.champion(h); champion != nil {
		return p.race(h, champion, left)
	}
	return p.sweep(h, left)
}

// bound is what a trial may take before it is ended and fails: some more than
// its job says, and hardly more than is left. Until there is something usable,
// that is long.
func (p *Plan) bound(trials []Trial, job Job, left time.Duration) time.Duration {
	for _, t := range trials {
		if t.Status == Done {
			return min(max(job.Time+job.Time/2+time.Second, p.Total/5), left+p.Total/50)
		}
	}
	return 2*p.Total + 10*time.Second
}

func (p *Plan) share(f float64) time.Duration { return time.Duration(f * float64(p.Total)) }

// opening gives every recipe its first trial, those that end by themselves
// first: they are quick, and something usable is there early.
func (p *Plan) opening(h *history, left time.Duration) (Job, bool) {
	order := slices.Clone(p.Recipes)
	slices.SortStableFunc(order, func(a, b *toolbox.Recipe) int {
		return boolInt(a.Anytime) - boolInt(b.Anytime)
	})
	for _, r := range order {
		tries := h.fails[r.Name]
		if h.of(r.Name) != nil || tries > 1 || tries >= max(1, len(r.Portfolio)) {
			continue
		}
		var c toolbox.Config
		if tries < len(r.Portfolio) {
			c = r.Portfolio[tries]
		}
		rung := 0
		if p.small() {
			rung = 1
		}
		job := p.job(r, r.Space.Fill(c), rung)
		job.Time = min(p.share(openingShare), left)
		if !r.Anytime {
			job.Time = min(p.share(0.25), left)
		}
		if len(h.done) > 0 && left < p.share(openingShare) {
			continue
		}
		return job, true
	}
	return Job{}, false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// cost estimates the seconds of one full fit, from the recipe's latest done
// trials, those of the full schedule if there are any: most of them (two in three)
// took less.
func (h *history) cost(recipe string) float64 {
	var full, part []float64
	for _, t := range slices.Backward(h.done) {
		if t.Recipe != recipe {
			continue
		}
		if t.Fidelity < 1 {
			part = append(part, t.fitSeconds())
		} else {
			full = append(full, t.fitSeconds())
		}
	}
	if full == nil {
		full = part
	}
	if full == nil {
		return 0
	}
	full = full[:min(len(full), 6)]
	slices.Sort(full)
	return full[len(full)*2/3]
}

// fitSeconds estimates one full fit by one trial.
func (t *Trial) fitSeconds() float64 {
	share := t.Fidelity
	if t.Share > 0 {
		share *= t.Share
	}
	return t.Seconds / float64(max(1, t.Folds)) / share
}

// champion returns the network that should get most of the time, or nil: the
// best default of an Anytime recipe whose full schedule is long, unless another
// recipe is so much better that training on will not make up for it. Another
// configuration of its recipe takes its place if it is better by more than one
// standard error: short trials flatter what learns fast.
func (p *Plan) champion(h *history) *Trial {
	if p.Folds > 1 {
		return nil
	}
	var best, first *Trial
	for _, t := range h.done {
		if best == nil || t.Crit < best.Crit {
			best = t
		}
		r := p.recipe(t.Recipe)
		if r == nil || !r.Anytime || t.Rung != 0 || len(r.Portfolio) > 0 && t.Key() != key(r.Name, r.Space.Fill(r.Portfolio[0])) {
			continue
		}
		if h.cost(r.Name) < trialShare*p.Total.Seconds() {
			continue
		}
		if first == nil || t.Crit < first.Crit {
			first = t
		}
	}
	if first == nil || !p.Networks && 0.6*first.Crit > best.Crit && !p.finals(h) {
		return nil
	}
	champion := first
	for _, t := range h.on(0) {
		if t.Recipe == first.Recipe && t.Crit < first.Crit-p.Margin(first.Crit, 0) && t.Crit < champion.Crit {
			champion = t
		}
	}
	return champion
}

func (p *Plan) finals(h *history) bool {
	return slices.ContainsFunc(h.done, func(t *Trial) bool { return t.Final })
}

// race compares a few configurations for a short time, then trains the champion
// for the rest, more than once where its schedule is shorter: networks of
// different seeds make a better average than one that learns on. The last one
// may learn from the validation samples too. What is left after that is swept.
func (p *Plan) race(h *history, champion *Trial, left time.Duration) (Job, bool) {
	n := 0
	last := champion
	for _, t := range h.done {
		if t.Final {
			last = t
			n++
		}
	}
	switch {
	case h.whole > 0 || n+h.lost >= mostFinals:
		return p.sweep(h, left)
	case n == 0:
		if job, ok := p.challenger(h, champion, left); ok {
			return job, true
		}
	case left.Seconds() < againShare*last.fitSeconds() || left < p.share(0.08):
		return Job{}, false
	}
	return p.final(h, last, left, n)
}

// challenger is the next short trial before the long one, while its share of
// the time lasts: full trials of quick recipes, then further defaults of the
// champion's recipe.
func (p *Plan) challenger(h *history, champion *Trial, left time.Duration) (Job, bool) {
	spent := p.Total - left
	most := besideShare // on tables, trees are worth a member beside the network
	if p.Networks {
		most = openingShare / 2
	}
	for _, r := range p.Recipes {
		mine := h.of(r.Name)
		if r.Anytime || len(mine) == 0 || mine[0].Rung == top {
			continue
		}
		if h.cost(r.Name) < most*p.Total.Seconds() && h.fails[r.Name] == 0 {
			job := p.job(r, mine[0].Config, top)
			job.Time = p.share(2 * most)
			return job, true
		}
	}
	slot := p.share(openingShare)
	if spent+slot > p.share(compareShare) || h.n > 12 {
		return Job{}, false
	}
	r := p.recipe(champion.Recipe)
	for _, c := range r.Portfolio {
		if c := r.Space.Fill(c); !h.tried[key(r.Name, c)] {
			job := p.job(r, c, 0)
			job.Time = slot
			return job, true
		}
	}
	return Job{}, false
}

// final trains the champion for the time left, less what a fit was seen to take
// beyond its limit. The time is divided among as many trainings as it holds, two
// if the last may learn from all samples; the schedule is stretched, or shortened,
// so that they fill it.
func (p *Plan) final(h *history, champion *Trial, left time.Duration, n int) (Job, bool) {
	over := 0.0
	for _, t := range h.done {
		if t.Recipe == champion.Recipe && t.Limit > 0 {
			over = max(over, t.Seconds-t.Limit)
		}
	}
	job := p.job(p.recipe(champion.Recipe), champion.Config, top)
	job.Final, job.Seed = true, uint64(n)
	job.Time = left - time.Duration(1.1*over*float64(time.Second)) - left/100
	times := job.Time.Seconds() / champion.fitSeconds()
	trainings := max(1, min(math.Floor(times), float64(mostFinals-n)))
	if p.Whole && n == 0 && times > pairTimes {
		trainings = max(trainings, 2)
	}
	if times > 1 {
		job.Fidelity = min(times/trainings, mostStretch)
	}
	job.All = p.Whole && n > 0 && trainings == 1
	return job, job.Time > 0
}
