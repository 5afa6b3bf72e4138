package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// disc is points of the plane; the label says whether one lies in a disc.
type disc [][3]float32

func newDisc(n int) disc {
	r := rand.New(rand.NewPCG(1, 1))
	out := make(disc, n)
	for i := range out {
		x, y := r.Float32()*2-1, r.Float32()*2-1
		out[i] = [3]float32{x, y, 0}
		if x*x+y*y < 0.6 {
			out[i][2] = 1
		}
	}
	return out
}

func (s disc) Len() int { return len(s) }

func (s disc) Fill(batch []*tensor.Tensor, index []int, _ *rand.Rand) {
	for row, i := range index {
		copy(batch[0].Float32s()[2*row:], s[i][:2])
		if len(batch) > 1 {
			batch[1].Int64s()[row] = int64(s[i][2])
		}
	}
}

// mlp is a training of a small network on a disc, with its evaluation program.
func mlp(t *testing.T, seed uint64) (Config, *graph.Executable) {
	t.Helper()
	dev := cpu.New(cpu.Options{Threads: 2})
	p := nn.NewParams(seed)
	a, b, norm := nn.NewLinear(p.Sub("a"), 2, 32), nn.NewLinear(p.Sub("b"), 32, 2), nn.NewBatchNorm(p.Sub("norm"), 32)
	logits := func(x *graph.Node) *graph.Node {
		return b.Forward(graph.Dropout(graph.Relu(norm.Forward(a.Forward(x))), 0.05))
	}
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{logits(x)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Close)
	return Config{
		Device: dev, Params: p, Source: newDisc(500), Batch: 32, Epochs: 60, LR: 0.02, EMA: 0.98, ClipNorm: 1, Seed: seed,
		Inputs: []Input{{Name: "x", DType: tensor.Float32, Dims: []int{2}}, {Name: "label", DType: tensor.Int64}},
		Loss: func(_ *graph.Graph, in []*graph.Node) *graph.Node {
			return graph.CrossEntropy(logits(in[0]), in[1], 0)
		},
	}, exec
}

// accuracy predicts s with exec, in batches that do not divide it.
func accuracy(ctx context.Context, c Config, exec *graph.Executable, s disc) (float64, error) {
	out, err := Predict(ctx, exec, s, c.Inputs[:1], 192)
	right := 0
	for i := range len(out) / 2 {
		if (out[2*i+1] > out[2*i]) == (s[i][2] == 1) {
			right++
		}
	}
	return float64(right) / float64(len(s)), err
}

func TestLoopLearns(t *testing.T) {
	c, exec := mlp(t, 3)
	held := newDisc(800)[500:]
	c.Evaluate = func(ctx context.Context) (map[string]float64, error) {
		a, err := accuracy(ctx, c, exec, held)
		return map[string]float64{"val_accuracy": a}, err
	}
	var first, last Progress
	c.Report = func(p Progress) {
		if first.Values == nil {
			first = p
		}
		last = p
	}
	res, err := Loop(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if res.Values["val_accuracy"] < 0.94 {
		t.Errorf("accuracy %v, want 0.94", res.Values["val_accuracy"])
	}
	if res.Steps != 60*15 || res.Restarts != 0 || res.Loss > 0.3 {
		t.Errorf("result %+v", res)
	}
	if last.Share != 1 || first.Values["loss"] < 2*last.Values["loss"] {
		t.Errorf("progress from %+v to %+v", first, last)
	}
	if again, err := accuracy(t.Context(), c, exec, held); err != nil || again != res.Values["val_accuracy"] {
		t.Errorf("the parameters left behind have accuracy %v, the last evaluation said %v (%v)", again, res.Values["val_accuracy"], err)
	}
}

func TestLoopGivesTheSameBits(t *testing.T) {
	weights := func(seed uint64) map[string]*tensor.Tensor {
		c, _ := mlp(t, seed)
		c.Epochs = 3
		if _, err := Loop(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return c.Params.Tensors()
	}
	a, b, other := weights(5), weights(5), weights(6)
	for name := range a {
		if !tensor.Equal(a[name], b[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
	if tensor.Equal(a["a/weight"], other["a/weight"]) {
		t.Error("another seed gave the same weights")
	}
}

func TestLoopRestartsOnceWhenTheLossIsNotFinite(t *testing.T) {
	c, _ := mlp(t, 3)
	c.Epochs, c.LR = 2, 1e-3
	finite := c.Loss
	traced := 0
	c.Loss = func(g *graph.Graph, in []*graph.Node) *graph.Node {
		if traced++; traced == 1 {
			return graph.MulScalar(finite(g, in), float32(math.Inf(1)))
		}
		return finite(g, in)
	}
	res, err := Loop(t.Context(), c)
	if err != nil || res.Restarts != 1 {
		t.Fatalf("got %+v, %v, want one restart", res, err)
	}
	if w := c.Params.Get("a/weight").Value().Float32s()[0]; w != w {
		t.Error("the weights are still not finite")
	}
	c.Loss = func(g *graph.Graph, in []*graph.Node) *graph.Node {
		return graph.MulScalar(finite(g, in), float32(math.NaN()))
	}
	if _, err := Loop(t.Context(), c); !errors.Is(err, ErrDiverged) {
		t.Errorf("got %v, want ErrDiverged", err)
	}
}

func TestAveragesForgetTheStart(t *testing.T) {
	c, exec := mlp(t, 3)
	c.Epochs, c.EMA = 20, 0.999
	if _, err := Loop(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	a, err := accuracy(t.Context(), c, exec, newDisc(500))
	if err != nil || a < 0.8 {
		t.Errorf("accuracy %v after a short training with a slow average (%v)", a, err)
	}
}

func TestShapeMistakesComeBackAsErrors(t *testing.T) {
	c, _ := mlp(t, 3)
	c.Inputs[0].Dims = []int{3}
	var shape *graph.ShapeError
	if _, err := Loop(t.Context(), c); !errors.As(err, &shape) {
		t.Errorf("got %v, want a shape error", err)
	}
}
