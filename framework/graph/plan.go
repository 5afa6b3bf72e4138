package graph

import (
	"cmp"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// alignment is that of every value in the arena, in bytes: a cache line.
const alignment = 64

// plan gives every temporary an offset and returns the arena's size. Values
// whose lives do not overlap share memory; larger values are placed first,
// each at the lowest offset that is free during its life.
func plan(p *program) (offsets []int, arena int) {
	lives := p.lives()
	slices.SortStableFunc(lives, func(a, b life) int { return cmp.Compare(b.bytes, a.bytes) })
	offsets = make([]int, len(p.stores))
	var placed []life
	for _, l := range lives {
		var busy []life
		for _, q := range placed {
			if q.first <= l.last && l.first <= q.last {
				busy = append(busy, q)
			}
		}
		slices.SortFunc(busy, func(a, b life) int { return cmp.Compare(offsets[a.store], offsets[b.store]) })
		at := 0
		for _, q := range busy {
			if offsets[q.store]-at >= l.bytes {
				break
			}
			at = max(at, offsets[q.store]+q.bytes)
		}
		offsets[l.store] = at
		arena = max(arena, at+l.bytes)
		placed = append(placed, l)
	}
	return offsets, arena
}

// life is the span of instructions during which a store must be kept.
type life struct {
	store, first, last, bytes int
}

// lives lists the temporaries in order of their first instruction.
func (p *program) lives() []life {
	index := make([]int, len(p.stores))
	var lives []life
	touch := func(v value, i int) {
		s := p.storeOf(v)
		if p.stores[s].kind != chip.Temp {
			return
		}
		if index[s] == 0 {
			bytes := (p.stores[s].bytes + alignment - 1) / alignment * alignment
			lives = append(lives, life{s, i, i, max(bytes, alignment)})
			index[s] = len(lives)
		}
		lives[index[s]-1].last = i
	}
	for i, in := range p.instrs {
		for _, a := range in.args {
			touch(a, i)
		}
		for _, o := range in.outs {
			touch(o, i)
		}
	}
	return lives
}
