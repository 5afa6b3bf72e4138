package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packs writes the functions that bring operands into the order of the tiles.
func packs(g gen) {
	if g.set == avx512 {
		g.copyMasked("copyLanes32", 32)
		g.copyMasked("copyLanes16", 16)
		g.copyMasked("copyLanes12", 12)
		g.transpose16()
		return
	}
	g.copyLanes("copyLanes16", 16)
	g.copyLanes("copyLanes8", 8)
	g.copyLanes("copyLanes6", 6)
	g.transpose8()
}

// copyLanes copies groups of width floats from even distances to even distances.
func (g gen) copyLanes(name string, width int) {
	g.copier(name)
	c := g.copying(func() {})
	dst, src := c.dst, c.src
	switch width {
	case 16:
		a, b := g.YMM(), g.YMM()
		g.VMOVUPS(Mem{Base: src}, a)
		g.VMOVUPS(Mem{Base: src, Disp: 32}, b)
		g.VMOVUPS(a, Mem{Base: dst})
		g.VMOVUPS(b, Mem{Base: dst, Disp: 32})
	case 8:
		a := g.YMM()
		g.VMOVUPS(Mem{Base: src}, a)
		g.VMOVUPS(a, Mem{Base: dst})
	case 6:
		a, b := g.XMM(), g.XMM()
		g.VMOVUPS(Mem{Base: src}, a)
		g.VMOVSD(Mem{Base: src, Disp: 16}, b)
		g.VMOVUPS(a, Mem{Base: dst})
		g.VMOVSD(b, Mem{Base: dst, Disp: 16})
	}
	g.copied(c)
}

// copies are the registers of a function that copies groups of floats.
type copies struct {
	dst, src, n, to, from        reg.GPVirtual // of the present row
	row, rowSrc                  reg.GPVirtual
	groups, rows, toRow, fromRow reg.GPVirtual
}

// copier begins a function that copies rows of groups of floats.
func (g gen) copier(name string) {
	g.Doc(g.function(name)+" copies rows of n groups of floats; to and from are the bytes between groups,",
		"toRow and fromRow those between rows.")
	g.SignatureExpr("func(dst, src uintptr, n, to, from, rows, toRow, fromRow int)")
}

// copying begins the loops over rows and groups. The rows lie too far apart for
// the processor to foresee them: those to come are fetched. What before writes
// comes in front of the loops.
func (g gen) copying(before func()) copies {
	param := func(name string) reg.GPVirtual { return g.Load(g.Param(name), g.GP64()).(reg.GPVirtual) }
	c := copies{dst: g.GP64(), src: g.GP64(), n: g.GP64(), row: param("dst"), rowSrc: param("src"), groups: param("n"),
		to: param("to"), from: param("from"), rows: param("rows"), toRow: param("toRow"), fromRow: param("fromRow")}
	before()
	g.Label("row")
	g.MOVQ(c.row, c.dst)
	g.MOVQ(c.rowSrc, c.src)
	g.MOVQ(c.groups, c.n)
	g.Label("group")
	g.PREFETCHT0(Mem{Base: c.src, Index: c.fromRow, Scale: 8})
	return c
}

// copied ends the loops that copying begins.
func (g gen) copied(c copies) {
	g.ADDQ(c.from, c.src)
	g.ADDQ(c.to, c.dst)
	g.DECQ(c.n)
	g.JNZ(LabelRef("group"))
	g.ADDQ(c.toRow, c.row)
	g.ADDQ(c.fromRow, c.rowSrc)
	g.DECQ(c.rows)
	g.JNZ(LabelRef("row"))
	g.VZEROUPPER()
	g.RET()
}

// transpose8 turns blocks of 8 rows by 8 steps. A narrower destination stride
// than 32 bytes makes each store overwrite the unwanted lanes of the one before.
func (g gen) transpose8() {
	g.Doc(g.function("transpose8")+" writes dst[k][r] = rows[r][k] for 8 rows and 8·n steps, stride bytes",
		"apart; 32 bytes are written at each step.")
	g.SignatureExpr("func(dst uintptr, rows *[8]uintptr, n, stride int)")
	dst, ptrs := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("rows"), g.GP64())
	n, stride := g.Load(g.Param("n"), g.GP64()), g.Load(g.Param("stride"), g.GP64())
	var row [8]reg.GPVirtual
	for r := range row {
		row[r] = g.GP64()
		g.MOVQ(Mem{Base: ptrs, Disp: 8 * r}, row[r])
	}
	at := g.GP64()
	g.XORQ(at, at)
	g.Label("block")
	var in, two, four, out [8]reg.VecVirtual
	for i := range 4 { // neighbours interleaved
		for j := range 2 {
			in[2*i+j] = g.YMM()
			g.VMOVUPS(Mem{Base: row[2*i+j], Index: at, Scale: 1}, in[2*i+j])
		}
		two[2*i], two[2*i+1] = g.YMM(), g.YMM()
		g.VUNPCKLPS(in[2*i+1], in[2*i], two[2*i])
		g.VUNPCKHPS(in[2*i+1], in[2*i], two[2*i+1])
	}
	for i := range 2 { // four rows of one step in each half
		for j := range 2 {
			lo, hi := two[4*i+j], two[4*i+2+j]
			four[4*i+2*j], four[4*i+2*j+1] = g.YMM(), g.YMM()
			g.VUNPCKLPD(hi, lo, four[4*i+2*j])
			g.VUNPCKHPD(hi, lo, four[4*i+2*j+1])
		}
	}
	for i := range 4 {
		out[i], out[4+i] = g.YMM(), g.YMM()
		g.VPERM2F128(U8(0x20), four[4+i], four[i], out[i])
		g.VPERM2F128(U8(0x31), four[4+i], four[i], out[4+i])
	}
	for _, y := range out {
		g.VMOVUPS(y, Mem{Base: dst})
		g.ADDQ(stride, dst)
	}
	g.ADDQ(U32(32), at)
	g.DECQ(n)
	g.JNZ(LabelRef("block"))
	g.VZEROUPPER()
	g.RET()
}
