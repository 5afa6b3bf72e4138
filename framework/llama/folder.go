package llama

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// settings are those of config.json that matter here.
type settings struct {
	Architectures []string        `json:"architectures,omitempty"`
	Type          string          `json:"model_type"`
	Width         int             `json:"hidden_size"`
	Hidden        int             `json:"intermediate_size"`
	Layers        int             `json:"num_hidden_layers"`
	Heads         int             `json:"num_attention_heads"`
	KeyValueHeads int             `json:"num_key_value_heads"`
	HeadSize      int             `json:"head_dim,omitempty"`
	Vocab         int             `json:"vocab_size"`
	Context       int             `json:"max_position_embeddings"`
	Eps           float32         `json:"rms_norm_eps"`
	RotaryBase    float32         `json:"rope_theta"`
	RotaryScaling json.RawMessage `json:"rope_scaling,omitempty"`
	Tied          bool            `json:"tie_word_embeddings"`
	Activation    string          `json:"hidden_act"`
	AttentionBias bool            `json:"attention_bias"`
	FeedBias      bool            `json:"mlp_bias"`
	BOS           json.RawMessage `json:"bos_token_id,omitempty"`
	EOS           json.RawMessage `json:"eos_token_id,omitempty"`
}

// Open reads a folder with config.json and model.safetensors, or the shards that
// model.safetensors.index.json lists, whose numbers are float32, float16 or
// bfloat16.
func Open(folder string) (*Model, error) {
	raw, err := os.ReadFile(filepath.Join(folder, "config.json"))
	if err != nil {
		return nil, fmt.Errorf("open llama model: %w", err)
	}
	m, c, err := parseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	values, err := readTensors(folder)
	if err != nil {
		return nil, err
	}
	list := weights(c)
	for _, w := range list { // before anything of these sizes is made
		if t := values[w.file]; t == nil || !slices.Equal(t.Shape(), w.shape()) {
			return nil, fmt.Errorf("%w: %s should be %v, not %v", ErrFormat, w.file, w.shape(), t)
		}
	}
	m.Params = nn.NewParams(0)
	m.Decoder = nn.NewDecoder(m.Params, c)
	for _, w := range list {
		v, err := floats(values[w.file])
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrFormat, w.file, err)
		}
		if err := m.set(w, v); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (w weight) shape() []int {
	if w.rows == 0 {
		return []int{w.cols}
	}
	return []int{w.rows, w.cols}
}

// parseConfig returns a model without weights and its decoder's sizes.
func parseConfig(raw []byte) (*Model, nn.DecoderConfig, error) {
	s := settings{Eps: 1e-6, RotaryBase: 10000, Activation: "silu"}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, nn.DecoderConfig{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if s.KeyValueHeads == 0 {
		s.KeyValueHeads = s.Heads
	}
	c := nn.DecoderConfig{Vocab: s.Vocab, Width: s.Width, Layers: s.Layers, Heads: s.Heads, KeyValueHeads: s.KeyValueHeads, Hidden: s.Hidden,
		Rotary: graph.RotaryOptions{Base: s.RotaryBase, Halves: true}, Eps: s.Eps, Untied: !s.Tied}
	if err := checkConfig(c, s.Context); err != nil {
		return nil, c, err
	}
	switch {
	case s.Type != "llama":
		return nil, c, fmt.Errorf("%w: the type is %q, not llama", ErrFormat, s.Type)
	case s.Activation != "silu":
		return nil, c, fmt.Errorf("%w: the activation %q is not supported", ErrFormat, s.Activation)
	case s.AttentionBias || s.FeedBias:
		return nil, c, fmt.Errorf("%w: biases are not supported", ErrFormat)
	case s.HeadSize != 0 && s.HeadSize != s.Width/s.Heads:
		return nil, c, fmt.Errorf("%w: heads of %d are not supported in a width of %d", ErrFormat, s.HeadSize, s.Width)
	case len(s.RotaryScaling) > 0 && string(s.RotaryScaling) != "null":
		return nil, c, fmt.Errorf("%w: scaled rotary positions are not supported", ErrFormat)
	case !(s.Eps > 0) || !(s.RotaryBase > 0):
		return nil, c, fmt.Errorf("%w: rms_norm_eps and rope_theta must be positive", ErrFormat)
	}
	return &Model{Context: s.Context, BOS: tokenOf(s.BOS, 1), EOS: tokenOf(s.EOS, 2)}, c, nil
}

// tokenOf reads a token's number, or the first of a list.
func tokenOf(raw json.RawMessage, def int) int {
	var one int
	var list []int
	switch {
	case len(raw) == 0 || string(raw) == "null":
	case json.Unmarshal(raw, &one) == nil:
		return one
	case json.Unmarshal(raw, &list) == nil && len(list) > 0:
		return list[0]
	}
	return def
}

// readTensors reads all shards of a folder.
func readTensors(folder string) (map[string]*tensor.Tensor, error) {
	files := []string{"model.safetensors"}
	if raw, err := os.ReadFile(filepath.Join(folder, "model.safetensors.index.json")); err == nil {
		if files, err = shards(raw); err != nil {
			return nil, err
		}
	}
	all := map[string]*tensor.Tensor{}
	for _, name := range files {
		f, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("open llama model: %w", err)
		}
		part, err := safetensors.Read(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for k, t := range part.Tensors {
			all[k] = t
		}
	}
	return all, nil
}

// shards lists the files of an index, each of which must lie in the folder itself.
func shards(raw []byte) ([]string, error) {
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("%w: model.safetensors.index.json: %w", ErrFormat, err)
	}
	var files []string
	for _, name := range index.Files {
		if name != filepath.Base(name) || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%w: model.safetensors.index.json names the file %q", ErrFormat, name)
		}
		files = append(files, name)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// floats converts to float32.
func floats(t *tensor.Tensor) ([]float32, error) {
	switch d := t.Data().(type) {
	case []float32:
		return d, nil
	case []tensor.Float16:
		return widen(d), nil
	case []tensor.BFloat16:
		return widen(d), nil
	}
	return nil, fmt.Errorf("numbers of type %v are not supported", t.DType())
}

func widen[T interface{ Float32() float32 }](v []T) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = x.Float32()
	}
	return out
}
