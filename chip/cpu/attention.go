package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// Blocking of attention. Scores are computed for some queries and a block of
// keys at a time and stay in the first two caches.
const (
	keyBlock   = 512
	queryBlock = 24 // what few queries compute beyond the last key they see is small
)

// heads are an attention's operands, and what its kernels share.
type heads struct {
	*call
	chip.AttentionSizes
	causal, timeFirst bool
	scale             float32
	blocks            []keyRange
	ofKey, ofValue    []panel // of the features
	stride            int     // floats from one query's scores to the next
}

// keyRange is a block of keys.
type keyRange struct {
	from, n int
	panels  []panel
}

func (c *call) heads(scale float32, causal, timeFirst bool) *heads {
	h := &heads{call: c, AttentionSizes: chip.SizesOf(c.ins[0], c.ins[1], c.ins[2], timeFirst), causal: causal, timeFirst: timeFirst, scale: scale}
	for from := 0; from < h.S; from += keyBlock {
		n := min(keyBlock, h.S-from)
		h.blocks = append(h.blocks, keyRange{from, n, c.tier.panelsOf(n)})
	}
	h.ofKey, h.ofValue = c.tier.panelsOf(h.D), c.tier.panelsOf(h.E)
	// An odd number of lines, so that rows do not drive each other out of a cache.
	const line = 16
	h.stride = ((min(h.S, keyBlock)+line-1)/line | 1) * line
	return h
}

// widest is the room for a packed block of keys, in columns.
func (h *heads) widest() int { return packedWidth(h.blocks[0].panels) }

// head is one head of an operand: its rows are queries or keys.
func (h *heads) head(v *view, heads, length, width, sample, head int) matrixAt {
	if h.timeFirst {
		return matrixAt{address(v) + uintptr(4*(sample*length*heads+head)*width), heads * width, 1}
	}
	return matrixAt{address(v) + uintptr(4*(sample*heads+head)*length*width), width, 1}
}

func (h *heads) queries(v *view, width, sample, head int) matrixAt {
	return h.head(v, h.H, h.T, width, sample, head)
}

func (h *heads) keys(v *view, width, sample, head int) matrixAt {
	return h.head(v, h.K, h.S, width, sample, head)
}

// seen is how many keys of a block query i sees.
func (h *heads) seen(i int, b keyRange) int { return min(max(h.Seen(i, h.causal)-b.from, 0), b.n) }

// upTo is the panels that hold the first n columns.
func upTo(n int, panels []panel) []panel {
	k := 0
	for k < len(panels) && panels[k].j < n {
		k++
	}
	return panels[:k]
}

// factors are the operands of a product whose second one is packed.
type factors struct {
	a      matrixAt
	m, k   int // rows and steps
	b      []float32
	depth  int // of b's panels
	panels []panel
	out    matrixAt
	alpha  float32
	add    bool
	// with lower, row i has zeros before step lead + i
	lower bool
	lead  int
}

// multiply runs a product's tiles.
func (c *call) multiply(worker int, f factors) {
	t, rows := c.tile(worker), c.tier.rows
	t.nseg, t.sa, t.bias, t.floor, t.alpha, t.add = 1, 4*f.a.col, 0, noFloor, f.alpha, 0
	if f.add {
		t.add = 1
	}
	for _, p := range f.panels {
		t.setColumns(p.n, p.width)
		t.sb = 4 * p.width
		run := c.tier.over(p.width)
		for i := 0; i < f.m; i += rows {
			n, skip := min(rows, f.m-i), 0
			if f.lower {
				skip = max(0, f.lead+i)
			}
			if skip >= f.k {
				break
			}
			t.steps = f.k - skip
			t.b = addressOf(f.b) + uintptr(4*(p.at*f.depth+skip*p.width))
			t.setRows(f.a.at(i, skip), 4*f.a.row, n, rows)
			t.setOut(f.out.at(i, p.j), 4*f.out.row, n, rows, c.spare(worker))
			run(t)
		}
	}
}

// pieces cuts a worker's scratch.
type pieces []float32

func (p *pieces) take(n int) []float32 {
	n = aligned(n + packSlack)
	s := (*p)[:n]
	*p = (*p)[n:]
	return s
}

// piecesOf is the room for pieces of some sizes.
func piecesOf(sizes ...int) (n int) {
	for _, s := range sizes {
		n += aligned(s + packSlack)
	}
	return n
}

// attention computes block by block of keys: a query keeps its greatest score
// and the sum of the exponentials so far, and what it gathered is scaled when a
// block has a greater one.
func (c *call) attention(op *chip.Attention) kernel {
	h := c.heads(op.Scale, op.Causal, op.TimeFirst)
	if h.S == 0 {
		return func() error {
			clear(c.out[0].f32())
			lse := c.out[1].f32()
			for i := range lse {
				lse[i] = noFloor // the logarithm of an empty sum
			}
			return nil
		}
	}
	if c.outs[1].Len() == 0 {
		return func() error { return nil }
	}
	group, units := h.H/h.K, h.N*h.K
	parts := 1 // of the queries
	if wanted := 2 * c.pool.threads; units < wanted {
		parts = min((h.T+queryBlock-1)/queryBlock, (wanted+units-1)/units)
	}
	per := (h.T + parts - 1) / parts
	per = (per + queryBlock - 1) / queryBlock * queryBlock
	parts = (h.T + per - 1) / per
	widest := h.widest()
	c.wantLocal(piecesOf(h.D*widest, min(h.S, keyBlock)*packedWidth(h.ofValue), queryBlock*h.stride, group*per, group*per))
	return c.each(units*parts, 1, func(lo, hi, worker int) {
		for u := lo; u < hi; u++ {
			unit, part := u/parts, parts-1-u%parts // the last see most
			h.attend(worker, unit/h.K, unit%h.K, part*per, min(h.T, (part+1)*per))
		}
	})
}

// attend computes queries [lo, hi) of the heads that share keys and values.
func (h *heads) attend(worker, sample, head, lo, hi int) {
	t, p := h.tier, pieces(h.locals[worker])
	k, v := h.keys(h.in[1], h.D, sample, head), h.keys(h.in[2], h.E, sample, head)
	packedK := p.take(h.D * h.widest())
	packedV := p.take(min(h.S, keyBlock) * packedWidth(h.ofValue))
	scores := p.take(queryBlock * h.stride)
	group, n := h.H/h.K, hi-lo
	most, sums := p.take(group*n), p.take(group*n)
	for _, b := range h.blocks {
		if h.seen(hi-1, b) == 0 {
			break
		}
		t.packPanels(packedK, matrixAt{k.at(b.from, 0), 1, k.row}, h.D, b.panels, h.D, 0)
		t.packPanels(packedV, matrixAt{v.at(b.from, 0), v.row, 1}, b.n, h.ofValue, b.n, 0)
		for g := range group {
			q, y := h.queries(h.in[0], h.D, sample, head*group+g), h.queries(h.out[0], h.E, sample, head*group+g)
			for i := lo; i < hi; i += queryBlock {
				m := min(queryBlock, hi-i)
				seen := h.seen(i+m-1, b)
				if seen == 0 {
					continue
				}
				s := matrixAt{addressOf(scores), h.stride, 1}
				h.multiply(worker, factors{a: matrixAt{q.at(i, 0), q.row, 1}, m: m, k: h.D, b: packedK, depth: h.D, panels: upTo(seen, b.panels), out: s, alpha: h.scale})
				for r := range m {
					at := g*n + i - lo + r
					h.onlineSoftmax(scores[r*h.stride:][:seen], h.seen(i+r, b), floatsAt(y.at(i+r, 0), h.E), &most[at], &sums[at], b.from == 0)
				}
				h.multiply(worker, factors{a: s, m: m, k: seen, b: packedV, depth: b.n, panels: h.ofValue, out: matrixAt{y.at(i, 0), y.row, 1}, alpha: 1, add: b.from > 0})
			}
		}
	}
	for g := range group {
		y, lse := h.queries(h.out[0], h.E, sample, head*group+g), h.out[1].f32()[((sample*h.H)+head*group+g)*h.T:]
		for i := lo; i < hi; i++ {
			at := g*n + i - lo
			row := floatsAt(y.at(i, 0), h.E)
			t.scale(row, row, 1/sums[at])
			lse[i] = most[at] + float32(math.Log(float64(sums[at])))
		}
	}
}

// onlineSoftmax turns a query's scores of a block into weights: exponentials of the
// first seen, zeros behind them.
func (h *heads) onlineSoftmax(scores []float32, seen int, y []float32, most, sum *float32, first bool) {
	t := h.tier
	clear(scores[seen:])
	if seen == 0 {
		return
	}
	greatest := finite(t.max(scores[:seen]))
	if !first {
		greatest = max(greatest, *most)
		shrink := float32(math.Exp(float64(*most - greatest)))
		*sum *= shrink
		t.scale(y, y, shrink)
	} else {
		*sum = 0
	}
	*most = greatest
	*sum += t.expSum(scores[:seen], scores[:seen], greatest)
}
