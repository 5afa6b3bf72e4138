package tutorial_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/llama"
	"github.com/macaw-ai/macaw/framework/nn"
)

func Example_llama() {
	dir := must(os.MkdirTemp("", "llama"))
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "tiny") // config.json and model.safetensors
	params := nn.NewParams(1)
	decoder := nn.NewDecoder(params, nn.DecoderConfig{Vocab: 32, Width: 16, Layers: 2, Heads: 4, KeyValueHeads: 2})
	check((&llama.Model{Decoder: decoder, Params: params, Context: 64, BOS: 1, EOS: 2}).Save(folder)) // a stand-in for a download

	model := must(llama.Open(folder))
	fmt.Println(model.Params.Count(), "values, a context of", model.Context)
	gen := must(nn.NewGenerator(cpu.New(cpu.Options{}), model.Decoder, model.Context))
	defer gen.Close()
	var tokens []int
	for token, err := range gen.Generate([]int{model.BOS, 7}, &nn.Sampler{Temperature: 0.8, TopK: 10, Seed: 1}) {
		check(err)
		if tokens = append(tokens, token); token == model.EOS || len(tokens) == 5 {
			break
		}
	}
	fmt.Println(len(tokens), "tokens")
	// Output:
	// 6736 values, a context of 64
	// 5 tokens
}
