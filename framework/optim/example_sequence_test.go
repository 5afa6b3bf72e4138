package optim_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// An LSTM learns whether a sequence of bits, as long as it likes, holds an odd
// number of ones.
func Example_lstm() {
	params := nn.NewParams(1)
	lstm := nn.NewLSTM(params.Sub("lstm"), 1, 8, nn.RecurrentOptions{})
	head := nn.NewLinear(params.Sub("head"), 8, 1)

	g := graph.New(graph.Train)
	x := g.Input("bits", tensor.Float32, graph.Dims("N", "T", 1)...)
	odd := g.Input("odd", tensor.Float32, graph.Dims("N", 1)...)
	lr := g.Input("lr", tensor.Float32, graph.Dims(1)...)
	_, state := lstm.Run(x, nn.RecurrentInput{})
	logits := head.Forward(graph.Squeeze(state.H, 0))
	loss := nn.BCE(logits, odd)
	optim.Apply(loss, params, optim.AdamW{}, lr, optim.Options{ClipNorm: 1})
	step, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x, odd, lr}, Outputs: []*graph.Node{logits}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer step.Close()

	all := func(length int) (bits, parity *tensor.Tensor) { // every sequence of that length
		n := 1 << length
		bits, parity = tensor.New(tensor.Float32, n, length, 1), tensor.New(tensor.Float32, n, 1)
		for i := range n {
			for t := range length {
				b := i >> t & 1
				bits.Float32s()[i*length+t] = float32(b)
				parity.Float32s()[i] = float32(int(parity.Float32s()[i]) ^ b)
			}
		}
		return bits, parity
	}
	right := func(length int, rate float32) int {
		bits, parity := all(length)
		outs, err := step.Run(bits, parity, tensor.Of([]float32{rate}, 1))
		if err != nil {
			fmt.Println(err)
			return 0
		}
		n := 0
		for i, v := range outs[0].Float32s() {
			if (v > 0) == (parity.Float32s()[i] == 1) {
				n++
			}
		}
		return n
	}
	for i := range 600 {
		right(2+i%5, 0.02)
	}
	fmt.Println(right(6, 0), "of 64 right,", right(8, 0), "of 256 longer ones")
	// Output: 64 of 64 right, 256 of 256 longer ones
}

// A small decoder learns to count and goes on counting.
func Example_generator() {
	params := nn.NewParams(1)
	model := nn.NewDecoder(params, nn.DecoderConfig{Vocab: 10, Width: 16, Layers: 1, Heads: 2})
	g := graph.New(graph.Train)
	x := g.Input("tokens", tensor.Int64, graph.Dims("N", "T")...)
	next := g.Input("next", tensor.Int64, graph.Dims("N", "T")...)
	logits := graph.Reshape(model.Forward(x), graph.Dims(-1, 10)...)
	loss := nn.CrossEntropy(logits, graph.Reshape(next, graph.Const(-1)), 0)
	optim.Apply(loss, params, optim.AdamW{}, g.Const(tensor.Of([]float32{0.01}, 1)), optim.Options{})
	dev := cpu.New(cpu.Options{})
	step, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x, next}, Outputs: []*graph.Node{loss}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer step.Close()
	digits, following := tensor.New(tensor.Int64, 10, 6), tensor.New(tensor.Int64, 10, 6)
	for i := range 60 {
		digits.Int64s()[i], following.Int64s()[i] = int64((i/6+i%6)%10), int64((i/6+i%6+1)%10)
	}
	for range 100 {
		if _, err := step.Run(digits, following); err != nil {
			fmt.Println(err)
			return
		}
	}

	gen, err := nn.NewGenerator(dev, model, 6)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gen.Close()
	var written []int
	for token, err := range gen.Generate([]int{3, 4}, &nn.Sampler{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if written = append(written, token); len(written) == 12 {
			break
		}
	}
	fmt.Println(written)
	// Output: [5 6 7 8 9 0 1 2 3 4 5 6]
}
