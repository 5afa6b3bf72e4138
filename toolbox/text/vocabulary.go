package text

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/toolbox/linear"
)

// vocabulary is the pruned set of n-grams of words that a model counts: first
// the single words, then the pairs of neighbours, each in lexical order.
type vocabulary struct {
	words []string
	pairs [][2]string
	idf   []float32 // log((1+n)/(1+df)) + 1 of each n-gram
	index map[string]int32
}

// The separator of the words of a pair in keys; tokens hold no white space.
const pairJoin = "\n"

// size returns the number of n-grams.
func (v *vocabulary) size() int { return len(v.words) + len(v.pairs) }

// buildVocabulary keeps the n-grams that stand in at least minDF of docs and in
// not all of them, at most maxSize, the most frequent first. With pairs false
// only single words count.
func buildVocabulary(docs [][]string, pairs bool, minDF, maxSize int) *vocabulary {
	df := map[string]int{}
	seen := map[string]bool{}
	for _, doc := range docs {
		clear(seen)
		eachGram(doc, pairs, func(key string) {
			if !seen[key] {
				seen[strings.Clone(key)] = true
			}
		})
		for key := range seen {
			df[key]++
		}
	}
	type gram struct {
		key string
		df  int
	}
	var grams []gram
	for key, n := range df {
		if n >= minDF && (n < len(docs) || len(docs) < 4) {
			grams = append(grams, gram{key, n})
		}
	}
	slices.SortFunc(grams, func(a, b gram) int {
		return cmp.Or(cmp.Compare(b.df, a.df), cmp.Compare(a.key, b.key))
	})
	grams = grams[:min(len(grams), maxSize)]
	slices.SortFunc(grams, func(a, b gram) int {
		return cmp.Or(cmp.Compare(strings.Count(a.key, pairJoin), strings.Count(b.key, pairJoin)), cmp.Compare(a.key, b.key))
	})
	v := &vocabulary{index: make(map[string]int32, len(grams)), idf: make([]float32, len(grams))}
	for i, g := range grams {
		v.index[g.key] = int32(i)
		v.idf[i] = float32(math.Log(float64(1+len(docs))/float64(1+g.df)) + 1)
		if a, b, ok := strings.Cut(g.key, pairJoin); ok {
			v.pairs = append(v.pairs, [2]string{a, b})
		} else {
			v.words = append(v.words, g.key)
		}
	}
	return v
}

// eachGram calls f with the key of each word and, with pairs, of each pair of
// neighbours. The key is only valid during the call.
func eachGram(doc []string, pairs bool, f func(key string)) {
	var key []byte
	for i, word := range doc {
		f(word)
		if pairs && i > 0 {
			key = append(append(append(key[:0], doc[i-1]...), pairJoin...), word...)
			f(string(key))
		}
	}
}

// rows returns the weighted n-gram counts of docs: log(1+tf)·idf, divided by
// the row's Euclidean norm.
func (v *vocabulary) rows(docs [][]string) *linear.Rows {
	out := &linear.Rows{Ptr: []int{0}, Cols: v.size()}
	counts := map[int32]float32{}
	var cols []int32
	var vals []float32
	for _, doc := range docs {
		clear(counts)
		eachGram(doc, len(v.pairs) > 0, func(key string) {
			if i, ok := v.index[key]; ok {
				counts[i]++
			}
		})
		cols, vals = cols[:0], vals[:0]
		for i := range counts {
			cols = append(cols, i)
		}
		slices.Sort(cols)
		var squares float64
		for _, i := range cols {
			w := float32(math.Log1p(float64(counts[i]))) * v.idf[i]
			vals = append(vals, w)
			squares += float64(w) * float64(w)
		}
		if norm := float32(math.Sqrt(squares)); norm > 0 {
			for j := range vals {
				vals[j] /= norm
			}
		}
		out.Append(cols, vals)
	}
	return out
}
