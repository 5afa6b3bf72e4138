package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// mapcode builds the code of a Map: equal steps are made once and steps that
// change nothing are left out.
type mapcode struct {
	args []value
	code []chip.MapInstr
}

// constant returns the value of operand r when a step made it.
func (m *mapcode) constant(r int) (float32, bool) {
	if i := r - len(m.args); i >= 0 && m.code[i].Fn == chip.FnConst {
		return m.code[i].Imm, true
	}
	return 0, false
}

func (m *mapcode) is(r int, v float32) bool {
	c, ok := m.constant(r)
	return ok && c == v
}

// add returns the operand that holds the result of step.
func (m *mapcode) add(step chip.MapInstr) int {
	switch {
	case step.Fn == chip.FnMul && m.is(step.B, 1), step.Fn == chip.FnDiv && m.is(step.B, 1),
		step.Fn == chip.FnAdd && m.is(step.B, 0), step.Fn == chip.FnSub && m.is(step.B, 0), step.Fn == chip.FnPow && m.is(step.B, 1):
		return step.A
	case step.Fn == chip.FnMul && m.is(step.A, 1), step.Fn == chip.FnAdd && m.is(step.A, 0):
		return step.B
	case step.Fn == chip.FnPow && m.is(step.B, 2):
		step = chip.MapInstr{Fn: chip.FnMul, A: step.A, B: step.A}
	case step.Fn == chip.FnPow && m.is(step.B, 0.5):
		step = chip.MapInstr{Fn: chip.FnSqrt, A: step.A}
	}
	if i := slices.Index(m.code, step); i >= 0 {
		return len(m.args) + i
	}
	m.code = append(m.code, step)
	return len(m.args) + len(m.code) - 1
}

// inline adds the code of another Map, whose argument i is operand at[i] here,
// and returns where its results are.
func (m *mapcode) inline(op *chip.Map, at []int) []int {
	at = slices.Clone(at)
	for _, step := range op.Code {
		switch step.Fn.Arity() {
		case 3:
			step.C = at[step.C]
			fallthrough
		case 2:
			step.B = at[step.B]
			fallthrough
		case 1:
			step.A = at[step.A]
		}
		at = append(at, m.add(step))
	}
	outs := make([]int, len(op.Outs))
	for i, r := range op.Outs {
		outs[i] = at[r]
	}
	return outs
}

// integral reports whether a Map computes in int64.
func (p *program) integral(in *instr) bool {
	return slices.ContainsFunc(in.args, func(a value) bool {
		dt := p.typeOf(a).dtype
		return dt == tensor.Int64 || dt == tensor.Int32
	})
}

// scalar returns the value of a constant of one element that a Map can hold as
// an immediate without loss.
func (p *program) scalar(v value) (float32, bool) {
	t := p.constant(v)
	if t == nil || t.Len() != 1 {
		return 0, false
	}
	switch d := t.Data().(type) {
	case []float32:
		return d[0], true
	case []int64:
		return float32(d[0]), d[0] > -1<<24 && d[0] < 1<<24
	case []int32:
		return float32(d[0]), d[0] > -1<<24 && d[0] < 1<<24
	}
	return 0, false
}

// inlineScalars turns the scalar constants among a Map's arguments into
// immediates, as long as an argument of the computing type is left.
func (p *program) inlineScalars(in *instr) {
	op := in.op.(*chip.Map)
	integral := p.integral(in)
	var args []value
	for _, a := range in.args {
		if _, ok := p.scalar(a); !ok {
			args = append(args, a)
		}
	}
	if len(args) == 0 || len(args) == len(in.args) || integral != p.integral(&instr{args: args}) {
		return
	}
	m := &mapcode{args: args}
	at := make([]int, len(in.args))
	next := 0
	for i, a := range in.args {
		if v, ok := p.scalar(a); ok {
			at[i] = m.add(imm(v))
		} else {
			at[i] = next
			next++
		}
	}
	outs := m.inline(op, at)
	in.args, in.op = args, &chip.Map{Code: m.code, Outs: outs}
}
