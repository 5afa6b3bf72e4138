package graph

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

// assemble plans memory and writes p as the device's program. It fails when
// the device lacks a kernel.
func assemble(dev chip.Device, p *program) (*chip.Program, error) {
	inplace(p)
	offsets, arena := plan(p)
	a := &assembler{p: p, offsets: offsets, code: &chip.Program{Arena: arena}, index: map[value]int{}}
	for _, in := range p.instrs {
		c := chip.Instr{Op: in.op, Args: a.all(in.args), Outs: a.all(in.outs), Label: in.label}
		a.code.Instrs = append(a.code.Instrs, c)
		i := len(a.code.Instrs) - 1
		if err := chip.Check(c.Op, a.code.Ins(i), a.code.OutsOf(i)); err != nil {
			return nil, fmt.Errorf("%s%s: %w", in.place(), in.label, err)
		}
		if !dev.Supports(c.Op, a.code.Ins(i), a.code.OutsOf(i)) {
			return nil, fmt.Errorf("%sdevice %s has no kernel for %s %v to %v", in.place(), dev.Info().Kind, c.Op.Name(), a.code.Ins(i), a.code.OutsOf(i))
		}
	}
	return a.code, nil
}

// place is "model.go:12: " for an instruction of one operator, else "".
func (in *instr) place() string {
	if in.call == nil || in.call.site == 0 {
		return ""
	}
	return in.call.site.String() + ": "
}

type assembler struct {
	p       *program
	offsets []int
	code    *chip.Program
	index   map[value]int
}

func (a *assembler) all(vs []value) []int {
	ids := make([]int, len(vs))
	for i, v := range vs {
		id, ok := a.index[v]
		if !ok {
			id = a.add(v)
			a.index[v] = id
		}
		ids[i] = id
	}
	return ids
}

func (a *assembler) add(v value) int {
	w := a.p.values[v]
	s := a.p.stores[w.store]
	c := chip.Value{DType: w.typ.dtype, Shape: w.typ.shape, Kind: s.kind, Index: s.slot}
	switch s.kind {
	case chip.Temp:
		c.Offset = a.offsets[w.store]
	case chip.Constant:
		c.Data = s.data.Data()
	}
	a.code.Values = append(a.code.Values, c)
	return len(a.code.Values) - 1
}
