package llama

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Save writes the model as a folder that Open and transformers read. Queries and
// keys whose rotary pairs are neighbours are reordered to that format's halves.
func (m *Model) Save(folder string) (err error) {
	c := m.Decoder.Config()
	s := settings{Architectures: []string{"LlamaForCausalLM"}, Type: "llama", Width: c.Width, Hidden: c.Hidden, Layers: c.Layers, Heads: c.Heads,
		KeyValueHeads: c.KeyValueHeads, Vocab: c.Vocab, Context: m.Context, Eps: c.Eps, RotaryBase: c.Rotary.Base, Tied: !c.Untied, Activation: "silu",
		BOS: json.RawMessage(strconv.Itoa(m.BOS)), EOS: json.RawMessage(strconv.Itoa(m.EOS))}
	file := safetensors.File{Tensors: map[string]*tensor.Tensor{}, Metadata: map[string]string{"format": "pt"}}
	for _, w := range weights(c) {
		values := m.get(w)
		if w.pair > 0 && !c.Rotary.Halves {
			values = toHalves(values, w)
		}
		file.Tensors[w.file] = tensor.Of(values, w.shape()...)
	}
	config, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("save llama model: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), append(config, '\n'), 0o644); err != nil {
		return fmt.Errorf("save llama model: %w", err)
	}
	out, err := os.Create(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		return fmt.Errorf("save llama model: %w", err)
	}
	if err := safetensors.Write(out, file); err != nil {
		out.Close()
		return fmt.Errorf("save llama model: %w", err)
	}
	return out.Close()
}

// toHalves moves the rows of each head so that those of pair i, which are 2i and
// 2i + 1, become i and i + D/2.
func toHalves(values []float32, w weight) []float32 {
	out, size := make([]float32, len(values)), w.rows/w.pair
	for row := range w.rows {
		head, j := row/size, row%size
		to := head*size + j/2 + j%2*size/2
		copy(out[to*w.cols:(to+1)*w.cols], values[row*w.cols:(row+1)*w.cols])
	}
	return out
}
