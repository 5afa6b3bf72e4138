package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pairWinograds writes the transforms of integer Winograd convolution.
func pairWinograds(g gen) {
	g.windowTransform()
	g.sumTransform()
}

// windowTransform is Bᵀ·d·B of windows d of four by four pixels, 16 channels of
// int16 at a time. Rows of Bᵀ·d come from memory when they are needed, so that
// sixteen registers suffice.
func (g gen) windowTransform() {
	g.function("windowTransformAVX2")
	g.Doc("windowTransformAVX2 is windowTransform for 16·n channels; distances are in bytes.")
	g.SignatureExpr("func(dst, src uintptr, n, row, pixel, part int)")
	dst, src, n := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	row, pixel, part := g.Load(g.Param("row"), g.GP64()), g.Load(g.Param("pixel"), g.GP64()), g.Load(g.Param("part"), g.GP64())
	var rows [4]reg.GPVirtual
	for i := range rows {
		rows[i] = g.GP64()
		if i == 0 {
			g.MOVQ(src, rows[0])
		} else {
			g.LEAQ(Mem{Base: rows[i-1], Index: row, Scale: 1}, rows[i])
		}
	}
	pixel3 := g.GP64()
	g.LEAQ(Mem{Base: pixel, Index: pixel, Scale: 2}, pixel3)
	at := func(i, j int) Mem {
		switch j {
		case 0:
			return Mem{Base: rows[i]}
		case 3:
			return Mem{Base: rows[i], Index: pixel3, Scale: 1}
		}
		return Mem{Base: rows[i], Index: pixel, Scale: uint8(j)}
	}
	out := g.GP64()
	g.Label("channels")
	g.MOVQ(dst, out)
	store := func(y reg.VecVirtual) {
		g.VMOVDQU(y, Mem{Base: out})
		g.ADDQ(part, out)
	}
	for i := range 4 {
		var t [4]reg.VecVirtual // row i of Bᵀ·d
		for j := range t {
			t[j] = g.YMM()
			switch i {
			case 0:
				g.VMOVDQU(at(0, j), t[j])
				g.VPSUBW(at(2, j), t[j], t[j])
			case 1:
				g.VMOVDQU(at(1, j), t[j])
				g.VPADDW(at(2, j), t[j], t[j])
			case 2:
				g.VMOVDQU(at(2, j), t[j])
				g.VPSUBW(at(1, j), t[j], t[j])
			case 3:
				g.VMOVDQU(at(1, j), t[j])
				g.VPSUBW(at(3, j), t[j], t[j])
			}
		}
		sum, diff := g.YMM(), g.YMM()
		g.VPSUBW(t[2], t[0], t[0])
		g.VPADDW(t[1], t[2], sum)
		g.VPSUBW(t[1], t[2], diff)
		g.VPSUBW(t[3], t[1], t[3])
		for _, y := range []reg.VecVirtual{t[0], sum, diff, t[3]} {
			store(y)
		}
	}
	for i := range rows {
		g.ADDQ(U32(32), rows[i])
	}
	g.ADDQ(U32(32), dst)
	g.DECQ(n)
	g.JNZ(LabelRef("channels"))
	g.VZEROUPPER()
	g.RET()
}

// sumTransform is Aᵀ·m·A/4 of products m, eight columns of int32 at a time.
func (g gen) sumTransform() {
	g.function("sumTransformAVX2")
	g.Doc("sumTransformAVX2 is sumTransform for n tiles of eight columns; distances are in bytes.")
	g.SignatureExpr("func(dst, src uintptr, n, row, pixel, part int)")
	dst, src, n := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	row, pixel, part := g.Load(g.Param("row"), g.GP64()), g.Load(g.Param("pixel"), g.GP64()), g.Load(g.Param("part"), g.GP64())
	below, in := g.GP64(), g.GP64()
	g.LEAQ(Mem{Base: dst, Index: row, Scale: 1}, below)
	part3 := g.GP64()
	g.LEAQ(Mem{Base: part, Index: part, Scale: 2}, part3)
	part12 := g.GP64() // three rows of four parts
	g.MOVQ(part3, part12)
	g.SHLQ(U8(2), part12)
	g.Label("tile")
	var t [2][4]reg.VecVirtual // Aᵀ·m
	g.MOVQ(src, in)
	for j := range 4 {
		one, two := g.YMM(), g.YMM()
		g.VMOVDQU(Mem{Base: in, Index: part, Scale: 4}, one)
		g.VMOVDQU(Mem{Base: in, Index: part, Scale: 8}, two)
		t[0][j], t[1][j] = g.YMM(), g.YMM()
		g.VPADDD(two, one, t[0][j])
		g.VPADDD(Mem{Base: in}, t[0][j], t[0][j])
		g.VPSUBD(two, one, t[1][j])
		g.VPSUBD(Mem{Base: in, Index: part12, Scale: 1}, t[1][j], t[1][j])
		g.ADDQ(part, in)
	}
	for i, to := range []reg.GPVirtual{dst.(reg.GPVirtual), below} {
		sum, diff := g.YMM(), g.YMM()
		g.VPADDD(t[i][2], t[i][1], sum)
		g.VPADDD(t[i][0], sum, sum)
		g.VPSUBD(t[i][2], t[i][1], diff)
		g.VPSUBD(t[i][3], diff, diff)
		g.VPSRAD(U8(2), sum, sum)
		g.VPSRAD(U8(2), diff, diff)
		g.VMOVDQU(sum, Mem{Base: to})
		g.VMOVDQU(diff, Mem{Base: to, Index: pixel, Scale: 1})
		g.LEAQ(Mem{Base: to, Index: pixel, Scale: 2}, to)
	}
	g.ADDQ(pixel, src) // products of tiles lie as far apart as sums of pixels
	g.DECQ(n)
	g.JNZ(LabelRef("tile"))
	g.VZEROUPPER()
	g.RET()
}
