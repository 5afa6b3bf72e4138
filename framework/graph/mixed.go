package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// mixed inserts the casts of mixed precision. A float32 value that a product
// multiplies or that a backward pass reads is rounded once, where it is made;
// products and the backward pass read the rounded copy, the rest of the forward
// pass the value itself, which then need not be kept. Variables, inputs and
// constants are there anyway and are rounded anew for each pass over them.
func mixed(p *program) {
	m := &mixing{program: p, stored: map[int]bool{}, rounded: map[key]value{}}
	m.mark()
	old := p.instrs
	p.instrs = nil
	for _, in := range old {
		m.operands(in)
		p.instrs = append(p.instrs, in)
		m.results(in)
	}
	deadcode(p)
}

type mixing struct {
	*program
	stored  map[int]bool // stores of which there will be a rounded copy
	rounded map[key]value
	back    bool // the present instruction belongs to a backward pass
}

// key names a copy; of what is not temporary there is one for each direction.
type key struct {
	store int
	back  bool
}

// mark finds the values to round where they are made.
func (m *mixing) mark() {
	late := map[int]bool{}
	for _, in := range m.instrs {
		for k, a := range in.args {
			s := m.storeOf(a)
			if m.isFactor(in, k) {
				m.stored[s] = true
			}
			if m.isBackward(in) {
				late[s] = true
			}
		}
	}
	for _, in := range m.instrs {
		for k, o := range in.outs {
			s := m.storeOf(o)
			if late[s] && !m.isBackward(in) && m.isStored(in, k) {
				m.stored[s] = true
			}
		}
	}
}

// isBackward reports whether an instruction makes a gradient. One that was
// fused of parts of both passes stands in the backward one.
func (m *mixing) isBackward(in *instr) bool {
	return slices.ContainsFunc(in.outs, func(o value) bool { return m.stores[m.storeOf(o)].backward })
}

// operands lets an instruction read rounded copies.
func (m *mixing) operands(in *instr) {
	m.back = m.isBackward(in)
	in.args = slices.Clone(in.args)
	for k, a := range in.args {
		t := m.typeOf(a)
		if t.dtype != tensor.Float32 {
			continue
		}
		h, there := m.copyOf(a)
		switch temp := m.stores[m.storeOf(a)].kind == chip.Temp; {
		case m.isFactor(in, k):
			if !there {
				h = m.cast(a, tensor.BFloat)
				m.rounded[m.key(a)] = h
			}
			in.args[k] = m.reshape(h, t.shape)
		case temp && there && m.back && !m.stores[m.storeOf(a)].backward && treatmentOf(in.op).reads:
			in.args[k] = m.reshape(h, t.shape)
		case temp && there && m.back && !m.stores[m.storeOf(a)].backward:
			in.args[k] = m.reshape(m.cast(h, tensor.Float32), t.shape)
		}
	}
}

// results rounds what an instruction made. A Map stores the rounded copy itself.
func (m *mixing) results(in *instr) {
	for _, o := range slices.Clone(in.outs) {
		if !m.stored[m.storeOf(o)] || m.typeOf(o).dtype != tensor.Float32 {
			continue
		}
		if op, ok := in.op.(*chip.Map); ok && len(in.outs) < 2*maxMapOuts {
			h := m.newValue(typed{tensor.BFloat, m.typeOf(o).shape}, store{kind: chip.Temp, backward: m.back})
			operand := op.Outs[slices.Index(in.outs, o)]
			in.op = &chip.Map{Code: op.Code, Outs: append(slices.Clone(op.Outs), operand)}
			in.outs = append(slices.Clone(in.outs), h)
			m.rounded[m.key(o)] = h
			continue
		}
		m.back = m.isBackward(in)
		m.rounded[m.key(o)] = m.cast(o, tensor.BFloat)
	}
}

// cast appends a conversion of v.
func (m *mixing) cast(v value, to tensor.DType) value {
	out := m.newValue(typed{to, m.typeOf(v).shape}, store{kind: chip.Temp, backward: m.back})
	m.instrs = append(m.instrs, &instr{op: &chip.Cast{}, args: []value{v}, outs: []value{out}, tag: "Cast", label: "Cast"})
	return out
}

func (m *mixing) copyOf(a value) (value, bool) {
	h, ok := m.rounded[m.key(a)]
	return h, ok
}

func (m *mixing) key(a value) key {
	s := m.storeOf(a)
	return key{s, m.back && m.stores[s].kind != chip.Temp}
}
