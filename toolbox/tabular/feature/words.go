package feature

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// tokens are the words of a text column's cells, cut when first asked for.
type tokens struct {
	once  sync.Once
	words [][]string
}

// words returns the words of the cell in row r.
func (c *Column) words(r int) []string {
	c.tokens.once.Do(func() {
		c.tokens.words = make([][]string, len(c.Strings))
		for i, v := range c.Strings {
			c.tokens.words[i] = onnx.Tokenize(v)
		}
	})
	return c.tokens.words[r]
}

// Words is a column per word of a vocabulary: log(1 + occurrences)·weight.
type Words struct {
	column  *Column
	Words   []string
	Weights []float32
	index   map[string]int
}

func newWords(c *Column, words []string, weight func(word string) float64) *Words {
	w := &Words{column: c, Words: words, index: map[string]int{}}
	for i, s := range words {
		w.index[s] = i
		w.Weights = append(w.Weights, float32(weight(s)))
	}
	return w
}

func (w *Words) Width() int { return len(w.Words) }

func (w *Words) Transform(rows []int) []float32 {
	k := len(w.Words)
	out := make([]float32, len(rows)*k)
	for i, r := range rows {
		row := out[i*k : (i+1)*k]
		for _, s := range w.column.words(r) {
			if j, ok := w.index[s]; ok {
				row[j]++
			}
		}
		for j, n := range row {
			if n > 0 {
				row[j] = float32(math.Log(float64(n+1))) * w.Weights[j]
			}
		}
	}
	return out
}

func (w *Words) Export(b *onnx.Builder) string {
	tokens := onnx.TokenizeText(b, b.Op("Squeeze", nil, w.column.Input, b.Ints(1)))
	indexes := make([]int, len(w.Words))
	for i := range indexes {
		indexes[i] = i
	}
	counts := b.Op("TfIdfVectorizer", onnx.Attrs{
		"mode": "TF", "min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0,
		"ngram_counts": []int{0}, "ngram_indexes": indexes, "pool_strings": w.Words,
	}, tokens)
	logs := b.Op("Log", nil, b.Op("Add", nil, counts, b.Float(1)))
	return b.Op("Mul", nil, logs, b.Const(tensor.Of(w.Weights, len(w.Weights))))
}

func distinct(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

// frequent counts in how many of rows each word of c occurs and returns those
// that occur in at least least of them and not in all, most frequent first.
func frequent(c *Column, rows []int, least int) (words []string, count map[string]int) {
	count = map[string]int{}
	for _, r := range rows {
		for _, s := range distinct(c.words(r)) {
			count[s]++
		}
	}
	for s, n := range count {
		if n >= least && n < len(rows) && s != "" {
			words = append(words, s)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	return words, count
}

// denseWords weighs the most most frequent words of each text column by how
// rare they are.
func denseWords(s *Source, rows []int, most int) join {
	var out join
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Type != data.FreeText {
			continue
		}
		words, count := frequent(c, rows, max(3, len(rows)/500))
		words = words[:min(len(words), most)]
		if len(words) > 0 {
			out = append(out, newWords(c, words, func(w string) float64 {
				return math.Log(float64(len(rows)+1) / float64(count[w]+1))
			}))
		}
	}
	return out
}

// treeWords keeps the words of each text column that tell most of the target:
// those whose rows differ most from the rest, by the t statistic.
func (st *statistics) treeWords(s *Source, rows []int, most int) join {
	var out join
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Type != data.FreeText {
			continue
		}
		words, count := frequent(c, rows, max(5, len(rows)/200))
		words = words[:min(len(words), 2000)]
		score := st.associations(c, words, count, rows)
		slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(score[b], score[a]) })
		words = words[:min(len(words), most)]
		if len(words) > 0 {
			out = append(out, newWords(c, words, func(string) float64 { return 1 }))
		}
	}
	return out
}

// associations returns for each word the largest squared t statistic of any
// target statistic between the rows with it and all.
func (st *statistics) associations(c *Column, words []string, count map[string]int, rows []int) map[string]float64 {
	sums := make(map[string][]float64, len(words))
	for _, w := range words {
		sums[w] = make([]float64, len(st.columns))
	}
	spread := make([]float64, len(st.columns))
	for _, r := range rows {
		present := distinct(c.words(r))
		for k, col := range st.columns {
			d := float64(col[r]) - st.prior[k]
			spread[k] += d * d / float64(len(rows))
			for _, w := range present {
				if s, ok := sums[w]; ok {
					s[k] += d
				}
			}
		}
	}
	score := map[string]float64{}
	for w, s := range sums {
		for k, v := range s {
			score[w] = max(score[w], v*v/(float64(count[w])*max(spread[k], 1e-30)))
		}
	}
	return score
}
