package graph

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// foldLimit is the largest constant, in bytes, that folding makes.
const foldLimit = 64 << 10

// fold computes, on the device itself, the instructions whose arguments are
// all constant.
func fold(dev chip.Device, p *program) error {
	constant := make([]bool, len(p.stores))
	for s := range p.stores {
		constant[s] = p.stores[s].data != nil
	}
	var folded, rest []*instr
	for _, in := range p.instrs {
		if !p.foldable(in, constant) {
			rest = append(rest, in)
			continue
		}
		folded = append(folded, in)
		for _, o := range in.outs {
			constant[p.storeOf(o)] = true
		}
	}
	if len(folded) == 0 {
		return nil
	}
	if err := p.evaluate(dev, folded, rest); err != nil {
		return fmt.Errorf("fold constants: %w", err)
	}
	p.instrs = rest
	return nil
}

func (p *program) foldable(in *instr, constant []bool) bool {
	for _, a := range in.args {
		if !constant[p.storeOf(a)] {
			return false
		}
	}
	bytes := 0
	for _, o := range in.outs {
		bytes += p.typeOf(o).bytes()
	}
	return len(in.args) > 0 && bytes <= foldLimit
}

// evaluate runs instrs as a program of their own and makes their results that
// rest reads constants of p.
func (p *program) evaluate(dev chip.Device, instrs, rest []*instr) error {
	sub := &program{values: append([]view(nil), p.values...), stores: append([]store(nil), p.stores...)}
	for _, in := range instrs {
		c := *in
		sub.instrs = append(sub.instrs, &c)
	}
	needed := p.neededOf(instrs, rest)
	sub.outputs = append([]value(nil), needed...)
	settle(sub)
	code, err := assemble(dev, sub)
	if err != nil {
		return err
	}
	for _, v := range needed {
		code.Outputs = append(code.Outputs, chip.Slot{Name: "constant", DType: p.typeOf(v).dtype, Shape: p.typeOf(v).shape})
	}
	exec, err := dev.Compile(code)
	if err != nil {
		return err
	}
	defer exec.Close()
	outs := make([]chip.Buffer, len(needed))
	for i, v := range needed {
		t := p.typeOf(v)
		if outs[i], err = dev.NewBuffer(t.dtype, t.len()); err != nil {
			return err
		}
		defer outs[i].Free()
	}
	if err := exec.Run(nil, outs, nil); err != nil {
		return err
	}
	for i, v := range needed {
		t := tensor.New(p.typeOf(v).dtype, p.typeOf(v).shape...)
		if err := outs[i].Read(t.Data()); err != nil {
			return err
		}
		s := &p.stores[p.storeOf(v)]
		s.kind, s.data = chip.Constant, t
	}
	return nil
}

// neededOf lists the results of instrs that rest, an output or an update reads.
func (p *program) neededOf(instrs, rest []*instr) []value {
	read := map[int]bool{}
	for _, in := range rest {
		for _, a := range in.args {
			read[p.storeOf(a)] = true
		}
	}
	for _, o := range p.outputs {
		read[p.storeOf(o)] = true
	}
	for _, u := range p.updates {
		read[p.storeOf(u.value)] = true
	}
	var needed []value
	for _, in := range instrs {
		for _, o := range in.outs {
			if read[p.storeOf(o)] {
				needed = append(needed, o)
			}
		}
	}
	return needed
}
