package graph

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// seen is what one instruction read and made in a watched run.
type seen struct {
	ins, outs []Range
	from      []int // the instruction that made each argument, -1 for none of this run
}

// watcher records a run.
type watcher struct {
	s     *specialised
	steps []seen
	maker map[place]int // the last instruction that wrote there
}

// watch runs s, restores the variables and goes back from the result at bad to
// the operator that made its first NaN or Inf; nil when the result is finite.
func (e *Executable) watch(s *specialised, ins []chip.Buffer, bad place, saved map[*Variable]*tensor.Tensor) (*NumberError, error) {
	var err error
	for i, v := range s.vars {
		if s.variables[i], err = v.on(e.device); err != nil {
			return nil, err
		}
	}
	w := &watcher{s: s, steps: make([]seen, len(s.code.Instrs)), maker: map[place]int{}}
	err = s.exec.(chip.Stepped).RunSteps(ins, s.outs, s.variables, w.before, w.after)
	if back := restore(saved); err == nil {
		err = back
	}
	if err != nil {
		return nil, fmt.Errorf("trace numbers: %w", err)
	}
	last, ok := w.maker[bad]
	if !ok {
		return nil, nil
	}
	return w.explain(bad, last), nil
}

func (w *watcher) before(i int, value func(id int) any) error {
	s := &w.steps[i]
	for _, id := range w.s.code.Instrs[i].Args {
		v := w.s.code.Values[id]
		r := rangeOf(value(id))
		r.Type = v.String()
		maker, ok := w.maker[placeOf(v)]
		if !ok || v.Kind == chip.Input || v.Kind == chip.Constant {
			maker = -1
		}
		r.Name = w.origin(v, maker)
		s.ins, s.from = append(s.ins, r), append(s.from, maker)
	}
	return nil
}

func (w *watcher) after(i int, value func(id int) any) error {
	for _, id := range w.s.code.Instrs[i].Outs {
		v := w.s.code.Values[id]
		r := rangeOf(value(id))
		r.Type = v.String()
		w.steps[i].outs = append(w.steps[i].outs, r)
		w.maker[placeOf(v)] = i
	}
	return nil
}

// origin names an argument.
func (w *watcher) origin(v chip.Value, maker int) string {
	if maker >= 0 {
		return w.title(maker)
	}
	switch v.Kind {
	case chip.Input:
		return fmt.Sprintf("input %q", w.s.inputs[v.Index].Op().Attrs.(InputAttrs).Name)
	case chip.Variable:
		return fmt.Sprintf("variable %q", w.s.vars[v.Index].name)
	case chip.Constant:
		return "constant"
	}
	return ""
}

// title is "Exp at model.go:12".
func (w *watcher) title(i int) string {
	c := w.s.calls[i]
	if c == nil {
		return w.s.code.Instrs[i].Label
	}
	if at := c.site.String(); at != "" {
		return c.title() + " at " + at
	}
	return c.title()
}

// title is the operator's name, and whose gradient it is part of.
func (c *call) title() string {
	if c.of != nil {
		return "gradient of " + c.of.op.name + " (" + c.op.name + ")"
	}
	return c.op.name
}

// explain goes back from instruction i, which made the result at bad.
func (w *watcher) explain(bad place, i int) *NumberError {
	e := &NumberError{Result: w.s.name(bad)}
	hasNaN := func(r Range) bool { return r.NaN > 0 }
	hasInf := func(r Range) bool { return r.Inf > 0 }
	if slices.ContainsFunc(w.steps[i].outs, hasNaN) {
		i, e.Source = w.back(i, hasNaN)
		if k := slices.IndexFunc(w.steps[i].ins, hasInf); e.Source == "" && k >= 0 && w.steps[i].from[k] >= 0 {
			j, _ := w.back(w.steps[i].from[k], hasInf)
			e.Overflow = w.culprit(j)
		}
	} else if slices.ContainsFunc(w.steps[i].outs, hasInf) {
		i, e.Source = w.back(i, hasInf)
	} else {
		return nil
	}
	e.Culprit = w.culprit(i)
	return e
}

// back follows arguments that are bad to the instruction that made them from
// good ones, or from the named input, variable or constant.
func (w *watcher) back(i int, bad func(Range) bool) (at int, source string) {
	for {
		s := &w.steps[i]
		k := slices.IndexFunc(s.ins, bad)
		if k < 0 {
			return i, ""
		}
		if s.from[k] < 0 {
			return i, s.ins[k].Name
		}
		i = s.from[k]
	}
}

func (w *watcher) culprit(i int) *Culprit {
	c := &Culprit{Op: w.s.code.Instrs[i].Label, Operands: w.steps[i].ins, Results: w.steps[i].outs}
	if from := w.s.calls[i]; from != nil {
		c.Op, c.Node = from.title(), from.out[0]
		c.File, c.Line = from.site.resolve()
	}
	return c
}
