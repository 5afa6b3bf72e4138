package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vec is a register of eight float32 lanes.
type vec = reg.VecVirtual

// consts caches one register or memory operand for each constant of a function.
type consts struct {
	g    gen
	regs map[uint32]vec
}

// f is a register that holds x in all lanes, loaded where it is first used;
// functions preload what their loops need.
func (c *consts) f(x float32) vec { return c.bits(math.Float32bits(x)) }

func (c *consts) bits(x uint32) vec {
	if r, ok := c.regs[x]; ok {
		return r
	}
	r := c.g.YMM()
	c.g.VBROADCASTSS(c.g.word(x), r)
	c.regs[x] = r
	return r
}

// mem broadcasts x into a fresh register: for loops with many constants.
func (g gen) mem(x float32) vec {
	r := g.YMM()
	g.VBROADCASTSS(g.word(math.Float32bits(x)), r)
	return r
}

// word is a 32-bit constant in memory.
func (g gen) word(x uint32) Mem {
	name := fmt.Sprintf("c%08x", x)
	m, ok := g.data[name]
	if !ok {
		m = g.ConstData(name, U32(x))
		g.data[name] = m
	}
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

// loop walks n elements: blocks of unroll·8, then 8, then a masked rest. body
// gets the byte offset register and displacement, the mask of the last round
// (nil before) and how many vectors to do.
func (g gen) loop(masks Mem, n reg.GPVirtual, unroll int, body func(idx reg.GPVirtual, count int, mask *vec)) {
	idx := g.GP64()
	g.XORQ(idx, idx)
	if unroll > 1 {
		g.SUBQ(U32(8*unroll), n)
		g.JL(LabelRef("wideDone"))
		g.Label("wide")
		body(idx, unroll, nil)
		g.ADDQ(U32(32*unroll), idx)
		g.SUBQ(U32(8*unroll), n)
		g.JGE(LabelRef("wide"))
		g.Label("wideDone")
		g.ADDQ(U32(8*unroll), n)
	}
	g.SUBQ(U32(8), n)
	g.JL(LabelRef("slimDone"))
	g.Label("slim")
	body(idx, 1, nil)
	g.ADDQ(U32(32), idx)
	g.SUBQ(U32(8), n)
	g.JGE(LabelRef("slim"))
	g.Label("slimDone")
	g.ADDQ(U32(8), n)
	g.JZ(LabelRef("done"))
	base, mask := g.GP64(), g.YMM()
	g.LEAQ(masks, base)
	g.SHLQ(U8(2), n)
	g.SUBQ(n, base)
	g.VMOVDQU(Mem{Base: base, Disp: 32}, mask)
	body(idx, 1, &mask)
	g.Label("done")
}

// load reads vector i behind ptr+idx, under a mask with zeros elsewhere.
func (g gen) load(ptr, idx reg.GPVirtual, i int, mask *vec) vec {
	y, m := g.YMM(), Mem{Base: ptr, Index: idx, Scale: 1, Disp: 32 * i}
	if mask != nil {
		g.VMASKMOVPS(m, *mask, y)
	} else {
		g.VMOVUPS(m, y)
	}
	return y
}

func (g gen) store(y vec, ptr, idx reg.GPVirtual, i int, mask *vec) {
	m := Mem{Base: ptr, Index: idx, Scale: 1, Disp: 32 * i}
	if mask != nil {
		g.VMASKMOVPS(y, *mask, m)
	} else {
		g.VMOVUPS(y, m)
	}
}

// mapFn writes func(dst, a, b, c []float32) with f applied to vectors.
func (g gen) mapFn(masks Mem, name, doc string, args, unroll int, f func(k *consts, in []vec) vec, preload ...float32) {
	g.function(name)
	g.Doc(name + " writes " + doc + ".")
	g.SignatureExpr("func(dst, a, b, c []float32)")
	dst, n := g.Load(g.Param("dst").Base(), g.GP64()), g.Load(g.Param("dst").Len(), g.GP64())
	var ptrs []reg.GPVirtual
	for _, p := range []string{"a", "b", "c"}[:args] {
		ptrs = append(ptrs, g.Load(g.Param(p).Base(), g.GP64()).(reg.GPVirtual))
	}
	k := &consts{g, map[uint32]vec{}}
	for _, x := range preload {
		k.f(x)
	}
	g.loop(masks, n.(reg.GPVirtual), unroll, func(idx reg.GPVirtual, count int, mask *vec) {
		var out []vec
		for i := range count {
			var in []vec
			for _, p := range ptrs {
				in = append(in, g.load(p, idx, i, mask))
			}
			out = append(out, f(k, in))
		}
		for i, y := range out {
			g.store(y, dst.(reg.GPVirtual), idx, i, mask)
		}
	})
	g.VZEROUPPER()
	g.RET()
}

// op2 applies a three-operand instruction to (a, b): ins(b, a, dst).
func (g gen) op2(ins func(...Op), a, b vec) vec {
	y := g.YMM()
	ins(b, a, y)
	return y
}

// elementwise writes the simple functions of maps.
func elementwise(g gen) {
	masks := g.tailMasks()
	bin := func(name, doc string, ins func(...Op)) {
		g.mapFn(masks, name, doc, 2, 4, func(_ *consts, in []vec) vec { return g.op2(ins, in[0], in[1]) })
	}
	bin("addAVX2", "a + b", g.VADDPS)
	bin("subAVX2", "a - b", g.VSUBPS)
	bin("mulAVX2", "a·b", g.VMULPS)
	bin("divAVX2", "a/b", g.VDIVPS)
	for _, m := range []struct {
		name, doc string
		ins       func(...Op)
	}{{"maxAVX2", "the greater of a and b, NaN if either is", g.VMAXPS}, {"minAVX2", "the lesser of a and b, NaN if either is", g.VMINPS}} {
		g.mapFn(masks, m.name, m.doc, 2, 2, func(_ *consts, in []vec) vec {
			// The instruction gives b when either is NaN: put a's NaNs back.
			y, nan := g.op2(m.ins, in[0], in[1]), g.YMM()
			g.VCMPPS(U8(3), in[0], in[0], nan)
			g.VBLENDVPS(nan, in[0], y, y)
			return y
		})
	}
	for _, c := range []struct {
		name, doc string
		predicate uint8
	}{{"eqAVX2", "1 where a = b, else 0", 0}, {"neAVX2", "1 where a ≠ b, else 0", 4}, {"ltAVX2", "1 where a < b, else 0", 1}, {"leAVX2", "1 where a ≤ b, else 0", 2}} {
		g.mapFn(masks, c.name, c.doc, 2, 4, func(k *consts, in []vec) vec {
			y := g.YMM()
			g.VCMPPS(U8(c.predicate), in[1], in[0], y)
			g.VANDPS(k.f(1), y, y)
			return y
		}, 1)
	}
	unaries(g, masks)
}

func unaries(g gen, masks Mem) {
	unary := func(name, doc string, preload []float32, f func(k *consts, x vec) vec) {
		g.mapFn(masks, name, doc, 1, 4, func(k *consts, in []vec) vec { return f(k, in[0]) }, preload...)
	}
	negZero := float32(math.Copysign(0, -1))
	unary("negAVX2", "-a", []float32{negZero}, func(k *consts, x vec) vec { return g.op2(g.VXORPS, x, k.f(negZero)) })
	unary("absAVX2", "|a|", []float32{negZero}, func(k *consts, x vec) vec { return g.op2(g.VANDNPS, k.f(negZero), x) })
	unary("reluAVX2", "max(a, 0), NaN stays", []float32{0}, func(k *consts, x vec) vec { return g.op2(g.VMAXPS, k.f(0), x) })
	unary("recipAVX2", "1/a", []float32{1}, func(k *consts, x vec) vec { return g.op2(g.VDIVPS, k.f(1), x) })
	unary("sqrtAVX2", "√a", nil, func(_ *consts, x vec) vec {
		y := g.YMM()
		g.VSQRTPS(x, y)
		return y
	})
	unary("rsqrtAVX2", "1/√a", []float32{1}, func(k *consts, x vec) vec {
		y := g.YMM()
		g.VSQRTPS(x, y)
		return g.op2(g.VDIVPS, k.f(1), y)
	})
	for _, r := range []struct {
		name, doc string
		mode      uint8
	}{{"roundAVX2", "a rounded, half to even", 8}, {"floorAVX2", "a rounded down", 9}, {"ceilAVX2", "a rounded up", 10}} {
		unary(r.name, r.doc, nil, func(_ *consts, x vec) vec {
			y := g.YMM()
			g.VROUNDPS(U8(r.mode), x, y)
			return y
		})
	}
	unary("notAVX2", "1 where a = 0, else 0", []float32{0, 1}, func(k *consts, x vec) vec {
		y := g.YMM()
		g.VCMPPS(U8(0), k.f(0), x, y)
		return g.op2(g.VANDPS, y, k.f(1))
	})
	unary("isNaNAVX2", "1 where a is NaN, else 0", []float32{1}, func(k *consts, x vec) vec {
		y := g.YMM()
		g.VCMPPS(U8(3), x, x, y)
		return g.op2(g.VANDPS, y, k.f(1))
	})
	g.mapFn(masks, "whereAVX2", "b where a ≠ 0, else c", 3, 2, func(k *consts, in []vec) vec {
		m, y := g.YMM(), g.YMM()
		g.VCMPPS(U8(4), k.f(0), in[0], m)
		g.VBLENDVPS(m, in[1], in[2], y)
		return y
	}, 0)
}
