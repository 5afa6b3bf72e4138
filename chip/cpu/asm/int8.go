package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// integers writes the kernels of 8-bit products.
func integers(g gen) {
	g.pairTile("pairTile6x16", 2)
	g.pairTile("pairTile6x8", 1)
	g.pairRows("pairRows6x16", 2)
	g.pairRows("pairRows6x8", 1)
	g.centre()
	for _, out := range []string{"Byte", "Float"} {
		for _, add := range []string{"", "Byte", "Float"} {
			g.requantise(out, add)
		}
	}
	g.pairLoop()
}

// pairSums are the registers of a loop over steps of two 16-bit integers, which
// VPMADDWD multiplies and adds in 32 bits: six rows by one or two vectors.
type pairSums struct {
	gen
	acc    [6][]reg.VecVirtual
	rows   [6]reg.GPVirtual
	idx, b reg.GPVirtual // the offset in rows, and the panel
	n      reg.GPVirtual // steps
}

func (g gen) pairSums(vecs int) *pairSums {
	p := &pairSums{gen: g, idx: g.GP64(), b: g.GP64(), n: g.GP64()}
	for r := range p.rows {
		p.rows[r] = g.GP64()
		for range vecs {
			p.acc[r] = append(p.acc[r], g.YMM())
		}
	}
	return p
}

func (p *pairSums) clear() {
	for _, row := range p.acc {
		for _, y := range row {
			p.VPXOR(y, y, y)
		}
	}
}

// step adds the products of step i from idx and b on.
func (p *pairSums) step(i int) {
	vecs := len(p.acc[0])
	var bs []reg.VecVirtual
	for v := range vecs {
		bs = append(bs, p.YMM())
		p.VMOVDQU(Mem{Base: p.b, Disp: 32 * (vecs*i + v)}, bs[v])
	}
	for r, row := range p.rows {
		x := p.YMM()
		p.VPBROADCASTD(Mem{Base: row, Index: p.idx, Scale: 1, Disp: 4 * i}, x)
		for v, y := range p.acc[r] {
			product := x // the last product may use up the broadcast
			if v < vecs-1 {
				product = p.YMM()
			}
			p.VPMADDWD(bs[v], x, product)
			p.VPADDD(product, y, y)
		}
	}
}

// loop runs n steps and goes to the label done.
func (p *pairSums) loop(done string) {
	const unroll = 4
	advance := func(steps int) {
		p.ADDQ(U32(32*len(p.acc[0])*steps), p.b)
		p.ADDQ(U32(4*steps), p.idx)
	}
	p.SUBQ(U32(unroll), p.n)
	p.JL(LabelRef("rest"))
	p.Label("unrolled")
	for i := range unroll {
		p.step(i)
	}
	advance(unroll)
	p.SUBQ(U32(unroll), p.n)
	p.JGE(LabelRef("unrolled"))
	p.Label("rest")
	p.ADDQ(U32(unroll), p.n)
	p.JZ(LabelRef(done))
	p.Label("single")
	p.step(0)
	advance(1)
	p.DECQ(p.n)
	p.JNZ(LabelRef("single"))
	p.JMP(LabelRef(done))
}

// pairTile is the loop nest of tile over pairs. Steps lie side by side in A and
// in the panel, whose columns all count.
func (g gen) pairTile(name string, vecs int) {
	g.Doc(fmt.Sprintf("%s adds products of pairs of int16, six rows by %d columns; see pairs.", g.function(name), 8*vecs))
	g.SignatureExpr("func(t *byte)")
	t := g.Load(g.Param("t"), g.GP64())
	at := func(off int) Mem { return Mem{Base: t, Disp: off} }
	p := g.pairSums(vecs)
	p.clear()
	seg, left := g.GP64(), g.GP64()
	g.MOVQ(at(tileSegs), seg)
	g.MOVQ(at(tileNSeg), left)
	g.Label("segment")
	g.TESTQ(left, left)
	g.JZ(LabelRef("finish"))
	g.MOVQ(Mem{Base: seg}, p.idx)
	for r, row := range p.rows {
		g.MOVQ(at(tileA+8*r), row)
	}
	g.MOVQ(at(tileB), p.b)
	g.ADDQ(Mem{Base: seg, Disp: 8}, p.b)
	g.ADDQ(U32(16), seg)
	g.DECQ(left)
	g.MOVQ(at(tileSteps), p.n)
	p.loop("segment")

	g.Label("finish")
	for r, row := range p.rows {
		g.MOVQ(at(tileC+8*r), row)
	}
	g.CMPQ(at(tileAdd), U8(0))
	g.JE(LabelRef("store"))
	for r, row := range p.rows {
		for v, y := range p.acc[r] {
			g.VPADDD(Mem{Base: row, Disp: 32 * v}, y, y)
		}
	}
	g.Label("store")
	for r, row := range p.rows {
		for v, y := range p.acc[r] {
			g.VMOVDQU(y, Mem{Base: row, Disp: 32 * v})
		}
	}
	g.VZEROUPPER()
	g.RET()
}

// pairRows runs tiles of rows at even distances, one after the other.
func (g gen) pairRows(name string, vecs int) {
	g.Doc(fmt.Sprintf("%s multiplies n times six rows of pairs, row bytes apart, by a panel of %d columns.", g.function(name), 8*vecs))
	g.SignatureExpr("func(c, a, b uintptr, steps, n, row int)")
	c, a, row := g.Load(g.Param("c"), g.GP64()), g.Load(g.Param("a"), g.GP64()), g.Load(g.Param("row"), g.GP64())
	p := g.pairSums(vecs)
	g.MOVQ(a, p.rows[0])
	for r := range p.rows[1:] {
		g.LEAQ(Mem{Base: p.rows[r], Index: row, Scale: 1}, p.rows[r+1])
	}
	g.Load(g.Param("n"), a)
	g.LEAQ(Mem{Base: row, Index: row, Scale: 2}, row)
	g.SHLQ(U8(1), row) // six rows
	g.Label("tile")
	p.clear()
	g.XORQ(p.idx, p.idx)
	g.Load(g.Param("b"), p.b)
	g.Load(g.Param("steps"), p.n)
	p.loop("store")
	g.Label("store")
	for r := range p.rows {
		for v, y := range p.acc[r] {
			g.VMOVDQU(y, Mem{Base: c, Disp: 32 * (r*vecs + v)})
		}
		g.ADDQ(row, p.rows[r])
	}
	g.ADDQ(U32(6*32*vecs), c)
	g.DECQ(a)
	g.JNZ(LabelRef("tile"))
	g.VZEROUPPER()
	g.RET()
}

// centre turns bytes to 16 bits; the last 16 may overlap those before.
func (g gen) centre() {
	g.Doc(g.function("centre") + " writes dst[i] = src[i] - zero as int16 for n bytes, at least 16.")
	g.SignatureExpr("func(dst, src uintptr, n, zero int)")
	dst, src, n := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	zero := g.YMM()
	g.VMOVD(g.Load(g.Param("zero"), g.GP64()).(reg.GPVirtual).As32(), zero.AsX())
	g.VPBROADCASTW(zero.AsX(), zero)
	sixteen := func(at reg.GPVirtual) {
		y := g.YMM()
		g.VPMOVZXBW(Mem{Base: src, Index: at, Scale: 1}, y)
		g.VPSUBW(zero, y, y)
		g.VMOVDQU(y, Mem{Base: dst, Index: at, Scale: 2})
	}
	i, last := g.GP64(), g.GP64()
	g.XORQ(i, i)
	g.MOVQ(n, last)
	g.SUBQ(U32(16), last)
	g.Label("loop")
	g.CMPQ(i, last)
	g.JGE(LabelRef("end"))
	sixteen(i)
	g.ADDQ(U32(16), i)
	g.JMP(LabelRef("loop"))
	g.Label("end")
	sixteen(last)
	g.VZEROUPPER()
	g.RET()
}

// Offsets of the fields of cpu.requant; a test compares them with the Go struct.
const (
	requantSums     = 0
	requantBias     = 8
	requantScale    = 16
	requantOut      = 24
	requantAdd      = 32
	requantN        = 40
	requantSumStep  = 48
	requantOutStep  = 56
	requantAddStep  = 64
	requantLow      = 72 // float32
	requantHigh     = 76 // float32
	requantZero     = 80 // int32
	requantAddScale = 84 // float32
	requantAddZero  = 88 // int32
)

// requantise turns rows of eight sums to results, after adding eight numbers of
// an operand of type add, if that is not empty.
func (g gen) requantise(out, add string) {
	name := "requantise" + out
	if add != "" {
		name += "Add" + add
	}
	g.Doc(g.function(name) + " is requantise for eight columns.")
	g.SignatureExpr("func(q *byte)")
	q := g.Load(g.Param("q"), g.GP64())
	at := func(off int) Mem { return Mem{Base: q, Disp: off} }
	pointer := func(off int) reg.GPVirtual {
		p := g.GP64()
		g.MOVQ(at(off), p)
		return p
	}
	sums, outs, n := pointer(requantSums), pointer(requantOut), pointer(requantN)
	sumStep, outStep := pointer(requantSumStep), pointer(requantOutStep)
	bias, scale := g.YMM(), g.YMM()
	p := pointer(requantBias)
	g.VMOVDQU(Mem{Base: p}, bias)
	g.MOVQ(at(requantScale), p)
	g.VMOVUPS(Mem{Base: p}, scale)
	spread := func(off int) reg.VecVirtual {
		y := g.YMM()
		g.VBROADCASTSS(at(off), y)
		return y
	}
	low := spread(requantLow)
	var high, zero, addScale, addZero reg.VecVirtual
	if out == "Byte" {
		high, zero = spread(requantHigh), spread(requantZero)
	}
	var adds, addStep reg.GPVirtual
	if add != "" {
		adds, addStep, addScale = pointer(requantAdd), pointer(requantAddStep), spread(requantAddScale)
	}
	if add == "Byte" {
		addZero = spread(requantAddZero)
	}
	y := g.YMM()
	g.Label("row")
	g.VPADDD(Mem{Base: sums}, bias, y)
	g.ADDQ(sumStep, sums)
	g.VCVTDQ2PS(y, y)
	g.VMULPS(scale, y, y)
	if add != "" {
		x := g.YMM()
		if add == "Byte" {
			g.VPMOVZXBD(Mem{Base: adds}, x)
			g.VPSUBD(addZero, x, x)
			g.VCVTDQ2PS(x, x)
			g.VMULPS(addScale, x, x)
		} else {
			g.VMULPS(Mem{Base: adds}, addScale, x)
		}
		g.ADDQ(addStep, adds)
		g.VADDPS(x, y, y)
	}
	g.VMAXPS(low, y, y)
	if out == "Byte" {
		g.VMINPS(high, y, y)
		g.VCVTPS2DQ(y, y)
		g.VPADDD(zero, y, y)
		x := g.XMM()
		g.VEXTRACTI128(U8(1), y, x)
		g.VPACKUSDW(x, y.AsX(), x)
		g.VPACKUSWB(x, x, x)
		g.VMOVQ(x, Mem{Base: outs})
	} else {
		g.VMOVUPS(y, Mem{Base: outs})
	}
	g.ADDQ(outStep, outs)
	g.DECQ(n)
	g.JNZ(LabelRef("row"))
	g.VZEROUPPER()
	g.RET()
}

// pairLoop measures what pairTile can reach at best.
func (g gen) pairLoop() {
	g.Doc(g.function("pairLoop") + " runs n rounds of 12 independent products of eight pairs of int16, added in 32 bits.")
	g.SignatureExpr("func(n int)")
	g.twelveChains(func(a, b, y vec) {
		p := g.YMM()
		g.VPMADDWD(a, b, p)
		g.VPADDD(p, y, y)
	})
}
