package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bfloats writes the conversions between float32 and bfloat16.
func bfloats(g gen) {
	g.convertEight("widenAVX2", "widens", "func(dst *float32, src *uint16, n int)", 32, 16, func(dst, src reg.Register, _ *consts) {
		y := g.YMM()
		g.VPMOVZXWD(Mem{Base: src}, y)
		g.VPSLLD(U8(16), y, y)
		g.VMOVDQU(y, Mem{Base: dst})
	})
	g.convertEight("shortenAVX2", "rounds, ties to even,", "func(dst *uint16, src *float32, n int)", 16, 32, func(dst, src reg.Register, k *consts) {
		x, high, y, nan := g.YMM(), g.YMM(), g.YMM(), g.YMM()
		g.VMOVDQU(Mem{Base: src}, x)
		g.VPSRLD(U8(16), x, high)
		g.VPAND(k.bits(1), high, y) // odd: a tie goes up
		g.VPADDD(k.bits(0x7fff), y, y)
		g.VPADDD(x, y, y)
		g.VPSRLD(U8(16), y, y)
		g.VCMPPS(U8(3), x, x, nan) // what is no number stays none
		g.VPOR(k.bits(1<<6), high, high)
		g.VBLENDVPS(nan, high, y, y)
		g.VPACKUSDW(y, y, y)
		g.VPERMQ(U8(0b1000), y, y)
		g.VMOVDQU(y.AsX(), Mem{Base: dst})
	}, 1, 0x7fff, 1<<6)
}

// convertEight writes a loop over groups of eight elements, of which to and
// from are the bytes.
func (g gen) convertEight(name, verb, signature string, to, from int, body func(dst, src reg.Register, k *consts), preload ...uint32) {
	g.function(name)
	g.Doc(name + " " + verb + " n groups of eight numbers, n at least 1.")
	g.SignatureExpr(signature)
	dst, src := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64())
	n := g.Load(g.Param("n"), g.GP64())
	k := &consts{g, map[uint32]vec{}}
	for _, x := range preload {
		k.bits(x)
	}
	g.Label("group")
	body(dst, src, k)
	g.ADDQ(U32(from), src)
	g.ADDQ(U32(to), dst)
	g.DECQ(n)
	g.JNZ(LabelRef("group"))
	g.VZEROUPPER()
	g.RET()
}
