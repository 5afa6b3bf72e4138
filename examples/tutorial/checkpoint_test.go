package tutorial_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// trainTo trains up to a step, going on from the last checkpoint in dir.
func trainTo(dir string, steps int) *nn.Params {
	params := nn.NewParams(1)
	net := newResNet(params, 3)
	g := graph.New(graph.Train)
	image := g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	label := g.Input("label", tensor.Int64, graph.Dims("N")...)
	loss := nn.CrossEntropy(net.Forward(image), label, 0)
	rate := g.Const(tensor.Of([]float32{0.01}, 1))
	state := optim.Apply(loss, params, optim.AdamW{}, rate, optim.Options{})
	step := must(graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{image, label}, Outputs: []*graph.Node{loss}}))
	defer step.Close()

	source := rand.NewPCG(1, 2)
	run := checkpoint.Training{
		Variables: map[string][]*graph.Variable{"model": params.Variables(), "optimizer": state.Variables()},
		State:     map[string]checkpoint.State{"source": source}, // whatever else has a memory
	}
	saver := must(checkpoint.Open(dir, checkpoint.Options{Keep: 2}))
	done := 0
	c, _, err := checkpoint.Latest(dir)
	switch {
	case err == nil:
		check(run.Restore(c))
		done = c.Step
	case !errors.Is(err, fs.ErrNotExist):
		panic(err)
	}
	for ; done < steps; done++ {
		images, labels := stripes(rand.New(source), 16)
		must(step.Run(images, labels))
		check(saver.Save(must(run.Snapshot(done + 1)))) // copied now, written in the background
	}
	check(saver.Close())
	return params
}

func Example_checkpoint() {
	dir := must(os.MkdirTemp("", "run"))
	defer os.RemoveAll(dir)
	trainTo(filepath.Join(dir, "a"), 3)
	resumed := trainTo(filepath.Join(dir, "a"), 6)
	straight := trainTo(filepath.Join(dir, "b"), 6)
	same := true
	for name, t := range straight.Tensors() {
		same = same && tensor.Equal(t, resumed.Tensors()[name])
	}
	fmt.Println("same bits:", same)
	// Output:
	// same bits: true
}

func Example_weights() {
	dir := must(os.MkdirTemp("", "weights"))
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	file := must(os.Create(path)) // as PyTorch's safetensors.torch.save_file writes it: Linear is [out,in]
	check(safetensors.Write(file, safetensors.File{Tensors: map[string]*tensor.Tensor{
		"model.fc.weight": tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3),
		"model.fc.bias":   tensor.Of([]float32{7, 8}, 2),
	}}))
	check(file.Close())

	params := nn.NewParams(1)
	nn.NewLinear(params.Sub("fc"), 3, 2) // weight [in,out]
	report := must(checkpoint.LoadWeights(params, must(checkpoint.ReadWeights(path)), checkpoint.LoadOptions{
		Rename:  strings.NewReplacer("model.", "", ".", "/").Replace,
		Axes:    checkpoint.Torch, // transposes what PyTorch stores the other way round
		Convert: true,             // float16, bfloat16 and float64 become float32
	}))
	fmt.Println(report.Loaded, params.Get("fc/weight").Value().Float32s())
	// Output:
	// [fc/weight fc/bias] [1 4 2 5 3 6]
}
