package checkpoint_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// run is a training with everything that has a memory: moments, averages,
// dropout, an order of samples and a plateau.
type run struct {
	params   *nn.Params
	exec     *graph.Executable
	order    *rand.PCG
	plateau  *optim.Plateau
	training checkpoint.Training
}

func newRun(t testing.TB, width int) *run {
	t.Helper()
	p := nn.NewParams(7)
	hidden, norm, head := nn.NewLinear(p.Sub("hidden"), 4, width), nn.NewBatchNorm(p.Sub("norm"), width), nn.NewLinear(p.Sub("head"), width, 1)
	g := graph.New(graph.Train)
	g.Seed(3)
	x, y := g.Input("x", tensor.Float32, graph.Ints(8, 4)...), g.Input("y", tensor.Float32, graph.Ints(8, 1)...)
	lr := g.Input("lr", tensor.Float32, graph.Const(1))
	loss := nn.MSE(head.Forward(graph.Dropout(graph.Relu(norm.Forward(hidden.Forward(x))), 0.2)), y)
	state := optim.Apply(loss, p, optim.AdamW{WeightDecay: 0.01}, lr, optim.Options{EMA: 0.9, ClipNorm: 1})
	exec, err := graph.Compile(cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: []*graph.Node{x, y, lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Close)
	r := &run{params: p, exec: exec, order: rand.NewPCG(1, 2), plateau: &optim.Plateau{Max: 0.05, Patience: 1}}
	r.training = checkpoint.Training{
		Variables: map[string][]*graph.Variable{"model": p.Variables(), "optimizer": state.Variables(), "random": {g.StepCounter()}},
		State:     map[string]checkpoint.State{"order": r.order, "plateau": r.plateau},
	}
	return r
}

// step trains on samples drawn from the order and returns the loss.
func (r *run) step(t testing.TB) float32 {
	t.Helper()
	draw := rand.New(r.order)
	x, y := tensor.New(tensor.Float32, 8, 4), tensor.New(tensor.Float32, 8, 1)
	for i := range y.Float32s() {
		for j := range 4 {
			v := float32(draw.NormFloat64())
			x.Float32s()[4*i+j] = v
			y.Float32s()[i] += v * float32(j)
		}
	}
	outs, err := r.exec.Run(x, y, tensor.Of([]float32{r.plateau.At(0)}, 1))
	if err != nil {
		t.Fatal(err)
	}
	r.plateau.Observe(float64(outs[0].Float32s()[0]))
	return outs[0].Float32s()[0]
}

func (r *run) snapshot(t testing.TB, step int) *checkpoint.Checkpoint {
	t.Helper()
	c, err := r.training.Snapshot(step)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// resume goes on from the latest checkpoint in dir and returns its step.
func (r *run) resume(t testing.TB, dir string) int {
	t.Helper()
	c, skipped, err := checkpoint.Latest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err = errors.Join(err, skipped); err == nil {
		err = r.training.Restore(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Step
}

// same fails when two checkpoints differ in a bit.
func same(t *testing.T, got, want *checkpoint.Checkpoint) {
	t.Helper()
	if got.Step != want.Step || len(got.Tensors) != len(want.Tensors) || len(got.State) != len(want.State) {
		t.Errorf("step %d with %d tensors, want step %d with %d", got.Step, len(got.Tensors), want.Step, len(want.Tensors))
	}
	for name, w := range want.Tensors {
		if g := got.Tensors[name]; g == nil || !tensor.Equal(g, w) {
			t.Errorf("%s differs", name)
		}
	}
	for name, w := range want.State {
		if string(got.State[name]) != string(w) {
			t.Errorf("state %s is %q, want %q", name, got.State[name], w)
		}
	}
}

// TestResume: 7 + 5 steps with a file between them are 12 steps.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	whole, first, second := newRun(t, 16), newRun(t, 16), newRun(t, 16)
	for range 12 {
		whole.step(t)
	}
	s, err := checkpoint.Open(dir, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		first.step(t)
		if err := s.Save(first.snapshot(t, i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if at := second.resume(t, dir); at != 7 {
		t.Fatalf("resumed at step %d", at)
	}
	for range 5 {
		second.step(t)
	}
	same(t, second.snapshot(t, 12), whole.snapshot(t, 12))
}

// TestRestoreRefuses: whatever does not fit is named, and nothing changes.
func TestRestoreRefuses(t *testing.T) {
	r := newRun(t, 16)
	r.step(t)
	for name, c := range map[string]struct {
		harm func(c *checkpoint.Checkpoint)
		want string
	}{
		"missing":    {func(c *checkpoint.Checkpoint) { delete(c.Tensors, "model/head/bias") }, "missing variable: model/head/bias"},
		"unexpected": {func(c *checkpoint.Checkpoint) { c.Tensors["model/more"] = tensor.Scalar[float32](1) }, "unexpected variable: model/more"},
		"shape":      {func(c *checkpoint.Checkpoint) { c.Tensors["random/step"] = tensor.Of([]int64{1, 2}, 2) }, `"random/step" is int64[1] in the run`},
		"no state":   {func(c *checkpoint.Checkpoint) { delete(c.State, "order") }, "missing state: order"},
		"bad state":  {func(c *checkpoint.Checkpoint) { c.State["plateau"] = []byte("x") }, `state "plateau"`},
	} {
		t.Run(name, func(t *testing.T) {
			before := r.snapshot(t, 1)
			other := newRun(t, 16).snapshot(t, 1)
			c.harm(other)
			wantError(t, r.training.Restore(other), c.want)
			same(t, r.snapshot(t, 1), before)
		})
	}
	double := checkpoint.Training{Variables: map[string][]*graph.Variable{"state": r.params.Variables()}}
	_, err := double.Snapshot(0)
	wantError(t, err, `"state" is no name`)
}
