package graph

import (
	"fmt"
	"strings"
)

// cse makes instructions that compute the same from the same share one result.
func cse(p *program) {
	seen := map[string]*instr{}
	for i, in := range p.instrs {
		key := p.key(in)
		first := seen[key]
		if first == nil {
			seen[key] = in
			continue
		}
		for j, o := range in.outs {
			p.replace(o, first.outs[j])
		}
		p.instrs[i] = nil
	}
	p.drop()
}

// key describes what an instruction computes.
func (p *program) key(in *instr) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%T%+v", in.op, in.op)
	for _, a := range in.args {
		v := p.values[a]
		fmt.Fprintf(&b, " %d%v%v", v.store, v.typ.dtype, v.typ.shape)
	}
	for _, o := range in.outs {
		fmt.Fprintf(&b, ">%v%v", p.typeOf(o).dtype, p.typeOf(o).shape)
	}
	return b.String()
}
