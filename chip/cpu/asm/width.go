package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// set is an instruction set that the kernels are written for.
type set struct {
	name, suffix string // of files and of functions
	lanes        int    // float32s of a vector
}

var (
	avx2   = set{"avx2", "AVX2", 8}
	avx512 = set{"avx512", "AVX512", 16}
)

// vec is a register of float32 lanes: a YMM register of AVX2, a ZMM register of
// AVX-512.
type vec = reg.VecVirtual

// mask selects lanes: a vector of ones and zeros in AVX2, a mask register in
// AVX-512. nil selects all.
type mask = reg.Register

// masked reports whether the set has mask registers.
func (g gen) masked() bool { return g.set.name == avx512.name }

// half works on half vectors of the set.
func (g gen) half() gen {
	g.set.lanes /= 2
	return g
}

// bytes of a vector.
func (g gen) bytes() int { return 4 * g.set.lanes }

// vec is a fresh vector register.
func (g gen) vec() vec {
	if g.set.lanes == 16 {
		return g.ZMM()
	}
	return g.YMM()
}

// zero is a vector of zeros.
func (g gen) zero() vec {
	y := g.vec()
	g.VXORPS(y, y, y)
	return y
}

// first selects the first n lanes, fewer than all; it uses n up.
func (g gen) first(n reg.GPVirtual) mask {
	if g.masked() {
		m, k := g.GP32(), g.K()
		g.MOVL(U32(1<<g.set.lanes-1), m)
		g.BZHIL(n.As32(), m, m)
		g.KMOVW(m, k)
		return k
	}
	base, m := g.GP64(), g.YMM()
	g.LEAQ(g.tailMasks(), base)
	g.SHLQ(U8(2), n)
	g.SUBQ(n, base)
	g.VMOVDQU(Mem{Base: base, Disp: 32}, m)
	return m
}

// tailMasks holds eight lanes of ones and eight of zeros: n lanes begin 4·n bytes before the zeros.
func (g gen) tailMasks() Mem {
	if m, ok := g.data["tailMasks"]; ok {
		return m
	}
	m := g.StaticGlobal("tailMasks")
	g.data["tailMasks"] = m
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		v := uint32(0)
		if i < 8 {
			v = math.MaxUint32
		}
		g.AddDatum(4*i, U32(v))
	}
	return m
}

// loadAt reads the lanes that m selects, zeros elsewhere.
func (g gen) loadAt(at Mem, y vec, m mask) {
	switch {
	case m == nil:
		g.VMOVUPS(at, y)
	case g.masked():
		g.VMOVUPS_Z(at, m, y)
	default:
		g.VMASKMOVPS(at, m, y)
	}
}

// storeAt writes the lanes that m selects.
func (g gen) storeAt(y vec, at Mem, m mask) {
	switch {
	case m == nil:
		g.VMOVUPS(y, at)
	case g.masked():
		g.VMOVUPS(y, m, at)
	default:
		g.VMASKMOVPS(y, m, at)
	}
}

// load reads vector i behind ptr+idx.
func (g gen) load(ptr, idx reg.GPVirtual, i int, m mask) vec {
	y := g.vec()
	g.loadAt(Mem{Base: ptr, Index: idx, Scale: 1, Disp: g.bytes() * i}, y, m)
	return y
}

// store writes vector i behind ptr+idx.
func (g gen) store(y vec, ptr, idx reg.GPVirtual, i int, m mask) {
	g.storeAt(y, Mem{Base: ptr, Index: idx, Scale: 1, Disp: g.bytes() * i}, m)
}

// none is a mask that selects no lane yet; either adds to it.
func (g gen) none() mask {
	if g.masked() {
		k := g.K()
		g.KXORW(k, k, k)
		return k
	}
	return g.mem(0)
}

// bits of a mask, one for each lane.
func (g gen) bits(m mask) reg.Register {
	r := g.GP32()
	if g.masked() {
		g.KMOVW(m, r)
	} else {
		g.VMOVMSKPS(m, r)
	}
	return r
}

// Predicates of comparisons.
const (
	equal     = 0
	less      = 1
	atMost    = 2
	unordered = 3 // either is NaN
	notEqual  = 4
	notAtMost = 6
	greater   = 14
)

// compare selects the lanes where a and b are in the relation.
func (g gen) compare(a vec, relation uint8, b Op) mask {
	var m mask
	if g.masked() {
		m = g.K()
	} else {
		m = g.YMM()
	}
	g.VCMPPS(U8(relation), b, a, m)
	return m
}

// either selects what one of the masks does, in m.
func (g gen) either(other, m mask) {
	if g.masked() {
		g.KORW(other, m, m)
	} else {
		g.VORPS(other, m, m)
	}
}

// blend writes yes where m selects, no elsewhere.
func (g gen) blend(m mask, yes, no, y vec) {
	if g.masked() {
		g.VBLENDMPS(yes, no, m, y)
	} else {
		g.VBLENDVPS(m, yes, no, y)
	}
}

// keep is y where m selects, 0 elsewhere.
func (g gen) keep(m mask, y vec) vec {
	if g.masked() {
		g.VMOVAPS_Z(y, m, y)
		return y
	}
	g.VANDPS(m, y, y)
	return y
}

// spoil makes y a NaN, all ones, where m selects.
func (g gen) spoil(m mask, y vec) {
	if g.masked() {
		g.VPTERNLOGD(U8(0xff), y, y, m, y)
	} else {
		g.VORPS(m, y, y)
	}
}

// chosen is x where m selects, 0 elsewhere, in a register of its own or in that of m.
func (g gen) chosen(m mask, x vec) vec {
	if g.masked() {
		y := g.ZMM()
		g.VMOVAPS_Z(x, m, y)
		return y
	}
	y := m.(vec)
	g.VANDPS(x, y, y)
	return y
}

// Rounding modes of round; bit 3 keeps the inexact flag down.
const (
	toEven = 8
	down   = 9
	up     = 10
)

// round rounds to whole numbers.
func (g gen) round(mode uint8, x, y vec) {
	if g.masked() {
		g.VRNDSCALEPS(U8(mode), x, y)
	} else {
		g.VROUNDPS(U8(mode), x, y)
	}
}
