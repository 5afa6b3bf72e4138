package forest

// cut parts rows by one column.
type cut struct {
	column      int
	threshold   float32
	missingLeft bool
}

func (c cut) goesLeft(x float32) bool { return x <= c.threshold || (c.missingLeft && x != x) }

// choose draws columns that vary in rows until Options.Columns of them were
// tried, and returns the best of their random cuts.
func (g *grower) choose(rows []int32) (cut, bool) {
	best, found, bestScore, tried := cut{}, false, -1.0, 0
	g.total(rows)
	for i := range g.order {
		if tried == g.opts.Columns {
			break
		}
		j := i + g.rng.IntN(len(g.order)-i)
		g.order[i], g.order[j] = g.order[j], g.order[i]
		c, ok := g.draw(g.order[i], rows)
		if !ok {
			continue
		}
		tried++
		if score, ok := g.score(c); ok && score > bestScore {
			best, bestScore, found = c, score, true
		}
	}
	return best, found
}

// draw makes a random cut of a column; false when the column does not vary.
func (g *grower) draw(column int, rows []int32) (cut, bool) {
	var low, high float32
	values, absent := 0, 0
	v := g.columns[column]
	g.x = g.x[:len(rows)]
	for i, r := range rows {
		x := v[r]
		g.x[i] = x
		if x != x {
			absent++
			continue
		}
		if values == 0 {
			low, high = x, x
		}
		values++
		low, high = min(low, x), max(high, x)
	}
	c := cut{column: column}
	switch {
	case values == 0 || low == high && absent == 0:
		return c, false
	case low == high: // the one value against missing
		c.threshold = high
		return c, true
	}
	t := float32(float64(low) + g.rng.Float64()*(float64(high)-float64(low)))
	if !(t >= low && t < high) {
		t = low
	}
	c.threshold = t
	c.missingLeft = g.rng.Uint64()&1 == 0
	return c, true
}

// total counts the classes of rows, or sums their targets, into g.all, and
// gathers them for score.
func (g *grower) total(rows []int32) {
	clear(g.all)
	g.labels, g.targets = g.labels[:len(rows)], g.targets[:len(rows)]
	for i, r := range rows {
		if g.opts.Classes == 0 {
			g.targets[i] = float64(g.y[r])
			g.all[0] += g.targets[i]
		} else {
			g.labels[i] = int32(g.y[r])
			g.all[g.labels[i]]++
		}
	}
}

// score is larger for purer parts: Σ over the two parts of Σ_class n²/n, or of
// (Σ y)²/n, for the column that draw gathered. False when a part is too small.
func (g *grower) score(c cut) (float64, bool) {
	clear(g.left)
	n := 0
	if g.opts.Classes == 0 {
		sum, targets := 0.0, g.targets[:len(g.x)]
		for i, x := range g.x {
			if c.goesLeft(x) {
				n++
				sum += targets[i]
			}
		}
		g.left[0] = sum
	} else {
		labels := g.labels[:len(g.x)]
		for i, x := range g.x {
			if c.goesLeft(x) {
				n++
				g.left[labels[i]]++
			}
		}
	}
	if n < g.opts.MinRows || len(g.x)-n < g.opts.MinRows {
		return 0, false
	}
	sumL, sumR := 0.0, 0.0
	for k, l := range g.left {
		r := g.all[k] - l
		sumL += l * l
		sumR += r * r
	}
	return sumL/float64(n) + sumR/float64(len(g.x)-n), true
}
