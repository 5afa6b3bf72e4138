package search

import (
	"math/rand/v2"

	"github.com/macaw-ai/macaw/toolbox"
)

// history is the finished trials, sorted in ways that the plan asks for.
type history struct {
	plan  *Plan
	n     int // done and failed
	done  []*Trial
	whole int             // trials on all samples; they have no score and are not in done
	lost  int             // long trainings that failed
	tried map[string]bool // "recipe{config}" that was trained on some rung
	at    map[string]int  // the highest rung on which a configuration was trained
	fails map[string]int  // by recipe
}

func newHistory(p *Plan, trials []Trial) *history {
	h := &history{plan: p, tried: map[string]bool{}, at: map[string]int{}, fails: map[string]int{}}
	for i := range trials {
		t := &trials[i]
		if t.Status != Done && t.Status != Failed {
			continue
		}
		h.n++
		k := t.Key()
		h.tried[k] = true
		h.at[k] = max(h.at[k], t.Rung)
		if t.All {
			h.whole++
		}
		switch {
		case t.Status == Failed:
			h.fails[t.Recipe]++
			if t.Final {
				h.lost++
			}
		case t.All:
		default:
			h.done = append(h.done, t)
		}
	}
	return h
}

// rand gives the random numbers of the next decision.
func (h *history) rand() *rand.Rand {
	return rand.New(rand.NewPCG(h.plan.Seed, uint64(h.n)))
}

// on returns the done trials of a rung, best first.
func (h *history) on(rung int) []*Trial {
	var out []*Trial
	for _, t := range h.done {
		if t.Rung == rung {
			out = append(out, t)
		}
	}
	byCrit(out)
	return out
}

// of returns the done trials of a recipe: those of the highest rung that has
// any, best first.
func (h *history) of(recipe string) []*Trial {
	for rung := top; rung >= 0; rung-- {
		var out []*Trial
		for _, t := range h.on(rung) {
			if t.Recipe == recipe {
				out = append(out, t)
			}
		}
		if out != nil {
			return out
		}
	}
	return nil
}

// ranked returns the recipes that have done trials, best first. Trials of
// different rungs are compared as they stand, which favours whoever got further.
func (h *history) ranked() []*toolbox.Recipe {
	var best []*Trial
	for _, r := range h.plan.Recipes {
		if ts := h.of(r.Name); ts != nil {
			best = append(best, ts[0])
		}
	}
	byCrit(best)
	out := make([]*toolbox.Recipe, len(best))
	for i, t := range best {
		out[i] = h.plan.recipe(t.Recipe)
	}
	return out
}

func (p *Plan) recipe(name string) *toolbox.Recipe {
	for _, r := range p.Recipes {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// promote returns the best configuration of a rung that was trained on none
// higher, nil when there is none. It must be among the best 1/eta of its rung.
func (h *history) promote(from, eta int) *Trial {
	peers := h.on(from)
	for _, t := range peers[:len(peers)/eta] {
		if h.at[t.Key()] == from && h.plan.recipe(t.Recipe) != nil {
			return t
		}
	}
	return nil
}
