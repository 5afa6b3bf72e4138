package onnx

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
)

// Session runs a model. It may be used by several goroutines at once.
type Session struct {
	inputs  []*ValueInfo
	outputs []*ValueInfo
	prog    *program
	device  []*segment
	byType  map[string]bool // inputs of which only the element type matters
}

// Operator-set versions that sessions read.
const (
	minOpset = 1
	maxOpset = 23
	maxML    = 5
)

// NewSession prepares m for dev; with a nil dev all of it runs on the host. An operator, attribute or type that is not
// supported is an error that names the operator and the node.
func NewSession(m *Model, dev chip.Device) (*Session, error) {
	if m == nil || m.Graph == nil {
		return nil, errors.New("onnx: the model has no graph")
	}
	opsets, err := readOpsets(m.Opsets)
	if err != nil {
		return nil, err
	}
	if len(m.Opsets) == 0 && m.IRVersion > 0 && m.IRVersion < 3 {
		opsets[""] = 1 // the only set there was; models could not say yet
	}
	top := newScope(nil, opsets, hostThreads(dev))
	if top.functions, err = newFunctions(m.Functions); err != nil {
		return nil, err
	}
	prog, err := top.compile(m.Graph)
	if err != nil {
		return nil, err
	}
	s := &Session{outputs: m.Graph.Outputs, prog: prog}
	constants := map[string]bool{}
	for _, t := range m.Graph.Initializers {
		constants[t.Name] = true
	}
	for _, in := range m.Graph.Inputs {
		if !constants[in.Name] {
			s.inputs = append(s.inputs, in)
		}
	}
	types := make([]tensor.DType, len(s.inputs))
	for i, in := range s.inputs {
		types[i] = in.DType()
	}
	s.byType = prog.inputsByType(s.inputs)
	prog.fusePixels(types)
	if dev != nil {
		s.device = prog.partition(dev, types, map[*call]bool{})
	}
	prog.seal()
	return s, nil
}

// readOpsets maps domains to versions, which must be ones that sessions read.
func readOpsets(list []*Opset) (map[string]int64, error) {
	opsets := map[string]int64{}
	for _, o := range list {
		domain := o.Domain
		if domain == "ai.onnx" {
			domain = ""
		}
		opsets[domain] = o.Version
	}
	if v, ok := opsets[""]; ok && (v < minOpset || v > maxOpset) {
		return nil, fmt.Errorf("onnx: operator set ai.onnx version %d is not supported; export with %d to %d", v, minOpset, maxOpset)
	}
	if v := opsets[MLDomain]; v > maxML {
		return nil, fmt.Errorf("onnx: operator set %s version %d is not supported; export with at most %d", MLDomain, v, maxML)
	}
	return opsets, nil
}

// hostThreads is how many threads kernels use beside dev.
func hostThreads(dev chip.Device) int {
	if dev != nil && dev.Info().Threads > 0 {
		return dev.Info().Threads
	}
	return runtime.GOMAXPROCS(0)
}

// Inputs lists the model's inputs, without those that constants fill.
func (s *Session) Inputs() []*ValueInfo { return s.inputs }

// Outputs lists the model's outputs.
func (s *Session) Outputs() []*ValueInfo { return s.outputs }

// Run computes all outputs of a model whose inputs and outputs are tensors.
// Inputs of other names, types or fixed dimensions than the model declares are
// errors for users, and so is an output that is no tensor: see RunValues. The
// results may share memory with the inputs and with constants of the model and
// must not be changed.
func (s *Session) Run(ctx context.Context, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	feeds := make(map[string]Value, len(inputs))
	for name, t := range inputs {
		feeds[name] = TensorValue(t)
	}
	outs, err := s.RunValues(ctx, feeds)
	if err != nil {
		return nil, err
	}
	results := make(map[string]*tensor.Tensor, len(outs))
	for name, v := range outs {
		if v.t == nil {
			return nil, fault.Errorf(fault.Invalid, "The model's output %q is %v, not a tensor.", name, v.Kind())
		}
		results[name] = v.t
	}
	return results, nil
}

// RunValues is Run for models that take or give sequences and optionals beside
// tensors.
func (s *Session) RunValues(ctx context.Context, inputs map[string]Value) (map[string]Value, error) {
	args := make([]Value, len(s.inputs))
	for i, info := range s.inputs {
		v := inputs[info.Name]
		if v.Kind() == NoValue {
			return nil, fault.Errorf(fault.Invalid, "The model's input %q is missing.", info.Name)
		}
		if err := s.checkValue(info, v); err != nil {
			return nil, err
		}
		args[i] = v
	}
	if len(inputs) > len(args) {
		for name := range inputs {
			if !s.takes(name) {
				return nil, fault.Errorf(fault.Invalid, "The model has no input called %q.", name)
			}
		}
	}
	outs, err := s.prog.run(ctx, args)
	if err != nil {
		return nil, err
	}
	results := make(map[string]Value, len(outs))
	for i, v := range outs {
		results[s.outputs[i].Name] = v
	}
	return results, nil
}

func (s *Session) takes(name string) bool {
	for _, in := range s.inputs {
		if in.Name == name {
			return true
		}
	}
	return false
}

// Close frees what the session holds on its device.
func (s *Session) Close() {
	for _, seg := range s.device {
		seg.close()
	}
}
