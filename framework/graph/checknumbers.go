package graph

import (
	"errors"
	"fmt"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// plain runs no passes but those that settle storage, so that every
// instruction stands for one operator.
func plain(_ chip.Device, p *program) error {
	deadcode(p)
	settle(p)
	return nil
}

// runChecked executes s and reports results that are not finite. It keeps a
// copy of the variables that the program assigns and restores them then.
func (e *Executable) runChecked(s *specialised) error {
	saved := e.saveAssigned()
	if err := s.exec.Run(s.ins, s.outs, s.variables); err != nil {
		return errors.Join(fmt.Errorf("run: %w", err), restore(saved))
	}
	bad, err := e.notFinite(s)
	if err != nil || bad == nil {
		return err
	}
	if err := restore(saved); err != nil {
		return err
	}
	found, err := e.trace(s, *bad, saved)
	if err != nil {
		return err
	}
	return found
}

// saveAssigned reads the variables that the program assigns.
func (e *Executable) saveAssigned() map[*Variable]*tensor.Tensor {
	saved := make(map[*Variable]*tensor.Tensor, len(e.graph.assigns))
	for _, a := range e.graph.assigns {
		saved[a.variable] = a.variable.Value()
	}
	return saved
}

func restore(saved map[*Variable]*tensor.Tensor) error {
	for v, t := range saved {
		if err := v.Set(t); err != nil {
			return err
		}
	}
	return nil
}

// place is one piece of memory of a program.
type place struct {
	kind chip.Kind
	at   int // the slot, or the offset of a temporary
}

func placeOf(v chip.Value) place {
	if v.Kind == chip.Temp {
		return place{v.Kind, v.Offset}
	}
	return place{v.Kind, v.Index}
}

// notFinite finds the first output, else assigned variable, with a NaN or Inf.
func (e *Executable) notFinite(s *specialised) (*place, error) {
	for i, slot := range s.code.Outputs {
		if !isFloat(slot.DType) {
			continue
		}
		t := tensor.New(slot.DType, slot.Shape...)
		if err := s.outs[i].Read(t.Data()); err != nil {
			return nil, fmt.Errorf("read output %d: %w", i, err)
		}
		if !finite(t) {
			return &place{chip.Output, i}, nil
		}
	}
	for _, a := range e.graph.assigns {
		if finite(a.variable.Value()) {
			continue
		}
		for i, v := range s.vars {
			if v == a.variable {
				return &place{chip.Variable, i}, nil
			}
		}
	}
	return nil, nil
}

// trace runs s's program again without fused operators, watching every number,
// and restores the variables. A program whose numbers are finite without
// fusion is watched as it is.
func (e *Executable) trace(s *specialised, bad place, saved map[*Variable]*tensor.Tensor) (*NumberError, error) {
	if _, ok := s.exec.(chip.Stepped); !ok {
		return &NumberError{Result: s.name(bad)}, nil
	}
	shapes := make([][]int, len(s.code.Inputs))
	for i, in := range s.code.Inputs {
		shapes[i] = in.Shape
	}
	slow := &Executable{device: e.device, graph: e.graph, inputs: e.inputs, outputs: e.outputs, limit: 1, passes: plain}
	defer slow.Close()
	p, err := slow.plan(shapes)
	if err != nil {
		return nil, err
	}
	// Both programs have their outputs in one order, but variables by first use.
	at := bad
	if bad.kind == chip.Variable {
		for i, v := range p.vars {
			if v == s.vars[bad.at] {
				at.at = i
			}
		}
	}
	found, err := e.watch(p, s.ins, at, saved)
	if err != nil || found != nil {
		return found, err
	}
	if found, err = e.watch(s, s.ins, bad, saved); err != nil || found != nil {
		return found, err
	}
	return &NumberError{Result: s.name(bad)}, nil
}

// name calls a result by what the user knows it as.
func (s *specialised) name(p place) string {
	switch p.kind {
	case chip.Output:
		return fmt.Sprintf("output %d", p.at)
	case chip.Variable:
		return fmt.Sprintf("variable %q", s.vars[p.at].name)
	}
	return ""
}
