package tutorial_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func Example_gpt() {
	text := []byte("she sells sea shells by the sea shore. ")
	vocab := slices.Compact(slices.Sorted(slices.Values(text)))
	var ids []int64
	for _, c := range slices.Repeat(text, 3) {
		ids = append(ids, int64(slices.Index(vocab, c)))
	}

	params := nn.NewParams(1)
	model := nn.NewDecoder(params, nn.DecoderConfig{Vocab: len(vocab), Width: 32, Layers: 2, Heads: 4})
	g := graph.New(graph.Train)
	x := g.Input("tokens", tensor.Int64, graph.Dims("N", "T")...)
	next := g.Input("next", tensor.Int64, graph.Dims("N", "T")...)
	rate := g.Input("rate", tensor.Float32, graph.Dims(1)...)
	logits := graph.Reshape(model.Forward(x), graph.Dims(-1, len(vocab))...) // [N·T,V]
	loss := nn.CrossEntropy(logits, graph.Reshape(next, graph.Const(-1)), 0)
	optim.Apply(loss, params, optim.AdamW{}, rate, optim.Options{ClipNorm: 1})
	dev := cpu.New(cpu.Options{})
	step := must(graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x, next, rate}, Outputs: []*graph.Node{loss}}))
	defer step.Close()

	r := rand.New(rand.NewPCG(1, 2))
	schedule := optim.OneCycle{Max: 0.01, Steps: 100}
	for i := range schedule.Steps {
		in, out := tensor.New(tensor.Int64, 8, 40), tensor.New(tensor.Int64, 8, 40)
		for row := range 8 {
			at := r.IntN(len(ids) - 41)
			copy(in.Int64s()[40*row:40*row+40], ids[at:])
			copy(out.Int64s()[40*row:40*row+40], ids[at+1:])
		}
		must(step.Run(in, out, tensor.Of([]float32{schedule.At(i)}, 1)))
	}

	gen := must(nn.NewGenerator(dev, model, 64)) // caches for 64 tokens; each run computes the new token alone
	defer gen.Close()
	var prompt []int
	for _, c := range []byte("she ") {
		prompt = append(prompt, slices.Index(vocab, c))
	}
	written := "she "
	for token, err := range gen.Generate(prompt, &nn.Sampler{}) { // greedy; Temperature, TopK, TopP draw
		check(err)
		if written += string(vocab[token]); vocab[token] == '.' {
			break
		}
	}
	fmt.Println(written)
	// Output:
	// she sells sea shells by the sea shore.
}
