package graph

import (
	"cmp"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// eviction is a set of results of one instruction that are not kept over a
// position, with the instructions that make them anew behind it.
type eviction struct {
	stores []int         // of the results
	late   map[int][]int // their readers behind the position, by store
	before int           // the instruction in front of which the copies go
	copies []int         // instructions to copy, operands first
	use    map[int]int   // operand of a copy: the store that holds it there
	score  float64
}

// maxCopies bounds what is run anew for one eviction.
const maxCopies = 64

// evictions lists what can be given up where the layout has its peak, best first.
func (r *recomputation) evictions(l *layout) []*eviction {
	f := r.flow()
	copies := map[int][]int{} // the stores that hold the same, by origin
	for s, o := range r.origin {
		copies[o] = append(copies[o], s)
	}
	var list []*eviction
	for i := range r.instrs {
		if l.at[i] < l.first {
			if e := r.eviction(i, l, f, copies); e != nil {
				list = append(list, e)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *eviction) int { return cmp.Compare(a.score, b.score) })
	return list
}

// eviction gives up the results of instruction i that are idle at l's peak, or
// returns nil.
func (r *recomputation) eviction(i int, l *layout, f *flow, copies map[int][]int) *eviction {
	e := &eviction{late: map[int][]int{}, before: len(r.instrs), use: map[int]int{}}
	bytes, idle := 0, len(r.instrs)
	for _, o := range r.instrs[i].outs {
		s := r.storeOf(o)
		last, next := l.at[i], len(l.settled.instrs)
		for _, reader := range f.reads[s] {
			if pos := l.at[reader]; pos <= l.first {
				last = max(last, pos)
			} else {
				next = min(next, pos)
				e.late[s] = append(e.late[s], reader)
			}
		}
		if f.kept[s] || last == l.first || len(e.late[s]) == 0 {
			delete(e.late, s)
			continue
		}
		e.stores = append(e.stores, s)
		e.before = min(e.before, e.late[s][0])
		bytes += r.stores[s].bytes
		idle = min(idle, next-last)
	}
	if bytes == 0 {
		return nil
	}
	c := &chooser{r, l, f, copies, e}
	for _, s := range e.stores {
		if !c.provide(s) {
			return nil
		}
	}
	cost := int64(0)
	for _, j := range e.copies {
		cost += r.cost(r.instrs[j])
	}
	e.score = float64(cost) / (float64(bytes) * float64(idle))
	return e
}

// chooser finds which instructions an eviction must copy.
type chooser struct {
	*recomputation
	*layout
	*flow
	same map[int][]int
	*eviction
}

// provide sees to it that what store s holds is there in front of e.before:
// in a store that lives over the peak anyway or is made behind it, else by a copy.
func (c *chooser) provide(s int) bool {
	if _, done := c.use[s]; done || c.program.stores[s].kind != chip.Temp {
		return true
	}
	best := -1
	for _, t := range c.same[c.origin[s]] {
		if d := c.def[t]; d >= 0 && d < c.before && !slices.Contains(c.eviction.stores, t) && c.there(t) && (best < 0 || d > c.def[best]) {
			best = t
		}
	}
	if best >= 0 {
		c.use[s] = best
		return true
	}
	j := c.def[s]
	if j < 0 || len(c.eviction.copies) >= maxCopies {
		return false
	}
	in := c.instrs[j]
	for k := range in.outs {
		if _, must := sharing(in, k); must {
			return false
		}
	}
	for _, a := range in.args {
		if !c.provide(c.storeOf(a)) {
			return false
		}
	}
	if !slices.Contains(c.eviction.copies, j) {
		c.eviction.copies = append(c.eviction.copies, j)
	}
	return true
}

// there reports whether a store is made behind the peak or lives at it.
func (c *chooser) there(s int) bool {
	if c.kept[s] || c.at[c.def[s]] >= c.layout.first {
		return true
	}
	return slices.ContainsFunc(c.reads[s], func(i int) bool { return c.at[i] >= c.layout.first })
}

// evict puts the copies in place and lets the readers behind the position use
// them, and with share those of copies further down too.
func (r *recomputation) evict(e *eviction, share bool) {
	made := map[int]value{}
	var copies []*instr
	for _, j := range e.copies {
		in := r.instrs[j]
		c := *in
		c.args, c.outs = slices.Clone(in.args), nil
		for k, a := range in.args {
			s := r.storeOf(a)
			if v, ok := made[s]; ok {
				c.args[k] = r.reshape(v, r.typeOf(a).shape)
			} else if t, ok := e.use[s]; ok {
				c.args[k] = r.view(t, a)
			}
		}
		for _, o := range in.outs {
			v := r.newValue(r.typeOf(o), r.stores[r.storeOf(o)])
			made[r.storeOf(o)] = v
			c.outs = append(c.outs, v)
			r.origin = append(r.origin, r.origin[r.storeOf(o)])
		}
		copies = append(copies, &c)
	}
	for _, s := range e.stores {
		for _, i := range e.late[s] {
			r.read(r.instrs[i], s, made, e.use)
		}
	}
	if share {
		r.shareLater(e.before, made)
	}
	r.instrs = slices.Insert(r.instrs, e.before, copies...)
	deadcode(r.program)
}

// read makes in use the copy of what it reads from store s.
func (r *recomputation) read(in *instr, s int, made map[int]value, use map[int]int) {
	in.args = slices.Clone(in.args)
	for k, a := range in.args {
		if r.storeOf(a) != s {
			continue
		}
		if v, ok := made[s]; ok {
			in.args[k] = r.reshape(v, r.typeOf(a).shape)
		} else {
			in.args[k] = r.view(use[s], a)
		}
	}
}

// view is a look at store s of the type of a.
func (r *recomputation) view(s int, a value) value {
	if r.storeOf(a) == s {
		return a
	}
	r.values = append(r.values, view{r.typeOf(a), s})
	return value(len(r.values) - 1)
}

// shareLater lets the new copies serve the readers of copies further down,
// which are made from instruction number from on.
func (r *recomputation) shareLater(from int, made map[int]value) {
	byOrigin := map[int]value{}
	for s, v := range made {
		byOrigin[r.origin[s]] = v
	}
	later := map[int]value{}
	for _, in := range r.instrs[from:] {
		for k, a := range in.args {
			if v, ok := later[r.storeOf(a)]; ok {
				in.args = slices.Clone(in.args)
				in.args[k] = r.reshape(v, r.typeOf(a).shape)
			}
		}
		for _, o := range in.outs {
			if v, ok := byOrigin[r.origin[r.storeOf(o)]]; ok {
				later[r.storeOf(o)] = v
			}
		}
	}
}
