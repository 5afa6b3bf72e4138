package gbdt

import (
	"math/rand/v2"
	"sync"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

// grower grows one tree at a time over one set of bins. Growers share nothing
// but the bins.
type grower struct {
	bins    *Bins
	opts    *Options
	pack    packing
	find    finder
	threads int
	rows    []int32  // of the tree, parted by leaf
	spare   []int32  // for parting
	words   []uint64 // packed gradients by row
	ordered []uint64 // the words of a node's rows, in order
	columns []int    // drawn for this tree
	shuffle []int
	free    [][]uint64
}

// leaf is a node that may still be split.
type leaf struct {
	node       int // in the tree
	start, end int // range of grower.rows
	depth      int
	total      uint64
	hist       []uint64
	best       split
}

func newGrower(bins *Bins, opts *Options, threads int) *grower {
	g := &grower{bins: bins, opts: opts, threads: threads, pack: newPacking(bins.Rows, opts.Loss == Squared)}
	g.find = finder{pack: &g.pack, opts: opts}
	g.rows = make([]int32, bins.Rows)
	g.spare = make([]int32, bins.Rows)
	g.words = make([]uint64, bins.Rows)
	g.ordered = make([]uint64, bins.Rows)
	return g
}

// grow fits a tree to grad and hess (nil for squared loss) on rows drawn by rng,
// and adds its leaf values for output to scores of all rows.
func (g *grower) grow(grad, hess []float32, output int, scores []float32, rng *rand.Rand) tree.Tree {
	n := g.draw(rng)
	g.pack.words(g.words, g.rows[:n], grad, hess, rng.Uint64())
	t := tree.Tree{Nodes: []tree.Node{{Feature: -1}}}
	root := &leaf{start: 0, end: n}
	for _, r := range g.rows[:n] {
		root.total += g.words[r]
	}
	g.fill(root)
	g.search(root, rng)
	open, closed := []*leaf{root}, []*leaf(nil)
	for len(open) > 0 && len(open)+len(closed) < g.opts.MaxLeaves {
		i := 0
		for k, l := range open {
			if l.best.gain > open[i].best.gain {
				i = k
			}
		}
		l := open[i]
		if l.best.gain <= 0 { // none of them gains
			break
		}
		open = append(open[:i], open[i+1:]...)
		a, b := g.split(&t, l)
		last := len(open)+len(closed)+2 >= g.opts.MaxLeaves
		for _, c := range g.children(l, a, b, last, rng) {
			if c.best.gain > 0 {
				open = append(open, c)
			} else {
				closed = append(closed, c)
				g.release(c)
			}
		}
	}
	closed = append(closed, open...)
	for _, l := range closed {
		g.release(l)
		value := g.value(l, grad, hess)
		node := &t.Nodes[l.node]
		node.Left, node.Right = int32(len(t.Weights)), int32(len(t.Weights)+1)
		t.Weights = append(t.Weights, tree.Weight{Output: int32(output), Value: value})
		for _, r := range g.rows[l.start:l.end] {
			scores[r] += value
		}
	}
	g.others(&t, n, scores)
	return t
}

// draw puts the rows of the next tree first in g.rows, in order, and draws its columns.
func (g *grower) draw(rng *rand.Rand) int {
	n := 0
	if share := g.opts.RowShare; share < 1 {
		out := len(g.rows)
		for r := range int32(len(g.rows)) {
			if rng.Float64() < share {
				g.rows[n] = r
				n++
			} else {
				out--
				g.rows[out] = r
			}
		}
		if n == 0 {
			n = 1
		}
	} else {
		n = len(g.rows)
		for r := range g.rows {
			g.rows[r] = int32(r)
		}
	}
	g.columns = g.columns[:0]
	for f := range g.bins.Columns {
		if c := &g.bins.Columns[f]; c.values() > 1 || c.Absent {
			g.columns = append(g.columns, f)
		}
	}
	g.columns = sample(g.columns, g.opts.ColumnShare, rng)
	return n
}

// sample moves a share of v, at least one, to its front at random.
func sample(v []int, share float64, rng *rand.Rand) []int {
	if share >= 1 || len(v) == 0 {
		return v
	}
	k := max(1, int(share*float64(len(v))+0.5))
	for i := range k {
		j := i + rng.IntN(len(v)-i)
		v[i], v[j] = v[j], v[i]
	}
	return v[:k]
}

// children makes l's two parts into leaves with histograms and best splits;
// when they are the last of the tree they need neither.
func (g *grower) children(l, a, b *leaf, last bool, rng *rand.Rand) []*leaf {
	if last {
		g.release(l)
		return []*leaf{a, b}
	}
	small, large := a, b
	if b.end-b.start < a.end-a.start {
		small, large = b, a
	}
	if !g.splittable(large) {
		g.release(l)
		return []*leaf{a, b}
	}
	g.fill(small)
	large.hist, l.hist = l.hist, nil
	for _, f := range g.columns {
		parent, child := g.bins.part(large.hist, f), g.bins.part(small.hist, f)
		for i, w := range child {
			parent[i] -= w
		}
	}
	g.search(a, rng)
	g.search(b, rng)
	return []*leaf{a, b}
}

// splittable reports whether l may have children at all.
func (g *grower) splittable(l *leaf) bool {
	return l.end-l.start >= 2*g.opts.MinRows && l.end-l.start >= 2 && (g.opts.MaxDepth == 0 || l.depth < g.opts.MaxDepth)
}

// parallel calls f for each of the tree's columns, on several goroutines when
// the work of a node of n rows is worth it.
func (g *grower) parallel(n int, f func(column int)) {
	if g.threads < 2 || n*len(g.columns) < 1<<16 {
		for _, c := range g.columns {
			f(c)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range g.threads {
		wg.Go(func() {
			for i := w; i < len(g.columns); i += g.threads {
				f(g.columns[i])
			}
		})
	}
	wg.Wait()
}

// fill computes l's histogram from its rows.
func (g *grower) fill(l *leaf) {
	if len(g.free) == 0 {
		g.free = append(g.free, make([]uint64, g.bins.words+256)) // accumulate looks at 256
	}
	l.hist = g.free[len(g.free)-1]
	g.free = g.free[:len(g.free)-1]
	rows := g.rows[l.start:l.end]
	words := g.ordered[:len(rows)]
	for i, r := range rows {
		words[i] = g.words[r]
	}
	g.parallel(len(rows), func(f int) {
		clear(g.bins.part(l.hist, f))
		accumulate((*[256]uint64)(l.hist[g.bins.starts[f]:]), g.bins.Columns[f].Codes, rows, words)
	})
}

func accumulate(h *[256]uint64, codes []uint8, rows []int32, words []uint64) {
	words = words[:len(rows)]
	for i, r := range rows {
		h[codes[r]] += words[i]
	}
}

func (g *grower) release(l *leaf) {
	if l.hist != nil {
		g.free, l.hist = append(g.free, l.hist), nil
	}
}

// search finds l's best split.
func (g *grower) search(l *leaf, rng *rand.Rand) {
	l.best = split{gain: g.opts.MinGain}
	if !g.splittable(l) {
		l.best.gain = 0
		return
	}
	columns := g.columns
	if g.opts.NodeShare < 1 {
		g.shuffle = append(g.shuffle[:0], g.columns...)
		columns = sample(g.shuffle, g.opts.NodeShare, rng)
	}
	g.find.node(l.total)
	best := split{gain: g.opts.MinGain, column: -1}
	for _, f := range columns {
		c := &g.bins.Columns[f]
		if g.opts.Random {
			g.find.random(&best, g.bins.part(l.hist, f), f, c, rng)
		} else {
			g.find.column(&best, g.bins.part(l.hist, f), f, c)
		}
	}
	if best.column < 0 {
		l.best.gain = 0
		return
	}
	g.find.settle(&best, g.bins.part(l.hist, best.column), &g.bins.Columns[best.column])
	l.best = best
}

// split makes l an inner node of t and parts its rows.
func (g *grower) split(t *tree.Tree, l *leaf) (a, b *leaf) {
	s, c := &l.best, &g.bins.Columns[l.best.column]
	middle := g.part(l, c, s)
	left := len(t.Nodes)
	t.Nodes = append(t.Nodes, tree.Node{Feature: -1}, tree.Node{Feature: -1})
	t.Nodes[l.node] = tree.Node{
		Feature: int32(s.column), Threshold: s.threshold(c),
		Left: int32(left), Right: int32(left + 1), MissingLeft: s.missingLeft,
	}
	a = &leaf{node: left, start: l.start, end: middle, depth: l.depth + 1, total: s.left}
	b = &leaf{node: left + 1, start: middle, end: l.end, depth: l.depth + 1, total: l.total - s.left}
	return a, b
}

// part moves l's rows that go left to the front, keeping their order.
func (g *grower) part(l *leaf, c *Column, s *split) int {
	rows, k, m := g.rows[l.start:l.end], 0, 0
	spare, codes, none := g.spare[:len(rows)], c.Codes, c.missing()
	for _, r := range rows {
		code := codes[r]
		if int(code) <= s.bin || code == none && s.missingLeft {
			rows[k] = r
			k++
		} else {
			spare[m] = r
			m++
		}
	}
	copy(rows[k:], spare[:m])
	return l.start + k
}

// value returns what l adds to the score of its rows: the learning rate times
// the Newton step −G/(H+λ).
func (g *grower) value(l *leaf, grad, hess []float32) float32 {
	sumG, sumH := 0.0, 0.0
	rows := g.rows[l.start:l.end]
	for _, r := range rows {
		sumG += float64(grad[r])
	}
	if g.opts.Loss == Squared {
		sumH = float64(len(rows))
	} else {
		for _, r := range rows {
			sumH += float64(hess[r])
		}
	}
	return float32(-g.opts.LearningRate * sumG / (sumH + g.opts.L2 + 1e-12))
}

// others adds t's values to the scores of the rows that were not drawn.
func (g *grower) others(t *tree.Tree, drawn int, scores []float32) {
	for _, r := range g.rows[drawn:] {
		n := &t.Nodes[0]
		for n.Feature >= 0 {
			c := &g.bins.Columns[n.Feature]
			code := c.Codes[r]
			left := n.MissingLeft
			if code != c.missing() {
				left = int(code) >= len(c.Edges) && n.Threshold > maxFloat || int(code) < len(c.Edges) && c.Edges[code] <= n.Threshold
			}
			if left {
				n = &t.Nodes[n.Left]
			} else {
				n = &t.Nodes[n.Right]
			}
		}
		scores[r] += t.Weights[n.Left].Value
	}
}

const maxFloat = 0x1p127 * (1 + (1 - 0x1p-23))
