package llama

import (
	"cmp"
	"container/heap"
	"math"
)

// merge joins neighbouring tokens, the pair whose joint token has the best score
// first and of equal ones the leftmost, until no pair has a joint token. Pairs
// wait in a heap, so that n tokens take n·log n steps.
func (t *Tokenizer) merge(tokens []int) []int {
	m := &merging{Tokenizer: t, tokens: tokens, next: make([]int, len(tokens)), before: make([]int, len(tokens))}
	for i := range tokens {
		m.next[i], m.before[i] = i+1, i-1
	}
	for i := range tokens {
		m.offer(i)
	}
	for len(m.pairs) > 0 {
		p := heap.Pop(m).(pair)
		right := m.next[p.at]
		if m.tokens[p.at] != p.left || right == len(tokens) || m.tokens[right] != p.right {
			continue // one of the two has merged with another
		}
		m.tokens[p.at], m.tokens[right] = p.joint, merged
		m.next[p.at] = m.next[right]
		if m.next[p.at] < len(tokens) {
			m.before[m.next[p.at]] = p.at
		}
		if m.before[p.at] >= 0 {
			m.offer(m.before[p.at])
		}
		m.offer(p.at)
	}
	out := tokens[:0]
	for _, token := range tokens {
		if token != merged {
			out = append(out, token)
		}
	}
	return out
}

// merged stands where a token has become part of the one before it.
const merged = -1

// merging is one text; the tokens that are left form a list by next and before.
type merging struct {
	*Tokenizer
	tokens, next, before []int
	pairs                []pair
}

// pair is two neighbours that can merge, as they were when it was found.
type pair struct {
	at, left, right, joint int
	score                  float32
}

// offer adds the pair that begins at position i, if it has a joint token.
func (m *merging) offer(i int) {
	j := m.next[i]
	if j == len(m.tokens) {
		return
	}
	left, right := m.tokens[i], m.tokens[j]
	if joint, ok := m.ids[m.pieces[left]+m.pieces[right]]; ok && m.scores[joint] > float32(math.Inf(-1)) {
		heap.Push(m, pair{i, left, right, joint, m.scores[joint]})
	}
}

// Len, Less, Swap, Push and Pop make a heap of the pairs.
func (m *merging) Len() int { return len(m.pairs) }

func (m *merging) Less(i, j int) bool {
	a, b := m.pairs[i], m.pairs[j]
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.at, b.at)) < 0
}

func (m *merging) Swap(i, j int) { m.pairs[i], m.pairs[j] = m.pairs[j], m.pairs[i] }

func (m *merging) Push(p any) { m.pairs = append(m.pairs, p.(pair)) }

func (m *merging) Pop() any {
	p := m.pairs[len(m.pairs)-1]
	m.pairs = m.pairs[:len(m.pairs)-1]
	return p
}
