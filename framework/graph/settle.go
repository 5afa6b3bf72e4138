package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// settle gives outputs and variables their final storage, with as few copies
// as possible, and puts in-place updates after the readers of the old values.
func settle(p *program) {
	saveOldValues(p)
	settleOutputs(p)
	placeUpdates(p)
	protectOldValues(p)
	settleUpdates(p)
}

// saveOldValues copies, first of all, the old values of variables that other
// variables are set to.
func saveOldValues(p *program) {
	for i, u := range p.updates {
		if s := p.stores[p.storeOf(u.value)]; s.kind == chip.Variable && s.slot != u.slot {
			saved := p.newValue(p.typeOf(u.value), store{kind: chip.Temp})
			p.insertCopy(0, u.value, saved)
			p.updates[i].value = saved
		}
	}
}

// settleOutputs lets results be written to the output buffers directly. An
// input, constant, variable, update or repeated output needs a copy.
func settleOutputs(p *program) {
	updated := map[int]bool{}
	for _, u := range p.updates {
		updated[p.storeOf(u.value)] = true
	}
	for k, v := range p.outputs {
		s := &p.stores[p.storeOf(v)]
		if s.kind == chip.Temp && !updated[p.storeOf(v)] {
			s.kind, s.slot = chip.Output, k
			continue
		}
		out := p.newValue(p.typeOf(v), store{kind: chip.Output, slot: k})
		at := p.flow().def[p.storeOf(v)] + 1
		p.insertCopy(at, v, out)
		p.outputs[k] = out
	}
}

func (p *program) insertCopy(at int, from, to value) {
	p.instrs = slices.Insert(p.instrs, at, &instr{op: &chip.Copy{}, args: []value{from}, outs: []value{to}, tag: "Copy", label: "Copy"})
}

// placeUpdates moves each operator that must write in place behind the readers
// of what it overwrites, but no further, so that gradients do not outlive
// their use; what depends on such operators follows them.
func placeUpdates(p *program) {
	late, at := make([]bool, len(p.stores)), make([]int, len(p.stores)) // at: position in first after which a store is ready
	var first, second []*instr
	for _, in := range p.instrs {
		_, must := sharing(in, 0)
		if !must && !slices.ContainsFunc(in.args, func(a value) bool { return late[p.storeOf(a)] }) {
			first = append(first, in)
			for _, o := range in.outs {
				at[p.storeOf(o)] = len(first)
			}
			continue
		}
		for _, o := range in.outs {
			late[p.storeOf(o)] = true
		}
		second = append(second, in)
	}
	lastRead := make([]int, len(p.stores))
	for i, in := range first {
		for _, a := range in.args {
			lastRead[p.storeOf(a)] = i + 1
		}
	}
	groups := make([][]*instr, len(first)+1)
	for _, in := range second {
		anchor := 0
		for _, a := range in.args {
			anchor = max(anchor, at[p.storeOf(a)])
		}
		for j := range in.outs {
			if args, must := sharing(in, j); must {
				anchor = max(anchor, lastRead[p.storeOf(in.args[args[0]])])
			}
		}
		for _, o := range in.outs {
			at[p.storeOf(o)] = anchor
		}
		groups[anchor] = append(groups[anchor], in)
	}
	p.instrs = groups[0]
	for i, in := range first {
		p.instrs = append(append(p.instrs, in), groups[i+1]...)
	}
}

// protectOldValues copies a value before an operator that must overwrite it
// while others still read it later.
func protectOldValues(p *program) {
	f := p.flow()
	for i := 0; i < len(p.instrs); i++ {
		in := p.instrs[i]
		for j := range in.outs {
			args, must := sharing(in, j)
			if !must {
				continue
			}
			old := in.args[args[0]]
			readers := f.reads[p.storeOf(old)]
			if len(readers) == 0 || readers[len(readers)-1] <= i {
				continue
			}
			saved := p.newValue(p.typeOf(old), store{kind: chip.Temp})
			for _, r := range readers {
				if r > i {
					p.redirect(p.instrs[r], old, saved)
				}
			}
			p.insertCopy(i, old, saved)
			i, f = i+1, p.flow()
		}
	}
}

// redirect makes in read the store of to where it reads that of from.
func (p *program) redirect(in *instr, from, to value) {
	in.args = slices.Clone(in.args)
	for k, a := range in.args {
		if p.storeOf(a) == p.storeOf(from) {
			in.args[k] = p.reshape(to, p.typeOf(a).shape)
		}
	}
}

// settleUpdates lets the new value of a variable be written over the old one
// where nobody reads the old one any more, and copies it at the end otherwise.
func settleUpdates(p *program) {
	olds := map[int]value{} // by slot
	for v, w := range p.values {
		if s := p.stores[w.store]; s.kind == chip.Variable {
			if _, ok := olds[s.slot]; !ok {
				olds[s.slot] = value(v)
			}
		}
	}
	taken, f := map[int]bool{}, p.flow()
	var late []pending
	for _, u := range p.updates {
		if s := p.storeOf(u.value); !taken[s] && p.overwrites(f, u.value, olds[u.slot]) {
			taken[s] = true
			p.replace(u.value, olds[u.slot])
		} else {
			late = append(late, u)
		}
	}
	p.copyLate(late, olds)
}

// overwrites reports whether the store of new can be that of old.
func (p *program) overwrites(f *flow, new, old value) bool {
	s := p.storeOf(new)
	if s == p.storeOf(old) {
		return false
	}
	def := f.def[s]
	if p.stores[s].kind != chip.Temp || def < 0 {
		return false
	}
	readers := f.reads[p.storeOf(old)]
	if len(readers) == 0 || readers[len(readers)-1] < def {
		return true
	}
	if readers[len(readers)-1] > def {
		return false
	}
	in := p.instrs[def]
	j := slices.IndexFunc(in.outs, func(o value) bool { return p.storeOf(o) == s })
	args, _ := sharing(in, j)
	for _, a := range args {
		if p.storeOf(in.args[a]) == p.storeOf(old) && p.canShare(in, a, in.outs[j]) {
			return true
		}
	}
	return false
}

// copyLate stores values that are not yet in their variables.
func (p *program) copyLate(late []pending, olds map[int]value) {
	for _, u := range late {
		if p.storeOf(u.value) != p.storeOf(olds[u.slot]) {
			p.insertCopy(len(p.instrs), u.value, olds[u.slot])
		}
	}
}
