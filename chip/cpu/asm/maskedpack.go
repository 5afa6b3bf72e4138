package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// copyMasked copies groups of width floats, the last of which under a mask.
func (g gen) copyMasked(name string, width int) {
	var rest mask
	g.copier(name)
	c := g.copying(func() {
		if width%g.set.lanes > 0 {
			lanes := g.GP64()
			g.MOVQ(U32(width%g.set.lanes), lanes)
			rest = g.first(lanes)
		}
	})
	for at := 0; at < width; at += g.set.lanes {
		var m mask
		if at+g.set.lanes > width {
			m = rest
		}
		if at > 0 {
			g.PREFETCHT0(Mem{Base: c.src, Index: c.fromRow, Scale: 8, Disp: 4 * at})
		}
		y := g.vec()
		g.loadAt(Mem{Base: c.src, Disp: 4 * at}, y, m)
		g.storeAt(y, Mem{Base: c.dst, Disp: 4 * at}, m)
	}
	g.copied(c)
}

// transpose16 turns blocks of 16 rows by 16 steps, and what is left of the
// steps under a mask.
func (g gen) transpose16() {
	g.Doc(g.function("transpose16")+" writes dst[k][r] = rows[r][k] for n of 16 rows and steps steps, stride bytes",
		"apart. Every row is read.")
	g.SignatureExpr("func(dst uintptr, rows *[16]uintptr, n, steps, stride int)")
	dst, rows := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("rows"), g.GP64())
	n, stride := g.GP64(), g.Load(g.Param("stride"), g.GP64())
	g.Load(g.Param("n"), n)
	lanes := g.first(n)
	left, at, row := g.GP64(), g.GP64(), g.GP64()
	g.Load(g.Param("steps"), left)
	g.XORQ(at, at)
	block := func(m mask) (out [16]vec) {
		var in [16]vec
		for r := range in {
			in[r] = g.vec()
			g.MOVQ(Mem{Base: rows, Disp: 8 * r}, row)
			g.loadAt(Mem{Base: row, Index: at, Scale: 1}, in[r], m)
		}
		return g.turned(in)
	}
	g.SUBQ(U32(g.set.lanes), left)
	g.JL(LabelRef("rest"))
	g.Label("block")
	for _, y := range block(nil) {
		g.storeAt(y, Mem{Base: dst}, lanes)
		g.ADDQ(stride, dst)
	}
	g.ADDQ(U32(g.bytes()), at)
	g.SUBQ(U32(g.set.lanes), left)
	g.JGE(LabelRef("block"))
	g.Label("rest")
	g.ADDQ(U32(g.set.lanes), left)
	g.JZ(LabelRef("done"))
	count := g.GP64()
	g.MOVQ(left, count)
	for i, y := range block(g.first(left)) {
		g.storeAt(y, Mem{Base: dst}, lanes)
		if i == g.set.lanes-1 {
			break
		}
		g.ADDQ(stride, dst)
		g.DECQ(count)
		g.JZ(LabelRef("done"))
	}
	g.Label("done")
	g.VZEROUPPER()
	g.RET()
}

// turned transposes 16 vectors, each step doubling what lies together.
func (g gen) turned(in [16]vec) (out [16]vec) {
	var two, four [16]vec
	for i := range 8 { // neighbours interleaved
		two[2*i], two[2*i+1] = g.vec(), g.vec()
		g.VUNPCKLPS(in[2*i+1], in[2*i], two[2*i])
		g.VUNPCKHPS(in[2*i+1], in[2*i], two[2*i+1])
	}
	for i := range 4 { // quarter q of four[4·i+j] holds step 4·q+j of rows 4·i to 4·i+3
		for j := range 2 {
			lo, hi := two[4*i+j], two[4*i+2+j]
			four[4*i+2*j], four[4*i+2*j+1] = g.vec(), g.vec()
			g.VUNPCKLPD(hi, lo, four[4*i+2*j])
			g.VUNPCKHPD(hi, lo, four[4*i+2*j+1])
		}
	}
	// Even takes quarters 0 and 2 of two vectors, odd 1 and 3.
	const even, odd = 0b10_00_10_00, 0b11_01_11_01
	pick := func(quarters uint8, a, b vec) vec {
		y := g.vec()
		g.VSHUFF32X4(U8(quarters), b, a, y)
		return y
	}
	for j := range 4 {
		for q, quarters := range []uint8{even, odd} {
			a, b := pick(quarters, four[j], four[4+j]), pick(quarters, four[8+j], four[12+j])
			out[4*q+j] = pick(even, a, b)
			out[4*(q+2)+j] = pick(odd, a, b)
		}
	}
	return out
}
