package onnx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// pretrained is somebody's model: images [N,1,8,8] to "features" [N,16] to three
// classes, as bytes of an ONNX file.
func pretrained() []byte {
	p := nn.NewParams(3)
	conv, hidden, head := nn.NewConv2D(p.Sub("conv"), 1, 8, 3, nn.ConvOptions{Pad: 1}), nn.NewLinear(p.Sub("hidden"), 128, 16), nn.NewLinear(p.Sub("head"), 16, 3)
	g := graph.New(graph.Inference)
	image := g.Input("image", tensor.Float32, graph.Dims("N", 1, 8, 8)...)
	x := graph.Relu(conv.Forward(graph.Transpose(image, 0, 2, 3, 1)))
	x = graph.MaxPool2D(x, graph.PoolOptions{Size: 2})
	features := graph.Relu(hidden.Forward(graph.Flatten(x, 1)))
	m, err := onnx.Export("pretrained", onnx.Named{Name: "features", Node: features}, onnx.Named{Name: "logits", Node: head.Forward(features)})
	if err != nil {
		panic(err)
	}
	return m.Marshal()
}

// stripes makes images with horizontal (0) or vertical (1) stripes under noise.
func stripes(r *rand.Rand, n int) (images, labels *tensor.Tensor) {
	images, labels = tensor.New(tensor.Float32, n, 1, 8, 8), tensor.New(tensor.Int64, n)
	for i := range n {
		kind := r.IntN(2)
		labels.Int64s()[i] = int64(kind)
		for j := range 64 {
			at := []int{j / 8, j % 8}[kind]
			images.Float32s()[64*i+j] = float32(at%2) + 0.3*float32(r.NormFloat64())
		}
	}
	return images, labels
}

// A model from elsewhere keeps its features, gets a new head, learns and goes
// back to ONNX.
func ExampleImport() {
	model, err := onnx.Unmarshal(pretrained())
	if err != nil {
		fmt.Println(err)
		return
	}
	params := nn.NewParams(1)
	body, err := onnx.Import(model, params, onnx.ImportOptions{
		Outputs: []string{"features"},
		Freeze:  func(name string) bool { return strings.HasPrefix(name, "const_1") }, // the convolution
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	head := nn.NewLinear(params.Sub("stripes"), 16, 2)

	g := graph.New(graph.Train)
	in := body.NewInputs(g)
	labels := g.Input("labels", tensor.Int64, in[0].Dim(0))
	rate := g.Input("rate", tensor.Float32, graph.Dims(1)...)
	loss := graph.Mean(nn.CrossEntropy(head.Forward(body.Forward(in...)[0]), labels, 0))
	optim.Apply(loss, params, optim.AdamW{}, rate, optim.Options{})
	step, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: append(in, labels, rate), Outputs: []*graph.Node{loss}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer step.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		x, y := stripes(r, 32)
		if _, err := step.Run(x, y, tensor.Of([]float32{0.003}, 1)); err != nil {
			fmt.Println(err)
			return
		}
	}

	g = graph.New(graph.Inference)
	in = body.NewInputs(g)
	tuned, err := onnx.Export("stripes", onnx.Named{Name: "probability", Node: graph.Softmax(head.Forward(body.Forward(in...)[0]))})
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := onnx.NewSession(tuned, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	x, y := stripes(r, 200)
	out, err := session.Run(context.Background(), map[string]*tensor.Tensor{"image": x})
	if err != nil {
		fmt.Println(err)
		return
	}
	right := 0
	for i, label := range y.Int64s() {
		if out["probability"].Float32s()[2*i+int(label)] > 0.5 {
			right++
		}
	}
	dims, _ := session.Inputs()[0].Dims()
	fmt.Println("input:", session.Inputs()[0].Name, dims)
	fmt.Println("more than 95 % right:", right > 190)
	// Output:
	// input: image [N 1 8 8]
	// more than 95 % right: true
}
