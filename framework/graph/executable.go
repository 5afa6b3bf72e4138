package graph

import (
	"fmt"
	"slices"
	"sync"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Executable runs a compiled program. Runs of one executable follow each
// other; different executables may run at the same time as long as none of
// them assigns a variable that another uses.
type Executable struct {
	device  chip.Device
	graph   *Graph
	inputs  []*Node
	outputs []*Node
	limit   int
	passes  passes
	checked bool // see Program.CheckNumbers

	mu    sync.Mutex
	plans []*specialised // most recently used first
	dims  [][]int        // scratch: the shapes of one run
}

// specialised is a plan for concrete shapes with its staging buffers.
type specialised struct {
	code      *chip.Program
	exec      chip.Executable
	inputs    []*Node
	vars      []*Variable
	calls     []*call // of each instruction; nil where it stands for several or none
	ins       []chip.Buffer
	outs      []chip.Buffer
	variables []chip.Buffer
}

// load compiles code on the device and allocates its buffers.
func (e *Executable) load(code *chip.Program, p *program) (_ *specialised, err error) {
	s := &specialised{code: code, inputs: e.inputs, vars: p.vars, variables: make([]chip.Buffer, len(p.vars))}
	for _, in := range p.instrs {
		s.calls = append(s.calls, in.call)
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.exec, err = e.device.Compile(code); err != nil {
		return nil, fmt.Errorf("compile for %s: %w", e.device.Info().Kind, err)
	}
	if s.ins, err = buffers(e.device, code.Inputs); err != nil {
		return nil, err
	}
	if s.outs, err = buffers(e.device, code.Outputs); err != nil {
		return nil, err
	}
	if len(e.plans) >= e.limit {
		e.plans[len(e.plans)-1].close()
		e.plans = e.plans[:len(e.plans)-1]
	}
	e.plans = slices.Insert(e.plans, 0, s)
	return s, nil
}

func buffers(dev chip.Device, slots []chip.Slot) ([]chip.Buffer, error) {
	list := make([]chip.Buffer, len(slots))
	for i, s := range slots {
		var err error
		if list[i], err = dev.NewBuffer(s.DType, tensor.Size(s.Shape)); err != nil {
			return list[:i], fmt.Errorf("allocate %s: %w", s.Name, err)
		}
	}
	return list, nil
}

func (s *specialised) close() {
	if s.exec != nil {
		s.exec.Close()
	}
	for _, b := range slices.Concat(s.ins, s.outs) {
		b.Free()
	}
}

// Run computes the outputs from inputs, in the order of the program's, in new tensors.
func (e *Executable) Run(inputs ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, err := e.run(inputs)
	if err != nil {
		return nil, err
	}
	return s.read()
}

// read copies the outputs of the last run to new tensors.
func (s *specialised) read() ([]*tensor.Tensor, error) {
	outs := make([]*tensor.Tensor, len(s.outs))
	for i, slot := range s.code.Outputs {
		outs[i] = tensor.New(slot.DType, slot.Shape...)
		if err := s.outs[i].Read(outs[i].Data()); err != nil {
			return nil, fmt.Errorf("read output %d: %w", i, err)
		}
	}
	return outs, nil
}

// RunInto is Run into tensors of the right types and shapes. A nil output is
// computed but not read. Once the shapes are planned it allocates nothing.
func (e *Executable) RunInto(outs, inputs []*tensor.Tensor) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(outs) != len(e.outputs) {
		return fmt.Errorf("run: the program has %d outputs, not %d", len(e.outputs), len(outs))
	}
	s, err := e.run(inputs)
	if err != nil {
		return err
	}
	for i, t := range outs {
		if t == nil {
			continue
		}
		if slot := s.code.Outputs[i]; t.DType() != slot.DType || !slices.Equal(t.Shape(), slot.Shape) {
			return fmt.Errorf("run: output %d is %v%v, not %v", i, slot.DType, slot.Shape, t)
		}
		if err := s.outs[i].Read(t.Data()); err != nil {
			return fmt.Errorf("read output %d: %w", i, err)
		}
	}
	return nil
}

// run leaves the outputs in the returned plan's buffers.
func (e *Executable) run(inputs []*tensor.Tensor) (*specialised, error) {
	s, err := e.bindRun(inputs)
	if err != nil {
		return nil, err
	}
	if e.checked {
		return s, e.runChecked(s)
	}
	if err := s.exec.Run(s.ins, s.outs, s.variables); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	return s, nil
}

// bindRun prepares a run: the plan for the inputs, which it writes to the
// plan's buffers, and the variables' buffers.
func (e *Executable) bindRun(inputs []*tensor.Tensor) (*specialised, error) {
	if len(inputs) != len(e.inputs) {
		return nil, fmt.Errorf("run: the program has %d inputs, not %d", len(e.inputs), len(inputs))
	}
	for i, t := range inputs {
		if t == nil {
			return nil, fmt.Errorf("run: input %q is nil", e.inputName(i))
		}
		if t.DType() != e.inputs[i].dtype {
			return nil, fmt.Errorf("run: input %q is %v, not %v", e.inputName(i), e.inputs[i].dtype, t.DType())
		}
		e.dims[i] = t.Shape()
	}
	s, err := e.find()
	if err != nil {
		return nil, err
	}
	for i, t := range inputs {
		if err := s.ins[i].Write(t.Data()); err != nil {
			return nil, fmt.Errorf("write input %q: %w", e.inputName(i), err)
		}
	}
	for i, v := range s.vars {
		if s.variables[i], err = v.on(e.device); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// find returns the plan for e.dims, making it when there is none.
func (e *Executable) find() (*specialised, error) {
	for i, s := range e.plans {
		if s.fits(e.dims) {
			if i > 0 {
				copy(e.plans[1:i+1], e.plans[:i])
				e.plans[0] = s
			}
			return s, nil
		}
	}
	shapes := make([][]int, len(e.dims))
	for i, d := range e.dims {
		shapes[i] = slices.Clone(d)
	}
	return e.plan(shapes)
}

func (s *specialised) fits(dims [][]int) bool {
	for i, d := range dims {
		if !slices.Equal(d, s.code.Inputs[i].Shape) {
			return false
		}
	}
	return true
}

// Close frees the plans' memory. Variables stay.
func (e *Executable) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.plans {
		s.close()
	}
	e.plans = nil
}
