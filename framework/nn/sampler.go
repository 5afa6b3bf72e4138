package nn

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampler draws the next token from logits. The zero value is greedy.
type Sampler struct {
	Temperature float32 // divides the logits; 0 takes the greatest always
	TopK        int     // only the K most probable tokens count; 0 means all
	TopP        float32 // only the fewest tokens that reach this probability together count; 0 means all
	Seed        uint64  // equal seeds draw equal tokens

	random *rand.Rand
	order  []int
	probs  []float64
}

// Next returns the number of the token drawn; of equal logits the first comes
// first. Source of TopP: Holtzman et al. 2020, arXiv:1904.09751.
func (s *Sampler) Next(logits []float32) int {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	if s.Temperature <= 0 {
		return best
	}
	if s.random == nil {
		s.random = rand.New(rand.NewPCG(s.Seed, 0))
	}
	s.order, s.probs = s.order[:0], s.probs[:0]
	for i, v := range logits {
		s.order = append(s.order, i)
		s.probs = append(s.probs, math.Exp(float64(v-logits[best])/float64(s.Temperature)))
	}
	return s.draw(s.keep())
}

// keep orders the tokens by probability and returns how many of them count.
func (s *Sampler) keep() int {
	if s.TopK <= 0 && (s.TopP <= 0 || s.TopP >= 1) {
		return len(s.order)
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(s.probs[b], s.probs[a]) })
	n := len(s.order)
	if s.TopK > 0 {
		n = min(n, s.TopK)
	}
	if s.TopP <= 0 || s.TopP >= 1 {
		return n
	}
	limit, sum := float64(s.TopP)*s.total(n), 0.0
	for i, token := range s.order[:n] {
		if sum += s.probs[token]; sum >= limit {
			return i + 1
		}
	}
	return n
}

func (s *Sampler) total(n int) (sum float64) {
	for _, token := range s.order[:n] {
		sum += s.probs[token]
	}
	return sum
}

// draw picks one of the first n tokens of order by their probabilities.
func (s *Sampler) draw(n int) int {
	at := s.random.Float64() * s.total(n)
	for _, token := range s.order[:n] {
		if at -= s.probs[token]; at < 0 {
			return token
		}
	}
	return s.order[n-1]
}
