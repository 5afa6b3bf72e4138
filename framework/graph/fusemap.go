package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Limits of one fused Map, so that its registers stay in the nearest cache.
const (
	maxMapCode = 48
	maxMapArgs = 12
	maxMapOuts = 6
)

// fuseMaps joins chains of elementwise instructions into one Map each. A Map
// takes in the Map that makes one of its arguments when all other readers of
// that Map come later; results that others still read become further outputs.
func fuseMaps(p *program) {
	f := &mapFusion{p: p, flow: p.flow()}
	for i, in := range p.instrs {
		if _, ok := in.op.(*chip.Map); !ok {
			continue
		}
		p.inlineScalars(in)
		for f.absorbOne(i) {
		}
	}
	p.drop()
}

type mapFusion struct {
	p *program
	*flow
}

// absorbOne merges one producer into instruction i, if one fits.
func (f *mapFusion) absorbOne(i int) bool {
	in := f.p.instrs[i]
	for _, a := range in.args {
		j := f.def[f.p.storeOf(a)]
		if j >= 0 && j < i && f.fits(j, i, a) {
			f.merge(j, i)
			return true
		}
	}
	return false
}

// fits reports whether the Map at j, which makes argument a of the Map at i,
// may move into it.
func (f *mapFusion) fits(j, i int, a value) bool {
	p, from, to := f.p, f.p.instrs[j], f.p.instrs[i]
	fromMap, ok := from.op.(*chip.Map)
	if !ok || p.integral(from) != p.integral(to) {
		return false
	}
	shape := p.typeOf(to.outs[0]).shape
	if !slices.Equal(p.typeOf(a).shape, shape) || !slices.Equal(p.typeOf(from.outs[0]).shape, shape) {
		return false
	}
	for _, o := range from.outs {
		if dt := p.typeOf(o).dtype; dt == tensor.Uint8 || dt == tensor.Int32 {
			return false // storing rounds or wraps
		}
		for _, r := range f.reads[p.storeOf(o)] {
			if r < i {
				return false
			}
		}
	}
	// Every read of from's results in to must be of their own shape.
	for _, b := range to.args {
		if f.def[p.storeOf(b)] == j && !slices.Equal(p.typeOf(b).shape, shape) {
			return false
		}
	}
	code := len(fromMap.Code) + len(to.op.(*chip.Map).Code)
	return code <= maxMapCode && len(from.args)+len(to.args)-1 <= maxMapArgs && len(from.outs)+len(to.outs) <= maxMapOuts
}

// merge puts the Map at j into the one at i.
func (f *mapFusion) merge(j, i int) {
	p, from, to := f.p, f.p.instrs[j], f.p.instrs[i]
	result := map[int]int{} // store to index in from.outs
	for k, o := range from.outs {
		result[p.storeOf(o)] = k
	}
	m := &mapcode{}
	fromAt := make([]int, len(from.args))
	for k, a := range from.args {
		fromAt[k] = p.argument(m, a)
	}
	toAt := make([]int, len(to.args))
	for k, a := range to.args {
		if _, inner := result[p.storeOf(a)]; !inner {
			toAt[k] = p.argument(m, a)
		}
	}
	fromOuts := m.inline(from.op.(*chip.Map), fromAt)
	for k, a := range to.args {
		if r, inner := result[p.storeOf(a)]; inner {
			toAt[k] = fromOuts[r]
		}
	}
	toOuts := m.inline(to.op.(*chip.Map), toAt)
	merged := &instr{args: m.args, tag: "Map", label: joinLabels(from.label, to.label)}
	var outs []int
	for k, o := range from.outs {
		s := p.storeOf(o)
		f.reads[s] = slices.DeleteFunc(f.reads[s], func(r int) bool { return r == i })
		if f.kept[s] || len(f.reads[s]) > 0 {
			merged.outs, outs = append(merged.outs, o), append(outs, fromOuts[k])
		}
		f.def[s] = i
	}
	merged.outs, outs = append(merged.outs, to.outs...), append(outs, toOuts...)
	merged.op = &chip.Map{Code: m.code, Outs: outs}
	f.moveReads(from, j, i)
	p.instrs[j], p.instrs[i] = nil, merged
}

// moveReads notes that what from read at j is read at i now.
func (f *mapFusion) moveReads(from *instr, j, i int) {
	for _, a := range from.args {
		s := f.p.storeOf(a)
		f.reads[s] = slices.DeleteFunc(f.reads[s], func(r int) bool { return r == j })
		if !slices.Contains(f.reads[s], i) {
			f.reads[s] = append(f.reads[s], i)
		}
	}
}

// argument returns the operand of m that is value a, adding it if needed.
func (p *program) argument(m *mapcode, a value) int {
	for i, b := range m.args {
		if b == a || p.storeOf(a) == p.storeOf(b) && p.typeOf(a).equal(p.typeOf(b)) {
			return i
		}
	}
	m.args = append(m.args, a)
	return len(m.args) - 1
}

// joinLabels names a fused instruction by its parts, up to a length.
func joinLabels(a, b string) string {
	const limit = 60
	if len(a)+len(b) > limit {
		return a[:min(len(a), limit)]
	}
	return a + "+" + b
}
