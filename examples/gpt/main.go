// Command gpt trains a character-level language model on a text file until a
// time budget is spent, then writes some text of its own:
//
//	go run ./examples/gpt -minutes 15 input.txt
//
// The first 90 % of the text are for training, the rest for validation.
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var (
	minutes = flag.Float64("minutes", 15, "time to train")
	width   = flag.Int("width", 128, "width of the model")
	layers  = flag.Int("layers", 4, "blocks of the model")
	heads   = flag.Int("heads", 4, "heads of attention")
	context = flag.Int("context", 256, "characters that the model sees")
	batch   = flag.Int("batch", 8, "windows of text in a step")
	rate    = flag.Float64("rate", 2e-3, "highest learning rate")
	dropout = flag.Float64("dropout", 0, "probability of dropout")
	sample  = flag.Int("sample", 300, "characters to write at the end")
	profile = flag.Bool("profile", false, "show where the time of a step goes and stop")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if flag.NArg() != 1 {
		log.Fatal("usage: gpt [flags] TEXT-FILE")
	}
	if err := run(flag.Arg(0)); err != nil {
		log.Fatal("gpt: ", err)
	}
}

// checkFlags reports flags that make no model or no training.
func checkFlags() error {
	switch {
	case !(*minutes > 0) || *minutes > 1e6:
		return fmt.Errorf("-minutes is %v, but the time to train must be positive", *minutes)
	case *context < 2:
		return fmt.Errorf("-context is %d, but the model must see at least 2 characters", *context)
	case *batch < 1:
		return fmt.Errorf("-batch is %d, but a step needs at least 1 window of text", *batch)
	case !(*rate > 0):
		return fmt.Errorf("-rate is %v, but the learning rate must be positive", *rate)
	case !(*dropout >= 0 && *dropout < 1):
		return fmt.Errorf("-dropout is %v, but a probability of dropout is from 0 to below 1", *dropout)
	case *sample < 0:
		return fmt.Errorf("-sample is %d, but the number of characters cannot be negative", *sample)
	}
	return nil
}

func run(path string) error {
	if err := checkFlags(); err != nil {
		return err
	}
	ids, vocab, err := read(path)
	if err != nil {
		return err
	}
	cut := len(ids) * 9 / 10
	train, validation := ids[:cut], ids[cut:]
	if len(validation) <= *context {
		return fmt.Errorf("%s is too short: a tenth of its %d characters is for validation, which needs more than %d", path, len(ids), *context)
	}
	config := nn.DecoderConfig{Vocab: len(vocab), Width: *width, Layers: *layers, Heads: *heads, Dropout: float32(*dropout)}
	if err := config.Validate(); err != nil {
		return err
	}

	params := nn.NewParams(1)
	model := nn.NewDecoder(params, config)
	dev := cpu.New(cpu.Options{})
	step, err := compile(dev, model, params)
	if err != nil {
		return err
	}
	defer step.Close()
	test, err := compile(dev, model, nil)
	if err != nil {
		return err
	}
	defer test.Close()
	fmt.Printf("%d parameters, %d characters, %d different\n%8s %7s %10s %10s\n", params.Count(), len(ids), len(vocab), "seconds", "step", "training", "validation")

	r, start, shown, sum, count := rand.New(rand.NewPCG(1, 2)), time.Now(), 0, float32(0), 0
	budget := time.Duration(*minutes * float64(time.Minute))
	schedule := optim.OneCycle{Max: float32(*rate), Steps: 10001, Warm: 0.05, Final: 100}
	for n := 1; ; n++ {
		spent := time.Since(start)
		twentieth := int(20 * float64(spent) / float64(budget))
		if done := spent >= budget; done || twentieth > shown {
			shown = twentieth
			all := windows(validation, *context)
			if !done {
				all = all[:min(len(all), 64)]
			}
			loss, err := evaluate(test, validation, all)
			if err != nil {
				return err
			}
			fmt.Printf("%8.0f %7d %10.4f %10.4f\n", spent.Seconds(), n-1, sum/float32(max(count, 1)), loss)
			if sum, count = 0, 0; done {
				break
			}
		}
		at := make([]int, *batch)
		for i := range at {
			at[i] = r.IntN(len(train) - *context)
		}
		x, y := pick(train, at)
		lr := tensor.Of([]float32{schedule.At(int(10000 * float64(spent) / float64(budget)))}, 1)
		if *profile && n == 3 {
			p, err := step.Profile(5, x, y, lr)
			if err == nil {
				fmt.Println(step.Stats())
				fmt.Print(p)
			}
			return err
		}
		outs, err := step.Run(x, y, lr)
		if err != nil {
			return err
		}
		sum, count = sum+outs[0].Float32s()[0], count+1
	}

	gen, err := nn.NewGenerator(dev, model, *context)
	if err != nil {
		return err
	}
	defer gen.Close()
	left := *sample
	for token, err := range gen.Generate([]int{0}, &nn.Sampler{Temperature: 0.8}) {
		if err != nil || left == 0 {
			fmt.Println()
			return err
		}
		fmt.Print(string(vocab[token]))
		left--
	}
	return nil
}

// compile makes the training step, or without params the loss alone, of model.
func compile(dev chip.Device, model *nn.Decoder, params *nn.Params) (*graph.Executable, error) {
	mode := graph.Inference
	if params != nil {
		mode = graph.Train
	}
	g := graph.New(mode)
	x := g.Input("tokens", tensor.Int64, graph.Dims("N", "T")...)
	y := g.Input("next", tensor.Int64, graph.Dims("N", "T")...)
	logits := graph.Reshape(model.Forward(x), graph.Dims(-1, model.Config().Vocab)...)
	loss := nn.CrossEntropy(logits, graph.Reshape(y, graph.Const(-1)), 0)
	in := []*graph.Node{x, y}
	if params != nil {
		lr := g.Input("rate", tensor.Float32, graph.Dims(1)...)
		optim.Apply(loss, params, optim.AdamW{Beta2: 0.99, WeightDecay: 0.1}, lr, optim.Options{ClipNorm: 1})
		in = append(in, lr)
	}
	return graph.Compile(dev, graph.Program{Inputs: in, Outputs: []*graph.Node{loss}})
}

// evaluate is the mean loss over windows.
func evaluate(test *graph.Executable, ids []int64, at []int) (float32, error) {
	sum, count := 0.0, 0
	for part := range slices.Chunk(at, *batch) {
		outs, err := test.Run(pick(ids, part))
		if err != nil {
			return 0, err
		}
		sum, count = sum+float64(outs[0].Float32s()[0])*float64(len(part)), count+len(part)
	}
	return float32(sum / float64(count)), nil
}
