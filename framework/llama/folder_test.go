package llama_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/llama"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// tiny is a random model whose head is its own.
func tiny() *llama.Model {
	p := nn.NewParams(3)
	d := nn.NewDecoder(p, nn.DecoderConfig{Vocab: 11, Width: 8, Layers: 2, Heads: 2, KeyValueHeads: 1, Hidden: 12, Eps: 1e-5, Untied: true,
		Rotary: graph.RotaryOptions{Base: 500, Halves: true}})
	return &llama.Model{Decoder: d, Params: p, Context: 32, BOS: 1, EOS: 2}
}

func saved(t *testing.T) (string, *llama.Model) {
	t.Helper()
	folder, m := t.TempDir(), tiny()
	if err := m.Save(folder); err != nil {
		t.Fatal(err)
	}
	return folder, m
}

func TestFolderRoundTrip(t *testing.T) {
	folder, m := saved(t)
	again, err := llama.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if again.Decoder.Config() != m.Decoder.Config() || again.Context != 32 || again.BOS != 1 || again.EOS != 2 {
		t.Errorf("got %+v, want %+v", again.Decoder.Config(), m.Decoder.Config())
	}
	for name, want := range m.Params.Tensors() {
		if !tensor.Equal(again.Params.Get(name).Value(), want) {
			t.Errorf("%s changed", name)
		}
	}
	f, err := os.Open(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := safetensors.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	q := file.Tensors["model.layers.1.self_attn.q_proj.weight"].Float32s()
	if w := m.Params.Get("block2/attention/query/weight").Value().Float32s(); q[1] != w[8] {
		t.Error("a matrix is not stored [out, in]")
	}
}

// TestShards: numbers in bfloat16, spread over two files.
func TestShards(t *testing.T) {
	folder, m := saved(t)
	f, err := os.Open(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Read(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	parts, index := [2]safetensors.File{{Tensors: map[string]*tensor.Tensor{}}, {Tensors: map[string]*tensor.Tensor{}}}, map[string]string{}
	names := []string{"a.safetensors", "b.safetensors"}
	for name, v := range file.Tensors {
		short := tensor.New(tensor.BFloat, v.Shape()...)
		for i, x := range v.Float32s() {
			short.Data().([]tensor.BFloat16)[i] = tensor.NewBFloat16(float64(x))
		}
		k := len(name) % 2
		parts[k].Tensors[name], index[name] = short, names[k]
	}
	for k, part := range parts {
		out, err := os.Create(filepath.Join(folder, names[k]))
		if err != nil {
			t.Fatal(err)
		}
		if err := safetensors.Write(out, part); err != nil {
			t.Fatal(err)
		}
		out.Close()
	}
	writeIndex(t, folder, index)
	again, err := llama.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range m.Params.Tensors() {
		for i, x := range again.Params.Get(name).Value().Float32s() {
			if w := tensor.NewBFloat16(float64(want.Float32s()[i])).Float32(); x != w {
				t.Fatalf("%s: element %d is %v, want %v", name, i, x, w)
			}
		}
	}
	writeIndex(t, folder, map[string]string{"x": "../a.safetensors"})
	if _, err := llama.Open(folder); !errors.Is(err, llama.ErrFormat) {
		t.Errorf("a shard outside of the folder: error %v", err)
	}
}

func writeIndex(t *testing.T, folder string, index map[string]string) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"weight_map": index})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "model.safetensors.index.json"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFolderErrors(t *testing.T) {
	for change, want := range map[string]string{
		`"model_type": "llama"|"model_type": "mamba"`:               "mamba",
		`"hidden_act": "silu"|"hidden_act": "gelu"`:                 "gelu",
		`"num_attention_heads": 2|"num_attention_heads": 3`:         "heads",
		`"vocab_size": 11|"vocab_size": 1000000`:                    "model.embed_tokens.weight",
		`"vocab_size": 11|"vocab_size": -1`:                         "size of -1",
		`"attention_bias": false|"attention_bias": true`:            "biases",
		`"tie_word_embeddings": false|"rope_scaling": {"factor":8}`: "scaled",
		`{|[`: "llama",
	} {
		folder, _ := saved(t)
		path := filepath.Join(folder, "config.json")
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		from, to, _ := strings.Cut(change, "|")
		spoiled := strings.Replace(string(raw), from, to, 1)
		if spoiled == string(raw) {
			t.Fatalf("%q changes nothing in %s", change, raw)
		}
		if err := os.WriteFile(path, []byte(spoiled), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := llama.Open(folder); !errors.Is(err, llama.ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", change, err)
		}
	}
}
