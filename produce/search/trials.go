package search

// byTrials spends a number of trials without looking at the clock: one bracket
// of successive halving in which each rung holds a third of the one below, the
// rest of the trials on the top. Small problems and few trials need no rungs.
func (p *Plan) byTrials(h *history) (Job, bool) {
	if h.n >= p.Trials {
		return Job{}, false
	}
	sizes := p.bracket()
	first := 0
	for rung, size := range sizes {
		first += size
		if h.n >= first {
			continue
		}
		for from := rung - 1; from >= 0; from-- {
			if t := h.promote(from, 1); t != nil {
				return p.job(p.recipe(t.Recipe), t.Config, rung), true
			}
		}
		r, c := h.propose(p.Recipes)
		if r == nil {
			return Job{}, false
		}
		return p.job(r, c, rung), true
	}
	return Job{}, false
}

// bracket returns how many trials each rung gets.
func (p *Plan) bracket() [3]int {
	if p.small() || p.Trials < 4 {
		return [3]int{0, 0, p.Trials}
	}
	n0 := p.Trials * 9 / 13
	n1 := n0 / 3
	return [3]int{n0, n1, p.Trials - n0 - n1}
}
