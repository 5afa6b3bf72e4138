package graph

import "github.com/macaw-ai/macaw/chip"

// deadcode removes instructions whose results nobody reads, and second results
// that are optional.
func deadcode(p *program) {
	live := make([]bool, len(p.stores))
	for _, o := range p.outputs {
		live[p.storeOf(o)] = true
	}
	for _, u := range p.updates {
		live[p.storeOf(u.value)] = true
	}
	for i := len(p.instrs) - 1; i >= 0; i-- {
		in, used := p.instrs[i], false
		for _, o := range in.outs {
			used = used || live[p.storeOf(o)]
		}
		if !used {
			p.instrs[i] = nil
			continue
		}
		if _, ok := in.op.(*chip.MaxPool); ok && len(in.outs) == 2 && !live[p.storeOf(in.outs[1])] {
			in.outs = in.outs[:1]
		}
		if m, ok := in.op.(*chip.Map); ok {
			pruneOuts(p, in, m, live)
		}
		for _, a := range in.args {
			live[p.storeOf(a)] = true
		}
	}
	p.drop()
}

// pruneOuts drops the results of a Map that nobody reads.
func pruneOuts(p *program, in *instr, m *chip.Map, live []bool) {
	var outs []value
	var operands []int
	for i, o := range in.outs {
		if live[p.storeOf(o)] {
			outs, operands = append(outs, o), append(operands, m.Outs[i])
		}
	}
	if len(outs) < len(in.outs) {
		in.outs, in.op = outs, &chip.Map{Code: m.Code, Outs: operands}
	}
}
