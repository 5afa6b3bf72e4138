package quant_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/nn/models"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/onnx/onnxruntime"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var dev = cpu.New(cpu.Options{Threads: 1})

// bars makes n images [12,12,1] of a bright bar, horizontal, vertical or
// diagonal, in noise.
func bars(seed uint64, n int) (images, labels *tensor.Tensor) {
	r := rand.New(rand.NewPCG(seed, 5))
	images, labels = tensor.New(tensor.Float32, n, 12, 12, 1), tensor.New(tensor.Int64, n)
	for i := range n {
		image, class, at := images.Float32s()[i*144:(i+1)*144], r.IntN(3), r.IntN(12)
		labels.Int64s()[i] = int64(class)
		for j := range image {
			image[j] = 0.7 * float32(r.NormFloat64())
		}
		for j := range 12 {
			image[[]int{at*12 + j, j*12 + at, j*12 + (j+at)%12}[class]] += 1.5
		}
	}
	return images, labels
}

// network is a model of images [N,12,12,1] to three logits.
type network struct {
	params  *nn.Params
	forward func(x *graph.Node) *graph.Node
}

func convNet() network {
	p := nn.NewParams(2)
	block := func(name string, in, out int) nn.Sequential {
		return nn.Sequential{nn.NewConv2D(p.Sub(name), in, out, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub(name+"/norm"), out), nn.Act("relu")}
	}
	s := slices.Concat(block("a", 1, 8), block("b", 8, 16), nn.Sequential{nn.MaxPool(graph.PoolOptions{Size: 2})},
		block("c", 16, 16), nn.Sequential{nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), 16, 3)})
	return network{p, s.Forward}
}

func mlp() network {
	p := nn.NewParams(2)
	s := nn.Sequential{nn.Flatten, nn.NewLinear(p.Sub("a"), 144, 64), nn.Act("relu"), nn.NewLinear(p.Sub("b"), 64, 32), nn.Act("relu"), nn.NewLinear(p.Sub("head"), 32, 3)}
	return network{p, s.Forward}
}

// residualNet has a block with a plain shortcut and one with a convolution.
func residualNet() network {
	p := nn.NewParams(2)
	s := nn.Sequential{nn.NewConv2D(p.Sub("a"), 1, 8, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("a/norm"), 8), nn.Act("relu"),
		models.BasicBlock(p.Sub("b"), 8, 8, 1), models.BasicBlock(p.Sub("c"), 8, 16, 2), nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), 16, 3)}
	return network{p, s.Forward}
}

// train runs steps with outputs changed by apply, which may be nil.
func (n network) train(t testing.TB, steps int, apply func(...*graph.Node) []*graph.Node) {
	t.Helper()
	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	label := g.Input("label", tensor.Int64, graph.Dims("N")...)
	lr := g.Input("lr", tensor.Float32, graph.Dims(1)...)
	y := n.forward(x)
	if apply != nil {
		y = apply(y)[0]
	}
	loss := nn.CrossEntropy(y, label, 0)
	optim.Apply(loss, n.params, optim.AdamW{WeightDecay: 0.05}, lr, optim.Options{})
	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x, label, lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	schedule := optim.OneCycle{Max: 0.01, Steps: steps}
	for i := range steps {
		images, labels := bars(uint64(1000+i), 64)
		if _, err := exec.Run(images, labels, tensor.Of([]float32{schedule.At(i)}, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

// trace gives the inference graph.
func (n network) trace() (x, y *graph.Node) {
	x = graph.New(graph.Inference).Input("x", tensor.Float32, graph.Dims("N", 12, 12, 1)...)
	return x, n.forward(x)
}

func eval(t testing.TB, x, y *graph.Node, images *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	out, err := graph.Eval(dev, y, map[*graph.Node]*tensor.Tensor{x: images})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// right says which rows of logits are largest at their label.
func right(logits, labels *tensor.Tensor) []bool {
	k := logits.Shape()[1]
	var list []bool
	for i, label := range labels.Int64s() {
		row := logits.Float32s()[i*k : (i+1)*k]
		list = append(list, row[label] == slices.Max(row))
	}
	return list
}

func share(list []bool) float64 {
	n := 0.0
	for _, v := range list {
		if v {
			n++
		}
	}
	return n / float64(len(list))
}

func accuracy(logits, labels *tensor.Tensor) float64 { return share(right(logits, labels)) }

func apart(a, b *tensor.Tensor) (worst, scale float64) {
	for i, v := range a.Float32s() {
		worst = max(worst, math.Abs(float64(v-b.Float32s()[i])))
		scale = max(scale, math.Abs(float64(v)))
	}
	return worst, scale
}

func integer(t testing.TB, ranges quant.Ranges, y *graph.Node) *graph.Node {
	t.Helper()
	out, err := quant.Integer(ranges, quant.Options{}, y)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func batches(n int) [][]*tensor.Tensor {
	var list [][]*tensor.Tensor
	for i := range n {
		images, _ := bars(uint64(50+i), 64)
		list = append(list, []*tensor.Tensor{images})
	}
	return list
}

// TestAfterTraining: each way of choosing ranges keeps the float model's
// accuracy, and the layers run in integers.
func TestAfterTraining(t *testing.T) {
	images, labels := bars(1, 1000)
	for name, n := range map[string]network{"conv": convNet(), "mlp": mlp(), "residual": residualNet()} {
		n.train(t, 150, nil)
		x, y := n.trace()
		float := eval(t, x, y, images)
		t.Logf("%s: float %.3f", name, accuracy(float, labels))
		if accuracy(float, labels) < 0.9 {
			t.Errorf("%s: the float model reaches %.3f only", name, accuracy(float, labels))
		}
		for _, method := range []quant.Method{quant.MinMax, quant.Percentile, quant.MSE, quant.Entropy} {
			ranges, err := quant.Calibrate(dev, []*graph.Node{x}, []*graph.Node{y}, slices.Values(batches(4)), quant.Calibration{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			z := integer(t, ranges, y)
			got := eval(t, x, z, images)
			worst, scale := apart(float, got)
			t.Logf("%s, method %d: int8 %.3f, largest deviation %.4f of logits up to %.1f", name, method, accuracy(got, labels), worst, scale)
			if d := accuracy(float, labels) - accuracy(got, labels); d > 0.015 {
				t.Errorf("%s, method %d: the accuracy falls by %.3f", name, method, d)
			}
			limit := 0.15
			if name == "residual" { // what is clipped adds up along the shortcuts
				limit = 0.25
			}
			if worst > limit*scale {
				t.Errorf("%s, method %d: the logits differ by %v of %v", name, method, worst, scale)
			}
			if worst == 0 {
				t.Errorf("%s: nothing was quantised", name)
			}
		}
	}
}

// TestTraining: training with rounding is close to float training, the observed
// ranges serve the integer model, and that computes what training saw.
func TestTraining(t *testing.T) {
	images, labels := bars(1, 1000)
	for name, make := range map[string]func() network{"conv": convNet, "mlp": mlp} {
		float := make()
		float.train(t, 150, nil)
		fx, fy := float.trace()
		want := accuracy(eval(t, fx, fy, images), labels)

		n := make()
		q := quant.NewTraining(n.params.Sub("quant"), quant.TrainingOptions{})
		n.train(t, 150, q.Apply)
		x, y := n.trace()
		fake, ints := eval(t, x, q.Apply(y)[0], images), eval(t, x, integer(t, q.Ranges(), y), images)
		t.Logf("%s: float %.3f, trained with rounding %.3f, in integers %.3f", name, want, accuracy(fake, labels), accuracy(ints, labels))
		if accuracy(ints, labels) < want-0.015 {
			t.Errorf("%s: accuracy %.3f in integers, %.3f in float", name, accuracy(ints, labels), want)
		}
		var mean float64
		for i, v := range fake.Float32s() {
			mean += math.Abs(float64(v-ints.Float32s()[i])) / float64(fake.Len())
		}
		if _, scale := apart(fake, ints); mean > 2e-3*scale {
			t.Errorf("%s: integers differ from the rounding in training by %v on average, of %v", name, mean, scale)
		}
		for _, v := range n.params.Variables() {
			if v.Name() == "quant/head/weight/hi" && v.Value().Float32s()[0] == 0 {
				t.Errorf("%s: no range was observed", name)
			}
		}
	}
}

// TestLearnedBounds: bounds that start far too wide move in.
func TestLearnedBounds(t *testing.T) {
	n := mlp()
	start := quant.Ranges{"a/weight": {Lo: -3, Hi: 4}, "b/weight": {Lo: 0, Hi: 1}, "head/weight": {Lo: 0, Hi: 8}}
	q := quant.NewTraining(n.params.Sub("quant"), quant.TrainingOptions{Learned: true, Start: start})
	n.train(t, 300, q.Apply)
	images, labels := bars(1, 1000)
	x, y := n.trace()
	if got := accuracy(eval(t, x, integer(t, q.Ranges(), y), images), labels); got < 0.9 {
		t.Errorf("the accuracy is %.3f", got)
	}
	if r := q.Ranges()["b/weight"]; r.Hi <= 1 {
		t.Errorf("the bound that clips too much went from 1 to %v", r.Hi)
	}
	g := graph.New(graph.Train)
	bare := quant.NewTraining(nn.NewParams(1), quant.TrainingOptions{Learned: true})
	if err := graph.Trace(func() {
		bare.Apply(mlp().forward(g.Input("x", tensor.Float32, graph.Dims("N", 12, 12, 1)...)))
	}); err == nil {
		t.Error("learned bounds without a start are no error")
	}
}

// TestIntegerErrors also checks that a layer without a range stays float.
func TestIntegerErrors(t *testing.T) {
	n := mlp()
	_, y := n.trace()
	r := quant.Range{Lo: -1, Hi: 1}
	if _, err := quant.Integer(quant.Ranges{"c/weight": r}, quant.Options{}, y); err == nil {
		t.Error("a range of no layer is no error")
	}
	g := graph.New(graph.Train)
	if _, err := quant.Integer(quant.Ranges{}, quant.Options{}, n.forward(g.Input("x", tensor.Float32, graph.Dims("N", 12, 12, 1)...))); err == nil {
		t.Error("a training graph is no error")
	}
	h := graph.New(graph.Inference)
	w := n.params.Get("head/weight")
	computed := graph.Linear(h.Input("x", tensor.Float32, graph.Dims("N", 32)...), graph.MulScalar(h.Var(w), 2), nil)
	if _, err := quant.Integer(quant.Ranges{"head/weight": r}, quant.Options{}, computed); err == nil {
		t.Error("computed weights are no error")
	}
	z := integer(t, quant.Ranges{"head/weight": r}, y)
	if z.Op().Name != "LinearInt8" {
		t.Errorf("the head is %v", z)
	}
	count := map[string]int{}
	for _, m := range reachable(z) {
		count[m.Op().Name]++
	}
	if count["Linear"] != 2 || count["LinearInt8"] != 1 {
		t.Errorf("the operators are %v", count)
	}
}

func reachable(n *graph.Node) []*graph.Node {
	seen, list := map[*graph.Node]bool{}, []*graph.Node(nil)
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if !seen[n] {
			seen[n] = true
			list = append(list, n)
			for _, in := range n.Inputs() {
				visit(in)
			}
		}
	}
	visit(n)
	return list
}

// TestIntegerFusesLayers: the conv net's layers take in normalisation, ReLU and,
// where one follows directly, the next layer's rounding.
func TestIntegerFusesLayers(t *testing.T) {
	n := convNet()
	x, y := n.trace()
	ranges, err := quant.Calibrate(dev, []*graph.Node{x}, []*graph.Node{y}, slices.Values(batches(1)), quant.Calibration{})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, m := range reachable(integer(t, ranges, y)) {
		count[fmt.Sprint(m.Op().Name, " ", m.DType())]++
	}
	for op, want := range map[string]int{"Conv2DInt8 uint8": 1, "Conv2DInt8 float32": 2, "LinearInt8 float32": 1, "QuantizeLinear uint8": 3, "BatchNorm float32": 0, "Relu float32": 0} {
		if count[op] != want {
			t.Errorf("there are %d %s, want %d; all: %v", count[op], op, want, count)
		}
	}
}

// TestIntegerFusesShortcuts: residual blocks pass bytes to each other. The value
// that both convolutions of a block with a convolution in its shortcut read is
// rounded once, and float32 is left for that shortcut and before pooling.
func TestIntegerFusesShortcuts(t *testing.T) {
	n := residualNet()
	x, y := n.trace()
	ranges, err := quant.Calibrate(dev, []*graph.Node{x}, []*graph.Node{y}, slices.Values(batches(1)), quant.Calibration{})
	if err != nil {
		t.Fatal(err)
	}
	count := func(y *graph.Node) map[string]int {
		c := map[string]int{}
		for _, m := range reachable(y) {
			c[fmt.Sprint(m.Op().Name, " ", m.DType())]++
		}
		return c
	}
	got := count(integer(t, ranges, y))
	for op, want := range map[string]int{"Conv2DInt8 uint8": 4, "Conv2DInt8 float32": 2, "QuantizeLinear uint8": 2, "Add float32": 0, "Relu float32": 0, "DequantizeLinear float32": 0} {
		if got[op] != want {
			t.Errorf("there are %d %s, want %d; all: %v", got[op], op, want, got)
		}
	}
	// A grid of its own for one of the readers keeps the value in float32.
	r := ranges["c/conv1/weight"]
	ranges["c/conv1/weight"] = quant.Range{Lo: r.Lo, Hi: 2 * r.Hi}
	got = count(integer(t, ranges, y))
	for op, want := range map[string]int{"Conv2DInt8 uint8": 3, "Conv2DInt8 float32": 3, "QuantizeLinear uint8": 4, "Add float32": 0} {
		if got[op] != want {
			t.Errorf("with two grids there are %d %s, want %d; all: %v", got[op], op, want, got)
		}
	}
	// A layer without a range is no host, and the other one takes its place.
	delete(ranges, "b/conv2/weight")
	got = count(integer(t, ranges, y))
	if got["Conv2D float32"] != 1 || got["Add float32"] != 1 {
		t.Errorf("without a range of the layer that adds: %v", got)
	}
}

// export writes the graph from x to y as a model.
func export(t testing.TB, x, y *graph.Node) []byte {
	t.Helper()
	b := onnx.NewBuilder("net")
	in := b.Input("x", tensor.Float32, "N", 12, 12, 1)
	out, err := b.Graph([]*graph.Node{y}, map[*graph.Node]string{x: in})
	if err != nil {
		t.Fatal(err)
	}
	b.Output("y", out[0], tensor.Float32, "N", 3)
	return b.Model().Marshal()
}

// TestExport: onnxruntime agrees with the integer execution within one step of
// the last layer's operand (or a fiftieth of the logits), and the file is a quarter.
func TestExport(t *testing.T) {
	images, labels := bars(1, 200)
	wide := nn.NewParams(4)
	s := nn.Sequential{nn.Flatten, nn.NewLinear(wide.Sub("a"), 144, 512), nn.Act("relu"), nn.NewLinear(wide.Sub("b"), 512, 256), nn.Act("relu"), nn.NewLinear(wide.Sub("head"), 256, 3)}
	for name, n := range map[string]network{"conv": convNet(), "mlp": mlp(), "residual": residualNet(), "wide": {wide, s.Forward}} {
		t.Run(name, func(t *testing.T) {
			n.train(t, 20, nil)
			x, y := n.trace()
			ranges, err := quant.Calibrate(dev, []*graph.Node{x}, []*graph.Node{y}, slices.Values(batches(2)), quant.Calibration{})
			if err != nil {
				t.Fatal(err)
			}
			reduced, err := quant.Integer(ranges, quant.Options{ReduceRange: true}, y) // as this processor may need
			if err != nil {
				t.Fatal(err)
			}
			z := reduced[0]
			float, ints := export(t, x, y), export(t, x, z)
			if !bytes.Contains(ints, []byte("DequantizeLinear")) {
				t.Error("the model has no DequantizeLinear")
			}
			ratio := float64(len(float)) / float64(len(ints))
			t.Logf("%d bytes, from %d: %.2f times smaller", len(ints), len(float), ratio)
			if name == "wide" && ratio < 3.8 {
				t.Errorf("the file is %.2f times smaller only", ratio)
			}
			got := eval(t, x, z, images)
			ref, err := onnxruntime.Run(t, ints, map[string]*tensor.Tensor{"x": images})
			if err != nil {
				t.Fatal(err)
			}
			worst, scale := apart(got, ref["y"])
			step := math.Min(headStep(ranges["head/weight"], n.params.Get("head/weight").Value()), 0.02*scale)
			t.Logf("onnxruntime differs by %.5f of logits up to %.2f; one step of the head's operand is worth %.5f; accuracy %.3f and %.3f",
				worst, scale, step, accuracy(got, labels), accuracy(ref["y"], labels))
			if worst > step {
				t.Errorf("onnxruntime differs by %v, one step is %v", worst, step)
			}
		})
	}
}

// headStep is how far one output can move when every element of the operand
// moves by one step of its grid.
func headStep(r quant.Range, w *tensor.Tensor) (step float64) {
	k := w.Shape()[1]
	for j := range k {
		sum := 0.0
		for i := j; i < w.Len(); i += k {
			sum += math.Abs(float64(w.Float32s()[i]))
		}
		step = max(step, sum*float64(r.Affine().Scale))
	}
	return step
}
