package llama

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMergeIsGreedy compares with the definition, which looks at all pairs
// before each merge, over random vocabularies with scores that repeat.
func TestMergeIsGreedy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abc"[r.IntN(3)]
		}
		return string(b)
	}
	for range 200 {
		tok := &Tokenizer{ids: map[string]int{}}
		add := func(piece string) {
			if _, taken := tok.ids[piece]; !taken {
				tok.ids[piece] = len(tok.pieces)
				tok.pieces, tok.scores = append(tok.pieces, piece), append(tok.scores, float32(r.IntN(6)))
			}
		}
		add("a")
		add("b")
		add("c")
		for range 25 {
			add(letters(2 + r.IntN(4)))
		}
		tok.scores[len(tok.scores)-1] = float32(math.Inf(-1))
		text := tok.characters(letters(r.IntN(60)))
		if got, want := tok.merge(slices.Clone(text)), greedy(tok, slices.Clone(text)); !slices.Equal(got, want) {
			t.Fatalf("%v of %q with scores %v became %v, want %v", text, tok.pieces, tok.scores, got, want)
		}
	}
}

func greedy(t *Tokenizer, tokens []int) []int {
	for {
		best, at, id := float32(math.Inf(-1)), -1, 0
		for i := 0; i+1 < len(tokens); i++ {
			joint, ok := t.ids[t.pieces[tokens[i]]+t.pieces[tokens[i+1]]]
			if ok && t.scores[joint] > best {
				best, at, id = t.scores[joint], i, joint
			}
		}
		if at < 0 {
			return tokens
		}
		tokens[at] = id
		tokens = slices.Delete(tokens, at+1, at+2)
	}
}
