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
func (g gen) mostHeld() int {
	if g.masked() {
		return 16
	}
	return 4
}

// hold loads the constants that body reads through fixed before the loop that
// repeats it, as many as there are registers for. Body is rehearsed for that.
func (g gen) hold(body func()) {
	real, data := *g.Context, maps.Clone(g.data)
	*g.Context = *build.NewContext()
	clear(g.data)
	g.Function("rehearsal")
	g.held.asked = nil
	body()
	*g.Context = real
	clear(g.data)
	maps.Copy(g.data, data)
	for _, x := range g.held.asked[:min(len(g.held.asked), g.mostHeld())] {
		g.held.regs[x] = g.broadcast(x)
	}
}

// holdAll loads constants before a loop.
func (g gen) holdAll(xs ...float32) {
	for _, x := range xs {
		g.held.regs[math.Float32bits(x)] = g.mem(x)
	}
}

// fixed is a register with x in all lanes, which is read and not written.
func (g gen) fixed(x float32) vec { return g.fixedBits(math.Float32bits(x)) }

func (g gen) fixedBits(x uint32) vec {
	if r, ok := g.held.regs[x]; ok {
		return r
	}
	if !slices.Contains(g.held.asked, x) {
		g.held.asked = append(g.held.asked, x)
	}
	return g.broadcast(x)
}

// mem broadcasts x into a fresh register, which may be written.
func (g gen) mem(x float32) vec { return g.broadcast(math.Float32bits(x)) }

func (g gen) broadcast(x uint32) vec {
	r := g.vec()
	g.VBROADCASTSS(g.word(x), r)
	return r
}
