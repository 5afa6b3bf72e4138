package graph

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// recompute makes the planned arena fit into budget bytes by computing values
// again where they are needed instead of keeping them: the activations that a
// backward pass reads long after they were made. Every copy is the same
// instruction on the same operands, random ones included, so results keep
// their bits. It works on values, before settle gives variables their storage;
// an update in place is thus put behind the copies that read the old value.
//
// Where most bytes are live, the value whose copies cost least for its bytes
// and the time that it lies idle is given up, until the plan fits or nothing
// makes it smaller.
// Sources: Chen et al. 2016, arXiv:1604.06174 (sublinear memory); Kirisame et
// al. 2021, arXiv:2006.09616, §3 (the measure cost/(bytes·staleness)).
func recompute(p *program, budget int64) error {
	origin := make([]int, len(p.stores))
	for s := range origin {
		origin[s] = s
	}
	r := &recomputation{program: p, origin: origin}
	now := r.layOut()
	kept := now.arena()
	for {
		if int64(now.peak) <= budget && int64(now.arena()) <= budget {
			*p = *r.program
			return nil
		}
		next, smaller := r.improve(now)
		if smaller == nil {
			return fmt.Errorf("the program's temporary memory is %d bytes and %d with recomputation, more than the %d allowed",
				kept, now.arena(), budget)
		}
		r, now = next, smaller
	}
}

// recomputation is a program of which some values are made more than once.
type recomputation struct {
	*program
	origin []int // of each store, the store of which it is a copy, or itself
}

// improve gives up one value and returns the smaller program, or nil. Copies
// that serve all readers below them save time; where none of these makes the
// program smaller, copies that lie idle less are tried.
func (r *recomputation) improve(now *layout) (*recomputation, *layout) {
	list := r.evictions(now)
	for _, share := range []bool{true, false} {
		for _, e := range list {
			next := r.clone()
			next.evict(e, share)
			if l := next.layOut(); l.less(now) {
				return next, l
			}
		}
	}
	return nil, nil
}

func (r *recomputation) clone() *recomputation {
	c, _ := r.program.clone()
	return &recomputation{c, slices.Clone(r.origin)}
}

// clone copies what passes change, and tells which instruction each copy is of.
func (p *program) clone() (c *program, of map[*instr]int) {
	c, of = &program{}, make(map[*instr]int, len(p.instrs))
	*c = *p
	c.values, c.stores = slices.Clone(p.values), slices.Clone(p.stores)
	c.outputs, c.updates = slices.Clone(p.outputs), slices.Clone(p.updates)
	c.instrs = make([]*instr, len(p.instrs))
	for i, in := range p.instrs {
		same := *in
		c.instrs[i] = &same
		of[&same] = i
	}
	return c, of
}

// layout is where a program's instructions and bytes will be.
type layout struct {
	settled *program
	at      []int // position of each instruction once updates are placed
	peak    int   // most bytes that are live at one position
	first   int   // where that is first
	times   int   // and at how many positions
}

func (r *recomputation) layOut() *layout {
	settled, of := r.program.clone()
	settle(settled)
	inplace(settled)
	l := &layout{settled: settled, at: make([]int, len(r.instrs))}
	for pos, in := range settled.instrs {
		if i, ok := of[in]; ok {
			l.at[i] = pos
		}
	}
	change := make([]int, len(settled.instrs)+1)
	for _, t := range settled.lives() {
		change[t.first] += t.bytes
		change[t.last+1] -= t.bytes
	}
	live := 0
	for pos, c := range change {
		switch live += c; {
		case live > l.peak:
			l.peak, l.first, l.times = live, pos, 1
		case live == l.peak:
			l.times++
		}
	}
	return l
}

func (l *layout) arena() int {
	_, arena := plan(l.settled)
	return arena
}

// less orders by the peak, then by how long it lasts.
func (l *layout) less(m *layout) bool {
	return cmp.Or(cmp.Compare(l.peak, m.peak), cmp.Compare(l.times, m.times)) < 0
}

// byteCost is how many multiplications or additions take the time of moving a byte.
const byteCost = 4

// cost estimates the time of an instruction in arithmetic operations.
func (p *program) cost(in *instr) int64 {
	values := func(vs []value) []chip.Value {
		list := make([]chip.Value, len(vs))
		for i, v := range vs {
			list[i] = chip.Value{DType: p.typeOf(v).dtype, Shape: p.typeOf(v).shape}
		}
		return list
	}
	sum := chip.FLOPs(in.op, values(in.args), values(in.outs))
	for _, v := range slices.Concat(in.args, in.outs) {
		sum += int64(byteCost * p.typeOf(v).bytes())
	}
	return sum
}
