package cpu

import (
	"github.com/macaw-ai/macaw/chip"
)

// gradBlock is how many queries the gradient takes at a time: they are the
// steps of the sums over queries.
const gradBlock = 4 * queryBlock

// attentionGrad computes the weights P again from the scores and lse. With
// delta = Σ y·dy of a query and dS = P⊙(dy·vᵀ - delta), it is dv = Pᵀ·dy,
// dq = scale·dS·k and dk = scale·dSᵀ·q. A worker takes all queries of a head of
// keys, so that no sums are shared.
func (c *call) attentionGrad(op *chip.AttentionGrad) kernel {
	h := c.heads(op.Scale, op.Causal, op.TimeFirst)
	if h.S == 0 {
		return func() error { clear(c.out[0].f32()); return nil }
	}
	if h.N*h.K == 0 {
		return func() error { return nil }
	}
	widest, group := h.widest(), h.H/h.K
	wideK, wideV := packedWidth(h.ofKey), packedWidth(h.ofValue)
	c.wantLocal(piecesOf(h.D*widest, h.E*widest, h.blocks[0].n*wideK, gradBlock*h.stride, gradBlock*h.stride, gradBlock*wideK, gradBlock*wideV, group*h.T))
	return c.each(h.N*h.K, 1, func(lo, hi, worker int) {
		for u := lo; u < hi; u++ {
			h.backward(worker, u/h.K, u%h.K)
		}
	})
}

// gradients is the scratch of one worker, and the head whose gradients it computes.
type gradients struct {
	*heads
	worker, sample, head    int
	turnedK, turnedV, keysK []float32 // packed: features by keys, and keys by features
	weights, scores         []float32 // P and dS
	packedQ, packedDY       []float32
	delta                   []float32
	q, dy, dq, k, v, dk, dv matrixAt
}

// backward computes the gradients of one head of keys and of its queries.
func (h *heads) backward(worker, sample, head int) {
	t, p, group := h.tier, pieces(h.locals[worker]), h.H/h.K
	s := gradients{heads: h, worker: worker, sample: sample, head: head}
	widest, wideK, wideV := h.widest(), packedWidth(h.ofKey), packedWidth(h.ofValue)
	s.turnedK, s.turnedV, s.keysK = p.take(h.D*widest), p.take(h.E*widest), p.take(h.blocks[0].n*wideK)
	s.weights, s.scores = p.take(gradBlock*h.stride), p.take(gradBlock*h.stride)
	s.packedQ, s.packedDY, s.delta = p.take(gradBlock*wideK), p.take(gradBlock*wideV), p.take(group*h.T)
	s.k, s.v = h.keys(h.in[1], h.D, sample, head), h.keys(h.in[2], h.E, sample, head)
	s.dk, s.dv = h.keys(h.out[1], h.D, sample, head), h.keys(h.out[2], h.E, sample, head)
	for g := range group {
		y, dy := h.queries(h.in[3], h.E, sample, head*group+g), h.queries(h.in[5], h.E, sample, head*group+g)
		for i := range h.T {
			s.delta[g*h.T+i] = t.dot(floatsAt(y.at(i, 0), h.E), floatsAt(dy.at(i, 0), h.E))
		}
	}
	for j := range h.S { // the sums begin
		clear(floatsAt(s.dk.at(j, 0), h.D))
		clear(floatsAt(s.dv.at(j, 0), h.E))
	}
	for _, b := range h.blocks {
		if h.T == 0 || h.seen(h.T-1, b) == 0 {
			break
		}
		t.packPanels(s.turnedK, matrixAt{s.k.at(b.from, 0), 1, s.k.row}, h.D, b.panels, h.D, 0)
		t.packPanels(s.turnedV, matrixAt{s.v.at(b.from, 0), 1, s.v.row}, h.E, b.panels, h.E, 0)
		t.packPanels(s.keysK, matrixAt{s.k.at(b.from, 0), s.k.row, 1}, b.n, h.ofKey, b.n, 0)
		for g := range group {
			s.q, s.dq = h.queries(h.in[0], h.D, sample, head*group+g), h.queries(h.out[0], h.D, sample, head*group+g)
			s.dy = h.queries(h.in[5], h.E, sample, head*group+g)
			for i := 0; i < h.T; i += gradBlock {
				s.block(b, g, i, min(gradBlock, h.T-i))
			}
		}
	}
}

// block takes m queries from query i on, of head g of the group, and a block of keys.
func (s *gradients) block(b keyRange, g, i, m int) {
	h, t := s.heads, s.tier
	seen := h.seen(i+m-1, b)
	if seen == 0 {
		return
	}
	for j := 0; j < m; j += queryBlock {
		s.differentiate(b, g, i+j, min(queryBlock, m-j), j, seen)
	}
	t.packPanels(s.packedQ, matrixAt{s.q.at(i, 0), s.q.row, 1}, m, h.ofKey, m, 0)
	t.packPanels(s.packedDY, matrixAt{s.dy.at(i, 0), s.dy.row, 1}, m, h.ofValue, m, 0)
	lead := b.from - i // queries before a key do not see it
	h.multiply(s.worker, factors{a: matrixAt{addressOf(s.weights), 1, h.stride}, m: seen, k: m, b: s.packedDY, depth: m, panels: h.ofValue,
		out: matrixAt{s.dv.at(b.from, 0), s.dv.row, 1}, alpha: 1, add: true, lower: h.causal, lead: lead})
	h.multiply(s.worker, factors{a: matrixAt{addressOf(s.scores), 1, h.stride}, m: seen, k: m, b: s.packedQ, depth: m, panels: h.ofKey,
		out: matrixAt{s.dk.at(b.from, 0), s.dk.row, 1}, alpha: h.scale, add: true, lower: h.causal, lead: lead})
}

// differentiate computes P and dS of m queries from query i on, row j of the block,
// whose rows are read up to key width; and adds to dq.
func (s *gradients) differentiate(b keyRange, g, i, m, j, width int) {
	h, t := s.heads, s.tier
	weights, scores := s.weights[j*h.stride:], s.scores[j*h.stride:]
	seen := h.seen(i+m-1, b)
	panels := upTo(seen, b.panels)
	p, ds := matrixAt{addressOf(weights), h.stride, 1}, matrixAt{addressOf(scores), h.stride, 1}
	h.multiply(s.worker, factors{a: matrixAt{s.q.at(i, 0), s.q.row, 1}, m: m, k: h.D, b: s.turnedK, depth: h.D, panels: panels, out: p, alpha: h.scale})
	h.multiply(s.worker, factors{a: matrixAt{s.dy.at(i, 0), s.dy.row, 1}, m: m, k: h.E, b: s.turnedV, depth: h.E, panels: panels, out: ds, alpha: 1})
	lse := h.in[4].f32()[(s.sample*h.H+s.head*h.H/h.K+g)*h.T:]
	for r := range m {
		n := h.seen(i+r, b)
		w, d := weights[r*h.stride:][:width], scores[r*h.stride:][:width]
		t.expSum(w[:n], w[:n], lse[i+r])
		t.shift(d[:n], d[:n], -s.delta[g*h.T+i+r])
		t.maps[chip.FnMul](d[:n], d[:n], w[:n], nil)
		clear(w[n:])
		clear(d[n:])
	}
	h.multiply(s.worker, factors{a: ds, m: m, k: seen, b: s.keysK, depth: b.n, panels: h.ofKey, out: matrixAt{s.dq.at(i, 0), s.dq.row, 1}, alpha: h.scale, add: b.from > 0})
}
