package train

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// graphStepper is a training step compiled into one program.
type graphStepper struct {
	c     *Config
	exec  *graph.Executable
	ins   []*tensor.Tensor // the batch, then the learning rate
	rate  []float32
	outs  []*tensor.Tensor
	loss  []float32
	state *optim.State
	ema   *optim.EMA      // nil without averages
	draws *graph.Variable // counts steps for dropout; nil when the run is not saved
	start map[string]*tensor.Tensor
	steps int
	kept  map[string]*tensor.Tensor // what save kept
}

// newStepper traces and compiles the step for c; start is what Params hold.
func newStepper(c *Config, start map[string]*tensor.Tensor) (stepper, error) {
	s := &graphStepper{c: c, rate: make([]float32, 1), loss: make([]float32, 1), start: start}
	var program graph.Program
	err := graph.Trace(func() { program = s.trace() })
	if err != nil {
		return nil, fmt.Errorf("trace the training step: %w", err)
	}
	if s.exec, err = graph.Compile(c.Device, program); err != nil {
		return nil, fmt.Errorf("compile the training step: %w", err)
	}
	s.ins = make([]*tensor.Tensor, len(c.Inputs)+1)
	s.ins[len(c.Inputs)] = tensor.Of(s.rate, 1)
	s.outs = []*tensor.Tensor{tensor.Of(s.loss)}
	return s, nil
}

func (s *graphStepper) trace() graph.Program {
	c := s.c
	g := graph.New(graph.Train)
	g.Seed(c.Seed)
	var inputs []*graph.Node
	for _, in := range c.Inputs {
		inputs = append(inputs, g.Input(in.Name, in.DType, graph.Ints(append([]int{c.Batch}, in.Dims...)...)...))
	}
	loss := c.Loss(g, inputs)
	if loss.Rank() > 0 {
		loss = graph.Mean(loss)
	}
	rate := g.Input("learning rate", tensor.Float32, graph.Ints(1)...)
	state := optim.Apply(loss, c.Params, c.Optimizer, rate, optim.Options{ClipNorm: float32(c.ClipNorm), EMA: float32(c.EMA)})
	s.state, s.ema = state, state.EMA()
	if c.Checkpoints != "" {
		s.draws = g.StepCounter()
	}
	return graph.Program{Inputs: append(inputs, rate), Outputs: []*graph.Node{loss},
		Memory: c.Memory, Precision: c.Precision, CheckNumbers: c.CheckNumbers}
}

func (s *graphStepper) step(batch []*tensor.Tensor, lr float32) (float64, error) {
	copy(s.ins, batch)
	s.rate[0] = lr
	if err := s.exec.RunInto(s.outs, s.ins); err != nil {
		return 0, fmt.Errorf("training step: %w", err)
	}
	s.steps++
	return float64(s.loss[0]), nil
}

// averages returns the moving averages without the share that the initial
// weights still have in them, as Adam does for its moments: a short training
// must not be judged by where it began.
func (s *graphStepper) averages() map[string]*tensor.Tensor {
	values := s.ema.Tensors()
	left := float32(math.Pow(s.c.EMA, float64(s.steps)))
	if left < 1e-6 || left == 1 {
		return values
	}
	for name, t := range values {
		if t.DType() != tensor.Float32 || tensor.Equal(t, s.start[name]) {
			continue
		}
		from := s.start[name].Float32s()
		for i, v := range t.Float32s() {
			t.Float32s()[i] = (v - left*from[i]) / (1 - left)
		}
	}
	return values
}

func (s *graphStepper) averaged(f func() error) error {
	if s.ema == nil {
		return f()
	}
	now := s.c.Params.Tensors()
	if err := s.c.Params.Load(s.averages()); err != nil {
		return err
	}
	err := f()
	if back := s.c.Params.Load(now); err == nil {
		err = back
	}
	return err
}

func (s *graphStepper) settle() error {
	if s.ema == nil {
		return nil
	}
	return s.c.Params.Load(s.averages())
}

func (s *graphStepper) save() {
	if s.ema == nil {
		s.kept = s.c.Params.Tensors()
		return
	}
	s.kept = s.averages()
}

func (s *graphStepper) restore() error { return s.c.Params.Load(s.kept) }

func (s *graphStepper) close() { s.exec.Close() }
