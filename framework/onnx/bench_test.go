package onnx

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func benchmark(b *testing.B, m *Model, feeds map[string]*tensor.Tensor) {
	s, err := NewSession(m, device)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Run(context.Background(), feeds); err != nil {
			b.Fatal(err)
		}
	}
}

func forestModel(trees, depth, features int) *Model {
	b := NewBuilder("forest")
	x := b.Input("x", tensor.Float32, "N", features)
	y := b.ML("TreeEnsembleRegressor", with(treeAttrs(trees, depth, features, 1, "target", "BRANCH_LEQ", true), Attrs{"n_targets": 1}), x)
	b.Output("y", y, tensor.Float32, "N", 1)
	return b.Model()
}

func BenchmarkForest(b *testing.B) {
	m := forestModel(300, 6, 20)
	for _, rows := range []int{1, 32, 1000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) { benchmark(b, m, map[string]*tensor.Tensor{"x": normal(rows, 20)}) })
	}
}

// textModel is the tokenizer, TF-IDF over size words and their pairs, and a
// linear classifier.
func textModel(size int) *Model {
	b := NewBuilder("text")
	tokens := TokenizeText(b, b.Input("text", tensor.String, "N"))
	var pool []string
	var index []int
	for i := range size {
		pool, index = append(pool, fmt.Sprint("w", i)), append(index, i)
	}
	for i := range size {
		pool, index = append(pool, fmt.Sprint("w", i), fmt.Sprint("w", (i*7)%size)), append(index, size+i)
	}
	x := b.Op("TfIdfVectorizer", tfidf("TF", []int{0, size}, index, 0, []int{1, 2}, pool, nil), tokens)
	y := b.Op("Gemm", nil, x, b.Const(normal(2*size, 2)), b.Const(normal(2)))
	b.Output("probabilities", Softmax(b, y), tensor.Float32, "N", 2)
	return b.Model()
}

func BenchmarkText(b *testing.B) {
	m := textModel(10000)
	for _, rows := range []int{1, 64} {
		texts := make([]string, rows)
		for i := range texts {
			texts[i] = strings.Repeat(fmt.Sprintf("Dear w%d, buy w%d now!\n", i, i*7), 60)
		}
		b.Run(fmt.Sprint(rows), func(b *testing.B) { benchmark(b, m, map[string]*tensor.Tensor{"text": tensor.Of(texts, rows)}) })
	}
}

func BenchmarkTokenize(b *testing.B) {
	text := strings.Repeat("Dear w1, buy w7 now!\n", 60)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Tokenize(text)
	}
}

func BenchmarkNewSessionText(b *testing.B) {
	m := textModel(10000)
	for b.Loop() {
		s, err := NewSession(m, device)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// BenchmarkFirstRun is a cold start: reading, preparing and running an image
// network on one image.
func BenchmarkFirstRun(b *testing.B) {
	m, _, _ := networks[1].export(b)
	raw := m.Marshal()
	x := normal(1, 9, 11, 3)
	for b.Loop() {
		m, err := Unmarshal(raw)
		if err != nil {
			b.Fatal(err)
		}
		s, err := NewSession(m, device)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"in0": x}); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

func BenchmarkImage(b *testing.B) {
	m, _, _ := networks[1].export(b)
	benchmark(b, m, map[string]*tensor.Tensor{"in0": normal(1, 9, 11, 3)})
}

func BenchmarkResizeImage(b *testing.B) {
	pix := make([]uint8, 480*640*3)
	b.SetBytes(int64(len(pix)))
	for b.Loop() {
		ResizeImage(pix, 480, 640, 3, 64, 64)
	}
}
