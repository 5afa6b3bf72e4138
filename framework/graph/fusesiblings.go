package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// fuseSiblings joins Maps that only set variables and read the same array, as
// the updates of a weight and of its momentum do, so that the gradient is read
// once. Other Maps stay apart: joining them would let values live longer.
func fuseSiblings(p *program) {
	f := &mapFusion{p: p, flow: p.flow()}
	updated := make([]bool, len(p.stores))
	for _, u := range p.updates {
		updated[p.storeOf(u.value)] = true
	}
	for i := range p.instrs {
		if !f.onlyUpdates(i, updated) {
			continue
		}
		for j := range i {
			// A result of j may be an argument of i; then fuseMaps had its say.
			if f.onlyUpdates(j, updated) && f.shared(j, i) && f.fits(j, i, p.instrs[i].outs[0]) {
				f.merge(j, i)
			}
		}
	}
	p.drop()
}

// onlyUpdates reports whether instruction i is a Map whose results are the new
// values of variables and are not read by the program.
func (f *mapFusion) onlyUpdates(i int, updated []bool) bool {
	in := f.p.instrs[i]
	if in == nil {
		return false
	}
	if _, ok := in.op.(*chip.Map); !ok {
		return false
	}
	return !slices.ContainsFunc(in.outs, func(o value) bool {
		s := f.p.storeOf(o)
		return !updated[s] || len(f.reads[s]) > 0
	})
}

// shared reports whether the Maps at j and i read a common array of the shape
// of their results.
func (f *mapFusion) shared(j, i int) bool {
	t := f.p.typeOf(f.p.instrs[i].outs[0])
	return slices.ContainsFunc(f.p.instrs[i].args, func(a value) bool {
		return f.p.typeOf(a).equal(t) && slices.ContainsFunc(f.p.instrs[j].args, func(b value) bool {
			return f.p.storeOf(a) == f.p.storeOf(b) && f.p.typeOf(b).equal(t)
		})
	})
}
