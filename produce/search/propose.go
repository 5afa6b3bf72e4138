package search

import (
	"math/rand/v2"

	"github.com/macaw-ai/macaw/toolbox"
)

// propose returns a configuration that was not tried yet: the defaults of every
// recipe by turns, then samples and mutations of the best. It returns nil when
// the spaces hold nothing new.
func (h *history) propose(among []*toolbox.Recipe) (*toolbox.Recipe, toolbox.Config) {
	for depth := range 64 {
		any := false
		for _, r := range among {
			if depth >= len(r.Portfolio) || h.hopeless(r, depth) {
				continue
			}
			any = true
			if c := r.Space.Fill(r.Portfolio[depth]); !h.tried[key(r.Name, c)] {
				return r, c
			}
		}
		if !any {
			break
		}
	}
	rng := h.rand()
	for range 50 {
		r := h.drawRecipe(rng, among)
		if r == nil {
			return nil, nil
		}
		if c := h.draw(rng, r); !h.tried[key(r.Name, c)] {
			return r, c
		}
	}
	return nil, nil
}

// hopeless reports whether a recipe did so much worse than the best one, or
// failed so often, that more of its defaults are not worth a trial.
func (h *history) hopeless(r *toolbox.Recipe, depth int) bool {
	mine := h.of(r.Name)
	if mine == nil {
		return h.fails[r.Name] >= 3
	}
	if depth == 0 || len(mine) < 1 {
		return false
	}
	ranked := h.ranked()
	best := h.of(ranked[0].Name)[0]
	return best.Rung >= mine[0].Rung && mine[0].Crit > 1.3*best.Crit+3*h.plan.Margin(best.Crit, mine[0].Rung)
}

// drawRecipe prefers recipes whose best trial is good: the n-th best is half as
// likely as the one before. Those without a trial count as the last.
func (h *history) drawRecipe(rng *rand.Rand, among []*toolbox.Recipe) *toolbox.Recipe {
	var order []*toolbox.Recipe
	for _, r := range h.ranked() {
		for _, a := range among {
			if a == r {
				order = append(order, r)
			}
		}
	}
	if order == nil {
		for _, a := range among {
			if h.fails[a.Name] < 3 {
				order = append(order, a)
			}
		}
	}
	if order == nil {
		return nil
	}
	for _, r := range order[:len(order)-1] {
		if rng.Float64() < 0.55 {
			return r
		}
	}
	return order[len(order)-1]
}

// draw samples a configuration, or mutates one of the recipe's best three.
func (h *history) draw(rng *rand.Rand, r *toolbox.Recipe) toolbox.Config {
	mine := h.of(r.Name)
	if len(mine) == 0 || rng.Float64() < 0.25 {
		return r.Space.Sample(rng)
	}
	parent := mine[min(rng.IntN(3), rng.IntN(3), len(mine)-1)]
	return r.Space.Perturb(rng, parent.Config, 0.15)
}
