package quant_test

import (
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/nn/models"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// cifar reads a part of 2000 images of CIFAR-10 as [N,32,32,3] in -1..1, classes
// in turn.
func cifar(t *testing.T, part string) (images, labels *tensor.Tensor) {
	t.Helper()
	root := os.Getenv("MACAW_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	root = filepath.Join(root, "cifar10-2000", part)
	classes, err := os.ReadDir(root)
	if err != nil {
		t.Skipf("set MACAW_TESTDATA to the folder of test data: %v", err)
	}
	var pixels []float32
	var truth []int64
	for i := 0; ; i++ {
		n := len(truth)
		for k, class := range classes {
			files, err := filepath.Glob(filepath.Join(root, class.Name(), "*.jpg"))
			if err != nil {
				t.Fatal(err)
			}
			if i >= len(files) {
				continue
			}
			f, err := os.Open(files[i])
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			for at := range 32 * 32 {
				r, g, b, _ := img.At(at%32, at/32).RGBA()
				for _, v := range []uint32{r, g, b} {
					pixels = append(pixels, float32(v)/32767.5-1)
				}
			}
			truth = append(truth, int64(k))
		}
		if len(truth) == n {
			return tensor.Of(pixels, n, 32, 32, 3), tensor.Of(truth, n)
		}
	}
}

// TestResNetOnPhotos trains a narrow residual network on photos and compares the
// accuracy before and after quantisation on photos that it has not seen and on
// all 2000. Half a point is the most to lose; the test fails where the loss is
// larger by more than chance, two standard errors of the photos that changed.
func TestResNetOnPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a network")
	}
	images, labels := cifar(t, "train")
	unseen, truth := cifar(t, "test")
	dev := cpu.New(cpu.Options{})
	params := nn.NewParams(3)
	net := models.ResNet(params, 16, 32, 64)
	const batch, epochs = 50, 8
	batches := images.Len() / (32 * 32 * 3) / batch
	part := func(i int) (*tensor.Tensor, *tensor.Tensor) {
		const n = batch * 32 * 32 * 3
		return tensor.Of(images.Float32s()[i*n:(i+1)*n], batch, 32, 32, 3), tensor.Of(labels.Int64s()[i*batch:(i+1)*batch], batch)
	}

	g := graph.New(graph.Train)
	x := g.Input("x", tensor.Float32, graph.Ints(batch, 32, 32, 3)...)
	label, lr := g.Input("label", tensor.Int64, graph.Ints(batch)...), g.Input("lr", tensor.Float32, graph.Ints(1)...)
	loss := nn.CrossEntropy(net.Forward(x), label, 0)
	optim.Apply(loss, params, optim.AdamW{WeightDecay: 0.05}, lr, optim.Options{})
	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x, label, lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	schedule := optim.OneCycle{Max: 0.005, Steps: epochs * batches}
	for i := range epochs * batches {
		a, b := part(i % batches)
		if _, err := exec.Run(a, b, tensor.Of([]float32{schedule.At(i)}, 1)); err != nil {
			t.Fatal(err)
		}
	}

	in := graph.New(graph.Inference).Input("x", tensor.Float32, graph.Dims("N", 32, 32, 3)...)
	y := net.Forward(in)
	all := func(y *graph.Node) []bool { // the unseen photos first
		return append(right(eval(t, in, y, unseen), truth), right(eval(t, in, y, images), labels)...)
	}
	float, n := all(y), truth.Len()
	t.Logf("float32: %.3f of the unseen photos, %.4f of all", share(float[:n]), share(float))
	if share(float[:n]) < 0.3 {
		t.Errorf("the network has learnt too little")
	}
	var calibration [][]*tensor.Tensor
	for i := range 4 {
		a, _ := part(i)
		calibration = append(calibration, []*tensor.Tensor{a})
	}
	for name, method := range map[string]quant.Method{"MinMax": quant.MinMax, "MSE": quant.MSE} {
		ranges, err := quant.Calibrate(dev, []*graph.Node{in}, []*graph.Node{y}, slices.Values(calibration), quant.Calibration{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		ints, lost, won := all(integer(t, ranges, y)), 0.0, 0.0
		for i, ok := range ints {
			switch {
			case float[i] && !ok:
				lost++
			case ok && !float[i]:
				won++
			}
		}
		points := 100 / float64(len(ints))
		t.Logf("int8, %s: %.3f of the unseen photos, %.4f of all; of these %.0f were lost and %.0f won", name, share(ints[:n]), share(ints), lost, won)
		if loss := (lost - won - 2*math.Sqrt(lost+won)) * points; loss > 0.5 {
			t.Errorf("%s loses at least %.2f points", name, loss)
		}
	}
}
