package tutorial_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/lora"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/prune"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// fit trains params for some steps on stripes. predict gives the logits of images.
func fit(steps int, params *nn.Params, predict func(image *graph.Node) *graph.Node) {
	g := graph.New(graph.Train)
	image := g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	label := g.Input("label", tensor.Int64, graph.Dims("N")...)
	loss := nn.CrossEntropy(predict(image), label, 0)
	optim.Apply(loss, params, optim.AdamW{}, g.Const(tensor.Of([]float32{0.005}, 1)), optim.Options{})
	step := must(graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{image, label}, Outputs: []*graph.Node{loss}}))
	defer step.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for range steps {
		must(step.Run(stripes(r, 32)))
	}
}

// accuracy is the share of 200 new images that predict gets right.
func accuracy(predict func(image *graph.Node) *graph.Node) float64 {
	g := graph.New(graph.Inference)
	image := g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	images, labels := stripes(rand.New(rand.NewPCG(3, 4)), 200)
	guesses := must(graph.Eval(cpu.New(cpu.Options{}), graph.ArgMax(predict(image), -1), map[*graph.Node]*tensor.Tensor{image: images}))
	right := 0
	for i, label := range labels.Int64s() {
		if guesses.Int64s()[i] == label {
			right++
		}
	}
	return float64(right) / 200
}

func Example_quantisation() {
	params := nn.NewParams(1)
	net := newResNet(params, 3)
	fit(60, params, net.Forward)

	g := graph.New(graph.Inference)
	image := g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	logits := net.Forward(image)
	images, _ := stripes(rand.New(rand.NewPCG(5, 6)), 64) // samples that show the range of every activation
	batches := slices.Values([][]*tensor.Tensor{{images}})
	ranges := must(quant.Calibrate(cpu.New(cpu.Options{}), []*graph.Node{image}, []*graph.Node{logits}, batches, quant.Calibration{Method: quant.MSE}))
	integers := func(image *graph.Node) *graph.Node {
		return must(quant.Integer(ranges, quant.Options{}, net.Forward(image)))[0]
	}
	fmt.Println("above 95 %:", accuracy(net.Forward) > 0.95, accuracy(integers) > 0.95)

	float := must(onnx.Export("stripes", onnx.Named{Name: "logits", Node: logits})).Marshal()
	small := must(onnx.Export("stripes", onnx.Named{Name: "logits", Node: must(quant.Integer(ranges, quant.Options{}, logits))[0]})).Marshal()
	fmt.Printf("the file is %.1f times smaller\n", float64(len(float))/float64(len(small)))
	// Output:
	// above 95 %: true true
	// the file is 2.9 times smaller
}

func Example_lora() {
	params := nn.NewParams(1)
	net := newResNet(params, 3)
	adapters := lora.New(params, lora.Config{Rank: 2})
	adapted := func(image *graph.Node) *graph.Node { return adapters.Apply(net.Forward(image))[0] }

	before := params.Get("head/weight").Value()
	fit(60, adapters.Params(), adapted)
	fmt.Println(adapters.Params().Count(), "of", params.Count(), "values trained")
	fmt.Println("the base stays:", tensor.Equal(before, params.Get("head/weight").Value()))

	var file bytes.Buffer
	check(adapters.Save(&file)) // safetensors, the adapters alone
	check(adapters.Merge())     // into the weights: a plain model again
	fmt.Println("above 95 %:", accuracy(net.Forward) > 0.95)
	// Output:
	// 2056 of 19571 values trained
	// the base stays: true
	// above 95 %: true
}

func Example_prune() {
	params := nn.NewParams(1)
	net := newResNet(params, 3)
	masks := prune.New(params, func(name string, shape []int) bool { return strings.HasSuffix(name, "conv1/weight") })
	masked := func(image *graph.Node) *graph.Node { return masks.Apply(net.Forward(image))[0] }

	fit(40, params, masked)
	check(masks.Magnitude(0.8)) // the smallest 80 % of each masked weight
	fit(40, params, masked)     // the others make up for them
	check(masks.Remove())       // zeros in the weights: a plain model again
	fmt.Print(masks.Report())
	fmt.Println("above 95 %:", accuracy(net.Forward) > 0.95)
	// Output:
	// block1/conv1/weight: 461 of 576 values zero (80.0 %), 0 of 8 channels
	// block2/conv1/weight: 922 of 1152 values zero (80.0 %), 0 of 16 channels
	// block3/conv1/weight: 3686 of 4608 values zero (80.0 %), 0 of 32 channels
	// total: 5069 of 6336 values zero (80.0 %), 0 of 56 channels
	// above 95 %: true
}
