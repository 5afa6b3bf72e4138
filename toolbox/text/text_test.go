package text

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/toolbox"
)

// weather writes n short texts per class: the topic decides some words, the rest
// is noise.
func weather(t *testing.T, n int) *data.Version {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	topics := map[string][]string{
		"rain": {"Rain,", "wet", "umbrella", "clouds!", "drizzle"},
		"sun":  {"Sunny", "dry", "(heat)", "clear sky", "beach?"},
		"snow": {"snow", "ice", "COLD", "frost-bitten", "sled"},
	}
	noise := strings.Fields("the a of day today and it was we saw on in with again then")
	dir := t.TempDir()
	for class, words := range topics {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			var text []string
			for range 12 + r.IntN(10) {
				if r.Float64() < 0.2 {
					text = append(text, words[r.IntN(len(words))])
				} else {
					text = append(text, noise[r.IntN(len(noise))])
				}
			}
			text = append(text, fmt.Sprint("no", r.IntN(1e6))) // texts differ
			if err := os.WriteFile(filepath.Join(dir, class, fmt.Sprintf("%d.txt", i)), []byte(strings.Join(text, " ")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	v, err := data.Import(context.Background(), st, dir, data.Options{Name: "weather"})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func problem(t *testing.T, v *data.Version) *toolbox.Problem {
	t.Helper()
	samples, err := v.Samples()
	if err != nil {
		t.Fatal(err)
	}
	p := &toolbox.Problem{Task: v.Task, Classes: v.Classes, Data: v, Device: cpu.New(cpu.Options{Threads: 2}), Threads: 2, Seed: 1, Shared: &toolbox.Shared{}}
	for i, s := range samples {
		p.Labels = append(p.Labels, s.Label)
		if s.Part == data.Train {
			p.Train = append(p.Train, i)
		} else {
			p.Val = append(p.Val, i)
		}
	}
	return p
}

// Every recipe learns the toy problem, and its exported model answers raw texts
// as training said.
func TestRecipes(t *testing.T) {
	v := weather(t, 120)
	for _, tc := range []struct {
		name   string
		config toolbox.Config
	}{
		{"tfidf", nil},
		{"wordconv", toolbox.Config{"width": 32, "length": 32, "lr": 1e-2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := problem(t, v)
			r := toolbox.Lookup(tc.name)
			c, err := r.Fit(context.Background(), p, r.Space.Fill(tc.config), toolbox.Budget{Fidelity: 1}, func(toolbox.Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			labels := make([]int32, len(p.Val))
			for i, s := range p.Val {
				labels[i] = p.Labels[s]
			}
			if got := toolbox.Measure(c.Val, labels); got["val_accuracy"] < 0.9 {
				t.Errorf("measured %v", got)
			}
			texts, err := v.Texts()
			if err != nil {
				t.Fatal(err)
			}
			s, err := onnx.NewSession(c.Model, p.Device)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			outs, err := s.Run(context.Background(), map[string]*tensor.Tensor{"text": tensor.Of(pick(texts, p.Val), len(p.Val))})
			if err != nil {
				t.Fatal(err)
			}
			got := outs["probabilities"].Float32s()
			for i := range got {
				if d := math.Abs(float64(got[i] - c.Val[i])); !(d < 1e-4) {
					t.Fatalf("probability %d is %v in the model, %v in training", i, got[i], c.Val[i])
				}
			}
		})
	}
}

// A cancelled fit ends with the context's error, wherever it is just then.
func TestCancel(t *testing.T) {
	v := weather(t, 120)
	p := problem(t, v)
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond} {
		for _, name := range []string{"tfidf", "wordconv"} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			r := toolbox.Lookup(name)
			c, err := r.Fit(ctx, p, r.Space.Fill(nil), toolbox.Budget{Fidelity: 1}, func(toolbox.Progress) {})
			cancel()
			if err == nil && (name == "wordconv" || c == nil) {
				t.Errorf("%s after %v: no error", name, after)
			}
		}
	}
}

func TestVocabularyPrunes(t *testing.T) {
	docs := [][]string{{"a", "b", "c"}, {"a", "b", "d"}, {"a", "e", "b"}, {"a", "f"}}
	v := buildVocabulary(docs, true, 2, 100)
	if want := []string{"b"}; !slices.Equal(v.words, want) { // "a" is in all
		t.Errorf("words %q, want %q", v.words, want)
	}
	if want := [][2]string{{"a", "b"}}; !slices.Equal(v.pairs, want) {
		t.Errorf("pairs %q, want %q", v.pairs, want)
	}
	rows := v.rows([][]string{{"a", "b"}, {"z"}})
	cols, vals := rows.Row(0)
	if !slices.Equal(cols, []int32{0, 1}) {
		t.Fatalf("columns %v", cols)
	}
	if norm := vals[0]*vals[0] + vals[1]*vals[1]; math.Abs(float64(norm)-1) > 1e-6 {
		t.Errorf("squared norm %v", norm)
	}
	if cols, _ := rows.Row(1); len(cols) != 0 {
		t.Errorf("a text of unknown words has columns %v", cols)
	}
}

func TestSampleRowsKeepsClasses(t *testing.T) {
	p := &toolbox.Problem{Classes: []string{"a", "b"}, Seed: 3}
	for i := range 1000 {
		p.Train = append(p.Train, i)
		p.Labels = append(p.Labels, 0)
	}
	p.Labels[999] = 1
	rows := sampleRows(p, 0.1)
	if len(rows) < 100 || len(rows) > 101 || !slices.Contains(rows, 999) || !slices.IsSorted(rows) {
		t.Errorf("%d rows", len(rows))
	}
}
