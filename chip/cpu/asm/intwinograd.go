package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// intWinograds writes the transforms of integer Winograd convolution.
func intWinograds(g gen) {
	g.windowTransform()
	g.sumTransform()
	g.windowTransform4()
	g.sumTransform4()
}

// loadBytes reads bytes as a vector of int16.
func (g gen) loadBytes(at Mem) vec {
	y := g.vec()
	g.VPMOVZXBW(at, y)
	return y
}

// windowTransform is Bᵀ·d·B of windows d of four by four pixels of bytes, a vector
// of int16 at a time. Rows of Bᵀ·d come from memory when they are needed, so that
// sixteen registers suffice.
func (g gen) windowTransform() {
	g.Doc(fmt.Sprintf("%s is Bᵀ·d·B of intWinograd for tiles of two by two and %d·n channels; distances are in bytes.", g.function("window2"), 2*g.set.lanes))
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
	store := func(y vec) {
		g.VMOVUPS(y, Mem{Base: out})
		g.ADDQ(part, out)
	}
	terms := [4][2]int{{0, 2}, {1, 2}, {2, 1}, {1, 3}} // row i of Bᵀ, whose signs differ but for i = 1
	for i := range 4 {
		var t [4]vec // row i of Bᵀ·d
		for j := range t {
			p, q := g.loadBytes(at(terms[i][0], j)), g.loadBytes(at(terms[i][1], j))
			if t[j] = p; i == 1 {
				g.VPADDW(q, p, p)
			} else {
				g.VPSUBW(q, p, p)
			}
		}
		sum, diff := g.vec(), g.vec()
		g.VPSUBW(t[2], t[0], t[0])
		g.VPADDW(t[1], t[2], sum)
		g.VPSUBW(t[1], t[2], diff)
		g.VPSUBW(t[3], t[1], t[3])
		for _, y := range []vec{t[0], sum, diff, t[3]} {
			store(y)
		}
	}
	for i := range rows {
		g.ADDQ(U32(g.bytes()/2), rows[i])
	}
	g.ADDQ(U32(g.bytes()), dst)
	g.DECQ(n)
	g.JNZ(LabelRef("channels"))
	g.VZEROUPPER()
	g.RET()
}

// sumTransform is Aᵀ·m·A/4 of products m, a vector of columns at a time.
func (g gen) sumTransform() {
	g.Doc(fmt.Sprintf("%s is Aᵀ·m·A/4 of intWinograd for n tiles of %d columns; distances are in bytes.", g.function("sum2"), g.set.lanes))
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
	var t [2][4]vec // Aᵀ·m
	g.MOVQ(src, in)
	for j := range 4 {
		one, two := g.vec(), g.vec()
		g.VMOVUPS(Mem{Base: in, Index: part, Scale: 4}, one)
		g.VMOVUPS(Mem{Base: in, Index: part, Scale: 8}, two)
		t[0][j], t[1][j] = g.vec(), g.vec()
		g.VPADDD(two, one, t[0][j])
		g.VPADDD(Mem{Base: in}, t[0][j], t[0][j])
		g.VPSUBD(two, one, t[1][j])
		g.VPSUBD(Mem{Base: in, Index: part12, Scale: 1}, t[1][j], t[1][j])
		g.ADDQ(part, in)
	}
	for i, to := range []reg.GPVirtual{dst.(reg.GPVirtual), below} {
		sum, diff := g.vec(), g.vec()
		g.VPADDD(t[i][2], t[i][1], sum)
		g.VPADDD(t[i][0], sum, sum)
		g.VPSUBD(t[i][2], t[i][1], diff)
		g.VPSUBD(t[i][3], diff, diff)
		g.VPSRAD(U8(2), sum, sum)
		g.VPSRAD(U8(2), diff, diff)
		g.VMOVUPS(sum, Mem{Base: to})
		g.VMOVUPS(diff, Mem{Base: to, Index: pixel, Scale: 1})
		g.LEAQ(Mem{Base: to, Index: pixel, Scale: 2}, to)
	}
	g.ADDQ(pixel, src) // products of tiles lie as far apart as sums of pixels
	g.DECQ(n)
	g.JNZ(LabelRef("tile"))
	g.VZEROUPPER()
	g.RET()
}

// windowTransform4 is Bᵀ·d·B of windows of six by six pixels of bytes. The columns' part
// goes to where the result will be, and the rows' part works there.
func (g gen) windowTransform4() {
	g.Doc(fmt.Sprintf("%s is Bᵀ·d·B of intWinograd for tiles of four by four and %d·n channels; distances are in bytes.", g.function("window4"), 2*g.set.lanes))
	g.SignatureExpr("func(dst, src uintptr, n, row, pixel, part int)")
	dst, src, n := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	part := g.Load(g.Param("part"), g.GP64())
	var rows [6]reg.GPVirtual
	step := g.Load(g.Param("row"), g.GP64())
	for i := range rows {
		rows[i] = g.GP64()
		if i == 0 {
			g.MOVQ(src, rows[0])
		} else {
			g.LEAQ(Mem{Base: rows[i-1], Index: step, Scale: 1}, rows[i])
		}
	}
	g.Load(g.Param("pixel"), step)
	part6, column, out, count := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.LEAQ(Mem{Base: part, Index: part, Scale: 2}, part6)
	g.ADDQ(part6, part6)

	g.Label("channels")
	g.MOVQ(dst, column)
	g.MOVQ(U32(6), count)
	g.Label("column")
	var d [6]vec
	for i, row := range rows {
		d[i] = g.loadBytes(Mem{Base: row})
		g.ADDQ(step, row)
	}
	g.MOVQ(column, out)
	for _, y := range g.window4(d) {
		g.VMOVUPS(y, Mem{Base: out})
		g.ADDQ(part6, out)
	}
	g.ADDQ(part, column)
	g.DECQ(count)
	g.JNZ(LabelRef("column"))

	g.MOVQ(dst, column)
	g.MOVQ(U32(6), count)
	g.Label("row")
	g.MOVQ(column, out)
	for j := range d {
		d[j] = g.vec()
		g.VMOVUPS(Mem{Base: out}, d[j])
		g.ADDQ(part, out)
	}
	for _, y := range g.window4(d) {
		g.VMOVUPS(y, Mem{Base: column})
		g.PREFETCHT0(Mem{Base: column, Disp: g.bytes()}) // of the next channels or window
		g.ADDQ(part, column)
	}
	g.DECQ(count)
	g.JNZ(LabelRef("row"))

	g.LEAQ(Mem{Base: step, Index: step, Scale: 2}, out)
	g.ADDQ(out, out)
	for _, row := range rows {
		g.SUBQ(out, row)
		g.ADDQ(U32(g.bytes()/2), row)
	}
	g.ADDQ(U32(g.bytes()), dst)
	g.DECQ(n)
	g.JNZ(LabelRef("channels"))
	g.VZEROUPPER()
	g.RET()
}

// window4 multiplies a column d by Bᵀ.
func (g gen) window4(d [6]vec) [6]vec {
	var t [6]vec
	for i := range t {
		t[i] = g.vec()
	}
	a, b, c, e := g.vec(), g.vec(), g.vec(), g.vec()
	g.VPSUBW(d[2], d[4], c) // d4-d2
	g.VPSUBW(d[1], d[3], e) // d3-d1
	g.VPADDW(e, e, e)
	g.VPSUBW(d[2], d[0], t[0])
	g.VPSLLW(U8(2), t[0], t[0])
	g.VPADDW(c, t[0], t[0]) // 4(d0-d2) + d4-d2
	g.VPSUBW(d[3], d[5], t[5])
	g.VPSUBW(e, t[5], t[5])
	g.VPSUBW(e, t[5], t[5]) // 4(d1-d3) + d5-d3
	g.VPADDW(e, c, t[3])
	g.VPSUBW(e, c, t[4])
	g.VPSLLW(U8(2), d[2], a)
	g.VPSUBW(a, d[4], a) // d4-4d2
	g.VPSLLW(U8(2), d[1], b)
	g.VPSUBW(b, d[3], b) // d3-4d1
	g.VPADDW(b, a, t[1])
	g.VPSUBW(b, a, t[2])
	return t
}

// sumTransform4 is Aᵀ·m·A of products of tiles of four by four, times 576 modulo
// 2³²; a ninth modulo 2³² and a shift leave the sums. The columns' part is done in place.
func (g gen) sumTransform4() {
	g.Doc(fmt.Sprintf("%s is Aᵀ·m·A of intWinograd for n tiles of %d columns, and changes m; distances are in bytes.", g.function("sum4"), g.set.lanes))
	g.SignatureExpr("func(dst, src uintptr, n, row, pixel, part int)")
	dst, src, n := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	row, pixel, part := g.Load(g.Param("row"), g.GP64()), g.Load(g.Param("pixel"), g.GP64()), g.Load(g.Param("part"), g.GP64())
	part6, column, at, count := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.LEAQ(Mem{Base: part, Index: part, Scale: 2}, part6)
	g.ADDQ(part6, part6)
	ninth := g.vec()
	g.MOVQ(U32(0x38e38e39), at)
	g.VMOVD(at.As32(), ninth.AsX())
	g.VPBROADCASTD(ninth.AsX(), ninth)

	g.Label("tile")
	g.MOVQ(src, column)
	g.MOVQ(U32(6), count)
	g.Label("column")
	var m [6]vec
	load := func(from, step, ahead reg.Register) {
		for i := range m {
			m[i] = g.vec()
			g.VMOVUPS(Mem{Base: from}, m[i])
			if ahead != nil {
				g.PREFETCHT0(Mem{Base: from, Index: ahead, Scale: 1})
			}
			g.ADDQ(step, from)
		}
	}
	g.MOVQ(column, at)
	load(at, part6, pixel)
	g.MOVQ(column, at)
	for _, y := range g.sum4(m) {
		g.VMOVUPS(y, Mem{Base: at})
		g.ADDQ(part6, at)
	}
	g.ADDQ(part, column)
	g.DECQ(count)
	g.JNZ(LabelRef("column"))

	factor := [4]int{0, 1, 2, 2} // the powers of two that sum4 leaves out
	g.MOVQ(src, column)
	g.MOVQ(dst, count)
	for i := range 4 {
		load(column, part, nil)
		g.MOVQ(count, at)
		for j, y := range g.sum4(m) {
			g.VPMULLD(ninth, y, y)
			g.VPSRAD(U8(6-factor[i]-factor[j]), y, y)
			g.VMOVUPS(y, Mem{Base: at})
			g.ADDQ(pixel, at)
		}
		g.ADDQ(row, count)
	}
	g.ADDQ(pixel, src) // products of tiles lie as far apart as sums of pixels
	g.LEAQ(Mem{Base: dst, Index: pixel, Scale: 4}, dst)
	g.DECQ(n)
	g.JNZ(LabelRef("tile"))
	g.VZEROUPPER()
	g.RET()
}

// sum4 multiplies a column m by 24·Aᵀ with the divisors of weights taken out,
// rows [6 -4 -4 1 1 0], [0 -2 2 1 -1 0], [0 -1 -1 1 1 0] and [0 -1 1 2 -2 6],
// which are 1, 2, 4 and 4 times too small.
func (g gen) sum4(m [6]vec) [4]vec {
	var y [4]vec
	for i := range y {
		y[i] = g.vec()
	}
	p, q, r, s := g.vec(), g.vec(), g.vec(), g.vec()
	g.VPADDD(m[2], m[1], p)
	g.VPSUBD(m[2], m[1], q)
	g.VPADDD(m[4], m[3], r)
	g.VPSUBD(m[4], m[3], s)
	g.VPSUBD(p, m[0], y[0])
	g.VPADDD(y[0], y[0], y[0])
	g.VPADDD(m[0], y[0], y[0])
	g.VPADDD(y[0], y[0], y[0])
	g.VPADDD(r, y[0], y[0]) // 2(3·m0 - 2p) + r
	g.VPSUBD(q, s, y[1])
	g.VPSUBD(q, y[1], y[1])
	g.VPSUBD(p, r, y[2])
	g.VPADDD(m[5], m[5], y[3])
	g.VPADDD(m[5], y[3], y[3])
	g.VPADDD(s, y[3], y[3])
	g.VPADDD(y[3], y[3], y[3])
	g.VPSUBD(q, y[3], y[3]) // 2(3·m5 + s) - q
	return y
}
