package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of cpu.poolRow.
const (
	poolX      = 0  // address of the first window
	poolY      = 8  // address of the first output
	poolIndex  = 16 // address of the first index
	poolN      = 24 // outputs
	poolStep   = 32 // bytes from one window to the next
	poolC      = 40 // channels
	poolTaps   = 48 // address of the taps: pairs of byte offset and position
	poolNTaps  = 56
	poolAt     = 64 // int32: position of the first window
	poolAtStep = 68 // int32: from one window to the next
)

// pools writes the pooling kernel.
func pools(g gen) {
	g.Doc(g.function("maxPoolRow") + " takes the maxima of a row of windows that lie inside the image; see poolRow.")
	g.SignatureExpr("func(p *byte)")
	p := g.Load(g.Param("p"), g.GP64())
	at := func(off int) Mem { return Mem{Base: p, Disp: off} }
	left, base := g.GP64(), g.GP64()
	g.MOVQ(at(poolC), left)
	g.XORQ(base, base)
	g.Label("group")
	g.CMPQ(left, U32(g.set.lanes))
	g.JL(LabelRef("tail"))
	g.poolGroup(at, base, nil, "full")
	g.ADDQ(U32(g.bytes()), base)
	g.SUBQ(U32(g.set.lanes), left)
	g.JMP(LabelRef("group"))
	g.Label("tail")
	g.TESTQ(left, left)
	g.JZ(LabelRef("done"))
	g.poolGroup(at, base, g.first(left), "rest")
	g.Label("done")
	g.VZEROUPPER()
	g.RET()
}

// poolGroup does a vector of channels of all windows. Without mask registers,
// whose stores cost nothing, outputs of fewer channels are stored whole and the
// next one overwrites what is too much, but for the last ones of a row: what
// lies behind it may belong to another worker.
func (g gen) poolGroup(at func(int) Mem, base reg.GPVirtual, rest mask, label string) {
	x, y, index, n, taps, count := g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	width := g.GP64()
	g.MOVQ(at(poolX), x)
	g.ADDQ(base, x)
	g.MOVQ(at(poolY), y)
	g.ADDQ(base, y)
	g.MOVQ(at(poolIndex), index)
	g.ADDQ(base, index)
	g.MOVQ(at(poolN), n)
	g.MOVQ(at(poolC), width)
	g.SHLQ(U8(2), width)
	here, step := g.vec(), g.vec()
	g.VPBROADCASTD(at(poolAt), here)
	g.VPBROADCASTD(at(poolAtStep), step)
	g.Label(label + "Window")
	best, pos, v, off := g.vec(), g.vec(), g.vec(), g.GP64()
	g.MOVQ(at(poolTaps), taps)
	g.MOVQ(at(poolNTaps), count)
	load := func(to vec) {
		g.MOVQ(Mem{Base: taps}, off)
		src := Mem{Base: x, Index: off, Scale: 1}
		g.loadAt(src, to, rest)
	}
	load(best)
	g.VPBROADCASTD(Mem{Base: taps, Disp: 8}, pos)
	g.JMP(LabelRef(label + "Next"))
	g.Label(label + "Tap")
	load(v)
	m := g.compare(v, greater, best)
	g.either(g.compare(v, unordered, v), m)
	g.blend(m, v, best, best)
	tap := g.vec()
	g.VPBROADCASTD(Mem{Base: taps, Disp: 8}, tap)
	g.blend(m, tap, pos, pos)
	g.Label(label + "Next")
	g.ADDQ(U32(16), taps)
	g.DECQ(count)
	g.JNZ(LabelRef(label + "Tap"))
	g.VPADDD(here, pos, pos)
	g.VPADDD(step, here, here)
	store := func(m mask) {
		g.storeAt(best, Mem{Base: y}, m)
		g.storeAt(pos, Mem{Base: index}, m)
	}
	if rest == nil || g.masked() {
		store(rest)
	} else {
		g.CMPQ(at(poolC), U32(8))
		g.JGE(LabelRef("masked"))
		g.MOVQ(n, count)
		g.IMULQ(at(poolC), count)
		g.CMPQ(count, U32(8))
		g.JGE(LabelRef("narrow"))
		g.Label("masked")
		store(rest)
		g.JMP(LabelRef("stored"))
		g.Label("narrow")
		store(nil)
		g.Label("stored")
	}
	g.ADDQ(at(poolStep), x)
	g.ADDQ(width, y)
	g.ADDQ(width, index)
	g.DECQ(n)
	g.JNZ(LabelRef(label + "Window"))
}
