package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bfloats writes the conversions between float32 and bfloat16.
func bfloats(g gen) {
	g.convert("widen", "widens", "func(dst *float32, src *uint16, n int)", 4, 2, func(dst, src reg.Register) {
		y := g.vec()
		g.VPMOVZXWD(Mem{Base: src}, y)
		g.VPSLLD(U8(16), y, y)
		g.storeAt(y, Mem{Base: dst}, nil)
	})
	and, or := g.VPAND, g.VPOR
	if g.masked() {
		and = func(a, b, y Op) { g.VPANDD(a, b, y) }
		or = func(a, b, y Op) { g.VPORD(a, b, y) }
	}
	g.convert("shorten", "rounds, ties to even,", "func(dst *uint16, src *float32, n int)", 2, 4, func(dst, src reg.Register) {
		x, high, y := g.vec(), g.vec(), g.vec()
		g.loadAt(Mem{Base: src}, x, nil)
		g.VPSRLD(U8(16), x, high)
		and(g.fixedBits(1), high, y) // odd: a tie goes up
		g.VPADDD(g.fixedBits(0x7fff), y, y)
		g.VPADDD(x, y, y)
		g.VPSRLD(U8(16), y, y)
		nan := g.compare(x, unordered, x) // what is no number stays none
		or(g.fixedBits(1<<6), high, high)
		g.blend(nan, high, y, y)
		if g.masked() {
			g.VPMOVDW(y, Mem{Base: dst})
			return
		}
		g.VPACKUSDW(y, y, y)
		g.VPERMQ(U8(0b1000), y, y)
		g.VMOVDQU(y.AsX(), Mem{Base: dst})
	})
}

// convert writes a loop over vectors of elements, of which to and from are the
// bytes.
func (g gen) convert(name, verb, signature string, to, from int, body func(dst, src reg.Register)) {
	g.Doc(fmt.Sprintf("%s %s n groups of %d numbers, n at least 1.", g.function(name), verb, g.set.lanes))
	g.SignatureExpr(signature)
	dst, src := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64())
	n := g.Load(g.Param("n"), g.GP64())
	g.hold(func() { body(g.GP64(), g.GP64()) })
	g.Label("group")
	body(dst, src)
	g.ADDQ(U32(from*g.set.lanes), src)
	g.ADDQ(U32(to*g.set.lanes), dst)
	g.DECQ(n)
	g.JNZ(LabelRef("group"))
	g.VZEROUPPER()
	g.RET()
}
