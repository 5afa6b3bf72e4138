package quant_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/onnx/onnxruntime"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func decode(t testing.TB, raw []byte) *onnx.Model {
	t.Helper()
	m, err := onnx.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkModel quantises m and compares the result in onnxruntime with the float
// model there; it may deviate as much as the report says, and a step more.
func checkModel(t *testing.T, m *onnx.Model, samples []map[string]*tensor.Tensor, layers int) (*onnx.Model, quant.Report) {
	t.Helper()
	before := m.Marshal()
	q, r, err := quant.Model(m, dev, samples, quant.ModelOptions{Options: quant.Options{ReduceRange: true}})
	if err != nil {
		t.Fatal(err)
	}
	if string(m.Marshal()) != string(before) {
		t.Error("the float model was changed")
	}
	if r.Layers != layers {
		t.Errorf("%d layers were quantised, want %d", r.Layers, layers)
	}
	after := q.Marshal()
	if r.After != len(after) || r.Before != len(before) {
		t.Errorf("the report says %d and %d bytes of %d and %d", r.Before, r.After, len(before), len(after))
	}
	t.Logf("%d layers, %d bytes from %d (%.2f times smaller), deviation %v of outputs up to %v", r.Layers, r.After, r.Before, float64(r.Before)/float64(r.After), r.Deviation, r.Largest)
	for _, s := range samples {
		float, err := onnxruntime.Run(t, before, s)
		if err != nil {
			t.Fatal(err)
		}
		ints, err := onnxruntime.Run(t, after, s)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range float {
			worst := 0.0
			for i, v := range want.Float32s() {
				worst = max(worst, math.Abs(float64(v-ints[name].Float32s()[i])))
			}
			if limit := r.Deviation[name] + 0.02*r.Largest[name]; worst > limit || worst == 0 {
				t.Errorf("output %s deviates by %v in onnxruntime, allowed %v", name, worst, limit)
			}
		}
	}
	return q, r
}

func TestModelOfOurOwn(t *testing.T) {
	for name, n := range map[string]network{"conv": convNet(), "mlp": mlp()} {
		t.Run(name, func(t *testing.T) {
			n.train(t, 100, nil)
			x, y := n.trace()
			var samples []map[string]*tensor.Tensor
			for i := range 3 {
				images, _ := bars(uint64(70+i), 100)
				samples = append(samples, map[string]*tensor.Tensor{"x": images})
			}
			layers := map[string]int{"conv": 4, "mlp": 3}[name]
			q, r := checkModel(t, decode(t, export(t, x, y)), samples, layers)
			if r.Deviation["y"] > 0.15*r.Largest["y"] {
				t.Errorf("the logits deviate by %v of %v", r.Deviation, r.Largest)
			}
			images, labels := bars(1, 1000)
			outs, err := onnxruntime.Run(t, q.Marshal(), map[string]*tensor.Tensor{"x": images})
			if err != nil {
				t.Fatal(err)
			}
			if float, ints := accuracy(eval(t, x, y, images), labels), accuracy(outs["y"], labels); ints < float-0.015 {
				t.Errorf("the accuracy falls from %.3f to %.3f", float, ints)
			}
		})
	}
}

// TestMNIST quantises a model of operator set 8 whose biases are added and whose
// last weight is reshaped.
func TestMNIST(t *testing.T) {
	root := os.Getenv("MACAW_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	raw, err := os.ReadFile(filepath.Join(root, "onnx-models/mnist/mnist.onnx"))
	if err != nil {
		t.Skipf("set MACAW_TESTDATA to the folder of test data: %v", err)
	}
	m := decode(t, raw)
	r := rand.New(rand.NewPCG(1, 2))
	var samples []map[string]*tensor.Tensor
	for range 8 { // strokes: a walk of a thick pen
		x := tensor.New(tensor.Float32, 1, 1, 28, 28)
		at := [2]int{6 + r.IntN(16), 6 + r.IntN(16)}
		for range 60 {
			for i := range 2 {
				at[i] = min(max(at[i]+r.IntN(3)-1, 3), 23)
			}
			for _, d := range []int{0, 1, 28, 29} {
				x.Float32s()[at[0]*28+at[1]+d] = 255
			}
		}
		samples = append(samples, map[string]*tensor.Tensor{m.Graph.Inputs[0].Name: x})
	}
	checkModel(t, m, samples, 3)
}

func TestModelErrors(t *testing.T) {
	n := mlp()
	x, y := n.trace()
	m := decode(t, export(t, x, y))
	images, _ := bars(1, 2)
	sample := []map[string]*tensor.Tensor{{"x": images}}
	if _, _, err := quant.Model(m, dev, nil, quant.ModelOptions{}); err == nil {
		t.Error("no samples are no error")
	}
	if _, _, err := quant.Model(m, dev, sample, quant.ModelOptions{Skip: func(*onnx.Node) bool { return true }}); err == nil {
		t.Error("a model without a layer to quantise is no error")
	}
	images.Float32s()[0] = float32(math.NaN())
	if _, _, err := quant.Model(m, dev, sample, quant.ModelOptions{}); err == nil {
		t.Error("a value that is not finite is no error")
	}
	old := onnx.NewBuilder("old")
	in := old.Input("x", tensor.Float32, "N", 2)
	old.Output("y", old.Op("Softmax", nil, old.Op("MatMul", nil, in, old.Const(tensor.New(tensor.Float32, 2, 2)))), tensor.Float32)
	before := old.Model()
	before.Opsets[0].Version = 11
	if _, _, err := quant.Model(before, dev, []map[string]*tensor.Tensor{{"x": tensor.New(tensor.Float32, 1, 2)}}, quant.ModelOptions{}); err == nil {
		t.Error("an operator that changed its meaning since is no error")
	}
}
