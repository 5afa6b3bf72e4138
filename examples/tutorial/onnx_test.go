package tutorial_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// saveBackbone writes somebody's model: images [N,12,12,1] to "features" [N,32]
// and to ten classes.
func saveBackbone(path string) {
	p := nn.NewParams(3)
	net := newResNet(p, 10)
	g := graph.New(graph.Inference)
	image := g.Input("image", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	features := net[:len(net)-1].Forward(image)
	model := must(onnx.Export("backbone", onnx.Named{Name: "features", Node: features}, onnx.Named{Name: "logits", Node: net[len(net)-1].Forward(features)}))
	check(os.WriteFile(path, model.Marshal(), 0o644))
}

func Example_session() {
	dir := must(os.MkdirTemp("", "onnx"))
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "backbone.onnx")
	saveBackbone(path)

	model := must(onnx.Unmarshal(must(os.ReadFile(path))))
	session := must(onnx.NewSession(model, cpu.New(cpu.Options{})))
	defer session.Close()
	for _, in := range session.Inputs() {
		dims, _ := in.Dims()
		fmt.Println("input", in.Name, in.DType(), dims)
	}
	outs := must(session.Run(context.Background(), map[string]*tensor.Tensor{"image": tensor.New(tensor.Float32, 2, 12, 12, 1)}))
	fmt.Println("features", outs["features"], "logits", outs["logits"])
	// Output:
	// input image float32 [N 12 12 1]
	// features float32[2 32] logits float32[2 10]
}

func Example_import() {
	dir := must(os.MkdirTemp("", "onnx"))
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "backbone.onnx")
	saveBackbone(path)

	params := nn.NewParams(1)
	start := []string{"const_2", "const_3", "const_7", "const_10"} // stem and first block, as the file names them
	body := must(onnx.Import(must(onnx.Unmarshal(must(os.ReadFile(path)))), params, onnx.ImportOptions{
		Outputs: []string{"features"},                                           // cut off the old head
		Freeze:  func(name string) bool { return slices.Contains(start, name) }, // optimisers leave these alone
	}))
	fmt.Println(len(params.Variables()), "weights,", len(params.Trainable()), "of them trained")
	head := nn.NewLinear(params.Sub("head"), 32, 3) // the new one
	predict := func(in []*graph.Node) *graph.Node { return head.Forward(body.Forward(in...)[0]) }

	g := graph.New(graph.Train)
	in := body.NewInputs(g)
	label := g.Input("label", tensor.Int64, in[0].Dim(0))
	rate := g.Input("rate", tensor.Float32, graph.Dims(1)...)
	loss := nn.CrossEntropy(predict(in), label, 0)
	optim.Apply(loss, params, optim.AdamW{}, rate, optim.Options{})
	step := must(graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: append(in, label, rate), Outputs: []*graph.Node{loss}}))
	defer step.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		images, labels := stripes(r, 32)
		must(step.Run(images, labels, tensor.Of([]float32{0.003}, 1)))
	}

	g = graph.New(graph.Inference)
	in = body.NewInputs(g)
	tuned := must(onnx.Export("stripes", onnx.Named{Name: "probability", Node: graph.Softmax(predict(in))}))
	check(os.WriteFile(filepath.Join(dir, "stripes.onnx"), tuned.Marshal(), 0o644))

	session := must(onnx.NewSession(tuned, cpu.New(cpu.Options{})))
	defer session.Close()
	images, labels := stripes(r, 200)
	p := must(session.Run(context.Background(), map[string]*tensor.Tensor{"image": images}))["probability"].Float32s()
	right := 0
	for i, label := range labels.Int64s() {
		if p[3*i+int(label)] > 0.5 {
			right++
		}
	}
	fmt.Println("at least 195 of 200 right:", right >= 195)
	// Output:
	// 12 weights, 8 of them trained
	// at least 195 of 200 right: true
}
