package llama_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/llama"
	"github.com/macaw-ai/macaw/framework/nn"
)

// stories opens a file of the shared test data, or skips.
func stories(t testing.TB, name string) []byte {
	t.Helper()
	root := os.Getenv("MACAW_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	raw, err := os.ReadFile(filepath.Join(root, "stories260K", name))
	if err != nil {
		t.Skipf("set MACAW_TESTDATA to the folder of test data: %v", err)
	}
	return raw
}

func checkpoint(t testing.TB) *llama.Model {
	t.Helper()
	raw := stories(t, "stories260K.bin")
	m, err := llama.ReadCheckpoint(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func vocabulary(t testing.TB) *llama.Tokenizer {
	t.Helper()
	tok, err := llama.ReadTokenizer(bytes.NewReader(stories(t, "tok512.bin")), 512)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// write generates steps tokens behind prompt and decodes them.
func write(t testing.TB, m *llama.Model, tok *llama.Tokenizer, prompt []int, s nn.Sampler, steps int) string {
	t.Helper()
	gen, err := nn.NewGenerator(cpu.New(cpu.Options{Threads: 1}), m.Decoder, m.Context)
	if err != nil {
		t.Fatal(err)
	}
	defer gen.Close()
	var tokens []int
	for token, err := range gen.Generate(prompt, &s) {
		if err != nil {
			t.Fatal(err)
		}
		if tokens = append(tokens, token); len(tokens) == steps {
			break
		}
	}
	return tok.Text(tokens)
}

// TestGolden: the text that the checkpoint's own program writes greedily.
func TestGolden(t *testing.T) {
	m, tok := checkpoint(t), vocabulary(t)
	want := strings.TrimSuffix(string(stories(t, "golden-greedy-200.txt")), "\n")
	if got := write(t, m, tok, []int{m.BOS}, nn.Sampler{}, 200); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestGoldenThroughFolder: a checkpoint saved in transformers' format, where
// rotary pairs lie elsewhere, writes the same text.
func TestGoldenThroughFolder(t *testing.T) {
	m, tok, folder := checkpoint(t), vocabulary(t), t.TempDir()
	if err := m.Save(folder); err != nil {
		t.Fatal(err)
	}
	again, err := llama.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSuffix(string(stories(t, "golden-greedy-200.txt")), "\n")
	if got := write(t, again, tok, []int{again.BOS}, nn.Sampler{}, 200); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestEncode: the tokens of a text decode to it, words are single tokens where
// the vocabulary has them, and what it lacks becomes bytes.
func TestEncode(t *testing.T) {
	tok := vocabulary(t)
	for _, text := range []string{"Once upon a time", "Zoë — 猫\n", "  two  spaces ", "\xff\x80 broken"} {
		if got := tok.Text(tok.Encode(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if n := len(tok.Encode("Once upon a time")); n > 6 {
		t.Errorf("a common beginning has %d tokens", n)
	}
	if n := len(tok.Encode("猫")); n != 4 {
		t.Errorf("a space and three bytes are %d tokens", n)
	}
}

// TestPrompt: a prompt is read at once as well as token by token.
func TestPrompt(t *testing.T) {
	m, tok := checkpoint(t), vocabulary(t)
	prompt := append([]int{m.BOS}, tok.Encode("Once upon a time, there was a dog")...)
	at := func(chunks ...[]int) int {
		gen, err := nn.NewGenerator(cpu.New(cpu.Options{Threads: 1}), m.Decoder, 64)
		if err != nil {
			t.Fatal(err)
		}
		defer gen.Close()
		var logits []float32
		for _, c := range chunks {
			if logits, err = gen.Extend(c...); err != nil {
				t.Fatal(err)
			}
		}
		return new(nn.Sampler).Next(logits)
	}
	var single [][]int
	for _, token := range prompt {
		single = append(single, []int{token})
	}
	if whole, parts := at(prompt), at(single...); whole != parts {
		t.Errorf("at once the next token is %d, token by token %d", whole, parts)
	}
}

// TestSampling: equal seeds write equal texts, other seeds others.
func TestSampling(t *testing.T) {
	m, tok := checkpoint(t), vocabulary(t)
	text := func(seed uint64) string {
		return write(t, m, tok, []int{m.BOS}, nn.Sampler{Temperature: 1, TopP: 0.9, TopK: 40, Seed: seed}, 40)
	}
	if first := text(1); first != text(1) {
		t.Error("one seed wrote two texts")
	}
	if text(1) == text(2) {
		t.Error("two seeds wrote one text")
	}
}

func TestCheckpointErrors(t *testing.T) {
	raw := stories(t, "stories260K.bin")
	for name, spoil := range map[string]func([]byte) []byte{
		"short":         func(b []byte) []byte { return b[:len(b)-4] },
		"long":          func(b []byte) []byte { return append(b, 0) },
		"empty":         func(b []byte) []byte { return nil },
		"huge":          func(b []byte) []byte { b[3] = 0x7f; return b },
		"heads":         func(b []byte) []byte { b[12] = 7; return b },
		"no vocabulary": func(b []byte) []byte { b[20], b[21] = 0, 0; return b },
	} {
		b := spoil(bytes.Clone(raw))
		if _, err := llama.ReadCheckpoint(bytes.NewReader(b), int64(len(b))); !errors.Is(err, llama.ErrFormat) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
