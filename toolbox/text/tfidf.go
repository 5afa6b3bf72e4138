package text

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/linear"
)

func init() {
	toolbox.Register(&toolbox.Recipe{
		Name:    "tfidf",
		Summary: "logistic regression on TF-IDF weights of words and pairs of words",
		Tasks:   []string{toolbox.TextClassification},
		Space: toolbox.Space{
			{Name: "c", Low: 0.3, High: 3000, Log: true, Default: 30.0},
			{Name: "pairs", Choices: []any{true, false}, Default: true},
			{Name: "min_df", Low: 1, High: 5, Integer: true, Default: 2},
			{Name: "features", Choices: []any{20000, 50000, 100000}, Default: 50000},
		},
		Portfolio: []toolbox.Config{
			{"c": 30.0},
			{"c": 10.0, "pairs": false},
			{"c": 300.0},
		},
		Fit: fitTFIDF,
	})
}

// fitTFIDF fits softmax regression with inverse ridge strength c (as
// scikit-learn counts it: λ = 1/(c·n)). Fidelity is the share of training
// texts that it sees.
func fitTFIDF(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
	docs, err := tokens(p)
	if err != nil {
		return nil, err
	}
	rows := sampleRows(p, b.Fidelity)
	train := pick(docs, rows)
	vocab := buildVocabulary(train, c.Bool("pairs"), c.Int("min_df"), c.Int("features"))
	if vocab.size() == 0 {
		vocab = buildVocabulary(train, false, 1, c.Int("features"))
	}
	if vocab.size() == 0 {
		return nil, fmt.Errorf("the texts hold no word that is not in all of them")
	}
	report(toolbox.Progress{Share: 0.2})
	labels := make([]int32, len(rows))
	for i, r := range rows {
		labels[i] = p.Labels[r]
	}
	model, err := linear.Logistic(ctx, vocab.rows(train), labels, len(p.Classes), linear.Options{
		L2: 1 / (c.Float("c") * float64(len(rows))), Threads: p.Threads, MaxIter: 100, Tol: 1e-4,
	})
	if err != nil {
		return nil, err
	}
	cand := &toolbox.Candidate{
		Model: exportTFIDF(vocab, model),
		Val:   model.Probabilities(vocab.rows(pick(docs, p.Val))),
		Note:  fmt.Sprintf("%d words, %d pairs", len(vocab.words), len(vocab.pairs)),
	}
	report(toolbox.Progress{Share: 1})
	return cand, nil
}

// tokens returns the words of every text, cut once per search.
func tokens(p *toolbox.Problem) ([][]string, error) {
	return toolbox.Get(p.Shared, "text/tokens", func() ([][]string, error) {
		texts, err := p.Data.Texts()
		if err != nil {
			return nil, err
		}
		docs := make([][]string, len(texts))
		intern := map[string]string{}
		for i, text := range texts {
			docs[i] = onnx.Tokenize(text)
			for j, word := range docs[i] {
				one, ok := intern[word]
				if !ok {
					one = string([]byte(word)) // not a slice of the whole text
					intern[one] = one
				}
				docs[i][j] = one
			}
		}
		return docs, nil
	})
}

// sampleRows returns the training rows, or a random share of them of at least
// 50 rows in which every class still stands.
func sampleRows(p *toolbox.Problem, share float64) []int {
	n := max(int(share*float64(len(p.Train))), 50)
	if share <= 0 || n >= len(p.Train) {
		return p.Train
	}
	rows := slices.Clone(p.Train)
	rand.New(rand.NewPCG(p.Seed, 7)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	kept, seen := rows[:n:n], make([]bool, len(p.Classes))
	for _, r := range kept {
		seen[p.Labels[r]] = true
	}
	for _, r := range rows[n:] {
		if k := p.Labels[r]; !seen[k] {
			seen[k] = true
			kept = append(kept, r)
		}
	}
	slices.Sort(kept)
	return kept
}

func pick[T any](all []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = all[r]
	}
	return out
}

// exportTFIDF writes tokenizer, counting, weighting and regression as one model.
func exportTFIDF(v *vocabulary, m *linear.Model) *onnx.Model {
	b := onnx.NewBuilder("tfidf")
	words := onnx.TokenizeText(b, b.Input("text", tensor.String, "N"))
	pool := slices.Clone(v.words)
	for _, pair := range v.pairs {
		pool = append(pool, pair[0], pair[1])
	}
	starts, longest := []int{0, len(v.words)}, 2
	if len(v.pairs) == 0 {
		starts, longest = []int{0}, 1
	}
	indexes := make([]int, v.size())
	for i := range indexes {
		indexes[i] = i
	}
	counts := b.Op("TfIdfVectorizer", onnx.Attrs{
		"mode": "TF", "min_gram_length": 1, "max_gram_length": longest, "max_skip_count": 0,
		"ngram_counts": starts, "ngram_indexes": indexes, "pool_strings": pool,
	}, words)
	weighted := b.Op("Mul", nil, b.Op("Log", nil, b.Op("Add", nil, counts, b.Float(1))), b.Const(tensor.Of(v.idf, len(v.idf))))
	norm := b.Op("ReduceL2", onnx.Attrs{"keepdims": 1}, weighted, b.Ints(1))
	unit := b.Op("Div", nil, weighted, b.Op("Max", nil, norm, b.Float(1e-12)))
	logits := b.Op("Gemm", nil, unit, b.Const(tensor.Of(m.W, m.Cols, m.Outputs)), b.Const(tensor.Of(m.B, m.Outputs)))
	b.Output("probabilities", b.Op("Softmax", onnx.Attrs{"axis": -1}, logits), tensor.Float32, "N", m.Outputs)
	return b.Model()
}
