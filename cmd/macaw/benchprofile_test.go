package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestBenchProfile profiles a training step and checks the table, the sums of
// the JSON and that the trace file holds slices.
func TestBenchProfile(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace.json")
	var out, errout strings.Builder
	if code := run([]string{"bench", "profile", "--train", "lenet", "--batch", "4", "--runs", "2", "--top", "3", "--json", "--trace", trace}, &out, &errout); code != 0 {
		t.Fatalf("status %d: %s", code, errout.String())
	}
	var r profileReport
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatal(err)
	}
	var share, seconds float64
	var flops, bytes int64
	for _, row := range r.Rows {
		share, seconds, flops, bytes = share+row.Share, seconds+row.Seconds, flops+row.FLOPs, bytes+row.Bytes
	}
	if len(r.Rows) != 4 || r.Rows[3].Name != "other" || r.Peak.Bandwidth <= 0 || r.Peak.FLOPS <= 0 {
		t.Errorf("report %+v, want three rows and the others", r)
	}
	if share < 0.999 || share > 1.001 || seconds > r.Wall || flops != r.FLOPs || bytes != r.Bytes {
		t.Errorf("rows sum to %v of the time, %v s of %v, %d operations of %d, %d bytes of %d", share, seconds, r.Wall, flops, r.FLOPs, bytes, r.Bytes)
	}
	text, err := os.ReadFile(trace)
	if err != nil || !json.Valid(text) || strings.Count(string(text), `"ph":"X"`) < 20 {
		t.Errorf("trace of %d bytes, error %v", len(text), err)
	}
	out.Reset()
	if code := run([]string{"bench", "profile", "--train", "lenet", "--batch", "2", "--runs", "1", "--instructions"}, &out, &errout); code != 0 || !strings.Contains(out.String(), "conv2/weight") || !strings.Contains(out.String(), "BOUND BY") {
		t.Errorf("status %d, table\n%s", code, out.String())
	}
}

// TestBenchProfileMistakes: each gives one sentence before anything is measured.
func TestBenchProfileMistakes(t *testing.T) {
	dir := t.TempDir()
	b := onnx.NewBuilder("net")
	b.Output("y", b.Op("Relu", nil, b.Input("x", tensor.Float32, "N", "", 3)), tensor.Float32)
	good, broken := filepath.Join(dir, "good.onnx"), filepath.Join(dir, "broken.onnx")
	for path, raw := range map[string][]byte{good: b.Model().Marshal(), broken: []byte("no model")} {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--train", "other"}, "gpt, lenet, mlp, resnet18"},
		{[]string{"missing.onnx"}, "missing.onnx cannot be read"},
		{[]string{broken}, "is no ONNX model"},
		{[]string{"--train", "lenet", "--runs", "0"}, "at least 1"},
		{[]string{"--train", "lenet", "--batch=-1"}, "negative"},
		{[]string{"--train", "lenet", "--batch", "1000000000"}, "too large"},
		{[]string{"--train", "lenet", "--dim", "T=3"}, "--dim"},
		{[]string{"--train", "lenet", "--trace", dir}, "is a folder"},
		{[]string{"--train", "lenet", "--trace", filepath.Join(dir, "none", "trace.json")}, "There is no folder"},
		{[]string{good, "--dim", "T=3"}, "it has N=32 x.1=64"},
		{[]string{good, "--dim", "x.1=-3"}, "cannot be -3"},
	} {
		var out, errout strings.Builder
		code := run(append([]string{"bench", "profile"}, c.args...), &out, &errout)
		if code != 1 || out.Len() > 0 || strings.Count(errout.String(), "\n") != 1 || !strings.Contains(errout.String(), c.says) {
			t.Errorf("%v: status %d, %q, want a sentence with %q", c.args, code, errout.String(), c.says)
		}
	}
	var out, errout strings.Builder
	if code := run([]string{"bench", "profile", good, "--dim", "x.1=5", "--batch", "2", "--runs", "1"}, &out, &errout); code != 0 || !strings.Contains(out.String(), "Relu") {
		t.Errorf("status %d: %s%s", code, out.String(), errout.String())
	}
}

// TestTrainModels traces and runs each built-in step once.
func TestTrainModels(t *testing.T) {
	for name := range trainModels {
		if name == "gpt" && testing.Short() {
			continue
		}
		w, err := newTrainStep(name, 1, graph.FullPrecision, device(2))
		if err != nil {
			t.Fatal(err)
		}
		if spans, err := w.run(); err != nil || len(spans) < 20 {
			t.Errorf("%s: %d spans, error %v", name, len(spans), err)
		}
		w.close()
	}
}
