package llama_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/llama"
	"github.com/macaw-ai/macaw/framework/nn"
)

// A model with random weights is saved in transformers' format, opened again
// and continues a prompt.
func Example() {
	folder, err := os.MkdirTemp("", "llama")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	params := nn.NewParams(1)
	decoder := nn.NewDecoder(params, nn.DecoderConfig{Vocab: 32, Width: 16, Layers: 2, Heads: 4, KeyValueHeads: 2})
	made := &llama.Model{Decoder: decoder, Params: params, Context: 64, BOS: 1, EOS: 2}
	if err := made.Save(filepath.Join(folder, "tiny")); err != nil {
		fmt.Println(err)
		return
	}
	model, err := llama.Open(filepath.Join(folder, "tiny"))
	if err != nil {
		fmt.Println(err)
		return
	}
	gen, err := nn.NewGenerator(cpu.New(cpu.Options{}), model.Decoder, model.Context)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gen.Close()
	n := 0
	for token, err := range gen.Generate([]int{model.BOS, 7}, &nn.Sampler{Temperature: 0.8, TopK: 10, Seed: 1}) {
		if err != nil || token == model.EOS || n == 5 {
			break
		}
		n++
	}
	fmt.Println(model.Params.Count(), n)
	// Output: 6736 5
}
