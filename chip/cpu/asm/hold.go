package main

import (
	"maps"
	"math"
	"slices"

	"github.com/mmcloughlin/avo/build"
)

// holding are the constants that a function keeps in registers for its loop.
type holding struct {
	regs  map[uint32]vec
	asked []uint32 // in a rehearsal
}

func newHolding() *holding { return &holding{regs: map[uint32]vec{}} }

// mostHeld leaves registers for what the loop computes.
const mostHeld = 16

// hold loads the constants that body reads through fixed before the loop that
// repeats it, as many as AVX-512 has registers for. Body is rehearsed for that.
func (g gen) hold(body func()) {
	if !g.masked() {
		return
	}
	real, data := *g.Context, maps.Clone(g.data)
	*g.Context = *build.NewContext()
	clear(g.data)
	g.Function("rehearsal")
	g.held.asked = nil
	body()
	*g.Context = real
	clear(g.data)
	maps.Copy(g.data, data)
	for _, x := range g.held.asked[:min(len(g.held.asked), mostHeld)] {
		r := g.vec()
		g.VBROADCASTSS(g.word(x), r)
		g.held.regs[x] = r
	}
}

// fixed is a register with x in all lanes, which is read and not written.
func (g gen) fixed(x float32) vec {
	bits := math.Float32bits(x)
	if r, ok := g.held.regs[bits]; ok {
		return r
	}
	if !slices.Contains(g.held.asked, bits) {
		g.held.asked = append(g.held.asked, bits)
	}
	return g.mem(x)
}
