package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// integers writes the kernels of 8-bit products.
func integers(g gen) {
	for _, vecs := range []int{2, 1} {
		g.intTile(vecs)
		g.pairRows(vecs)
	}
	if g.set == avx2 {
		g.widenBytes()
	}
	for _, out := range []string{"Byte", "Float"} {
		for _, add := range []string{"", "Byte", "Float"} {
			g.requantise(out, add)
		}
	}
	g.intLoop()
}

// intRows are the rows of the set's tiles of integers.
func (g gen) intRows() int {
	if g.masked() {
		return 12
	}
	return 6
}

// addPairs adds products of pairs of int16, of a and b in each lane, to sums.
func (g gen) addPairs(b Op, a, sums vec) {
	if g.masked() {
		g.VPDPWSSD(b, a, sums)
		return
	}
	p := g.vec()
	g.VPMADDWD(b, a, p)
	g.VPADDD(p, sums, sums)
}

// addWords adds products of the words of a tile, see cpu.integers: of four bytes
// with VNNI, else of two int16.
func (g gen) addWords(b Op, a, sums vec) {
	if g.masked() {
		g.VPDPBUSD(b, a, sums) // b is signed, a is not
		return
	}
	g.addPairs(b, a, sums)
}

// intSums are the registers of a loop over steps of one word: rows of A, which
// row finds, by one or two vectors of a panel.
type intSums struct {
	gen
	acc [][]vec
	row func(r, disp int) Mem
	b   reg.GPVirtual
	add func(b Op, a, sums vec)
	// next, if not nil, is the distance to a panel to bring to the second-level cache.
	next reg.Register
}

func (g gen) intSums(vecs int, add func(b Op, a, sums vec)) *intSums {
	p := &intSums{gen: g, acc: make([][]vec, g.intRows()), b: g.GP64(), add: add}
	for r := range p.acc {
		for range vecs {
			p.acc[r] = append(p.acc[r], g.vec())
		}
	}
	return p
}

func (p *intSums) clear() {
	for _, row := range p.acc {
		for _, y := range row {
			p.VXORPS(y, y, y)
		}
	}
}

// step adds the products of step i from here on.
func (p *intSums) step(i int) {
	vecs := len(p.acc[0])
	var bs []vec
	for v := range vecs {
		bs = append(bs, p.vec())
		p.VMOVUPS(Mem{Base: p.b, Disp: p.bytes() * (vecs*i + v)}, bs[v])
		if at := p.bytes() * (vecs*i + v); p.next != nil && at%64 == 0 {
			p.PREFETCHT1(Mem{Base: p.b, Index: p.next, Scale: 1, Disp: at})
		}
	}
	for r := range p.acc {
		x := p.vec()
		p.VBROADCASTSS(p.row(r, 4*i), x)
		for v, y := range p.acc[r] {
			p.add(bs[v], x, y)
		}
	}
}

// loop runs as many steps as n says, and more code follows; move moves the rows by
// some steps. The labels of a function's loops end differently.
func (p *intSums) loop(n Op, move func(steps int), end string) {
	const unroll = 4
	advance := func(steps int) {
		p.ADDQ(U32(p.bytes()*len(p.acc[0])*steps), p.b)
		move(steps)
	}
	p.SUBQ(U32(unroll), n)
	p.JL(LabelRef("rest" + end))
	p.Label("unrolled" + end)
	for i := range unroll {
		p.step(i)
	}
	advance(unroll)
	p.SUBQ(U32(unroll), n)
	p.JGE(LabelRef("unrolled" + end))
	p.Label("rest" + end)
	p.ADDQ(U32(unroll), n)
	p.JZ(LabelRef("done" + end))
	p.Label("single" + end)
	p.step(0)
	advance(1)
	p.DECQ(n)
	p.JNZ(LabelRef("single" + end))
	p.Label("done" + end)
}

// intTile is the loop nest of tile over words. Steps lie side by side in A and
// in the panel, whose columns all count. The addresses of twelve rows take all
// registers but two, so that counters are in memory.
func (g gen) intTile(vecs int) {
	name := g.function(fmt.Sprintf("intTile%dx%d", g.intRows(), g.set.lanes*vecs))
	g.Doc(fmt.Sprintf("%s adds products of integers, %d rows by %d columns; see integers.", name, g.intRows(), g.set.lanes*vecs))
	g.SignatureExpr("func(t *byte)")
	tile := func() func(int) Mem {
		t := g.Load(g.Param("t"), g.GP64())
		return func(off int) Mem { return Mem{Base: t, Disp: off} }
	}
	left, seg, n := g.AllocLocal(8), g.AllocLocal(8), g.AllocLocal(8)
	p, idx := g.intSums(vecs, g.addWords), g.GP64()
	rows := make([]reg.GPVirtual, len(p.acc))
	for r := range rows {
		rows[r] = g.GP64()
	}
	p.row = func(r, disp int) Mem { return Mem{Base: rows[r], Index: idx, Scale: 1, Disp: disp} }
	p.clear()
	at := tile()
	g.MOVQ(at(tileSegs), idx)
	g.MOVQ(idx, seg)
	g.MOVQ(at(tileNSeg), idx)
	g.MOVQ(idx, left)
	g.Label("segment")
	g.SUBQ(U32(1), left)
	g.JL(LabelRef("finish"))
	at = tile()
	g.MOVQ(at(tileSteps), idx)
	g.MOVQ(idx, n)
	g.MOVQ(at(tileB), p.b)
	g.MOVQ(seg, idx)
	g.ADDQ(Mem{Base: idx, Disp: 8}, p.b)
	g.ADDQ(U32(16), seg)
	g.MOVQ(Mem{Base: idx}, idx)
	for r := range rows {
		g.MOVQ(at(tileA+8*r), rows[r])
	}
	p.loop(n, func(steps int) { g.ADDQ(U32(4*steps), idx) }, "")
	g.JMP(LabelRef("segment"))

	g.Label("finish")
	at = tile()
	out := g.GP64()
	g.CMPQ(at(tileAdd), U32(0))
	g.JE(LabelRef("store"))
	for r := range p.acc {
		g.MOVQ(at(tileC+8*r), out)
		for v, y := range p.acc[r] {
			g.VPADDD(Mem{Base: out, Disp: g.bytes() * v}, y, y)
		}
	}
	g.Label("store")
	for r := range p.acc {
		g.MOVQ(at(tileC+8*r), out)
		for v, y := range p.acc[r] {
			g.VMOVUPS(y, Mem{Base: out, Disp: g.bytes() * v})
		}
	}
	g.VZEROUPPER()
	g.RET()
}

// pairRows runs tiles of rows at even distances, one after the other, and lower
// tiles for what is left. Every third row has an address of its own, from which the
// next two are found.
func (g gen) pairRows(vecs int) {
	name := g.function(fmt.Sprintf("pairRows%dx%d", g.intRows(), g.set.lanes*vecs))
	low := g.intRows() / 3
	g.Doc(fmt.Sprintf("%s multiplies n rows of pairs, a multiple of %d, row bytes apart, by a panel of %d columns.", name, low, g.set.lanes*vecs))
	g.SignatureExpr("func(c, a, b uintptr, steps, n, row int)")
	c, left, row := g.Load(g.Param("c"), g.GP64()), g.Load(g.Param("n"), g.GP64()), g.Load(g.Param("row"), g.GP64())
	n, three := g.GP64(), g.GP64()
	g.LEAQ(Mem{Base: row, Index: row, Scale: 2}, three)
	p := g.intSums(vecs, g.addPairs)
	next := g.Load(g.Param("steps"), g.GP64())
	g.IMUL3Q(U32(g.bytes()*vecs), next, next)
	p.next = next
	thirds := make([]reg.GPVirtual, len(p.acc)/3)
	for i := range thirds {
		thirds[i] = g.GP64()
		if i == 0 {
			g.Load(g.Param("a"), thirds[0])
		} else {
			g.LEAQ(Mem{Base: thirds[i-1], Index: three, Scale: 1}, thirds[i])
		}
	}
	p.row = func(r, disp int) Mem {
		m := Mem{Base: thirds[r/3], Disp: disp}
		if r%3 > 0 {
			m.Index, m.Scale = row, uint8(r%3)
		}
		return m
	}
	advance := func(by Op) {
		for _, a := range thirds {
			g.ADDQ(by, a)
		}
	}
	for _, rows := range []int{g.intRows(), low} {
		end := fmt.Sprint(rows)
		p.acc = p.acc[:rows]
		g.Label("tile" + end)
		g.SUBQ(U32(rows), left)
		g.JL(LabelRef("less" + end))
		p.clear()
		g.Load(g.Param("b"), p.b)
		g.Load(g.Param("steps"), n)
		p.loop(n, func(steps int) { advance(U32(4 * steps)) }, end)
		for r := range p.acc {
			for v, y := range p.acc[r] {
				g.VMOVUPS(y, Mem{Base: c, Disp: g.bytes() * (r*vecs + v)})
			}
		}
		g.ADDQ(U32(rows*g.bytes()*vecs), c)
		// From the last step of these rows to the first of the next ones.
		g.Load(g.Param("steps"), n)
		g.SHLQ(U8(2), n)
		g.NEGQ(n)
		for range rows / 3 {
			g.ADDQ(three, n)
		}
		for range rows % 3 {
			g.ADDQ(row, n)
		}
		advance(n)
		g.JMP(LabelRef("tile" + end))
		g.Label("less" + end)
		g.ADDQ(U32(rows), left)
	}
	g.VZEROUPPER()
	g.RET()
}

// widenBytes turns bytes to 16 bits; the last 16 may overlap those before.
func (g gen) widenBytes() {
	g.Doc(g.function("widenBytes") + " writes dst[i] = src[i] as int16 for n bytes, at least 16.")
	g.SignatureExpr("func(dst, src uintptr, n int)")
	dst, src, last := g.Load(g.Param("dst"), g.GP64()), g.Load(g.Param("src"), g.GP64()), g.Load(g.Param("n"), g.GP64())
	sixteen := func(at reg.Register) {
		y := g.YMM()
		g.VPMOVZXBW(Mem{Base: src, Index: at, Scale: 1}, y)
		g.VMOVDQU(y, Mem{Base: dst, Index: at, Scale: 2})
	}
	i := g.GP64()
	g.XORQ(i, i)
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

// requantise turns rows of a vector of sums to results, after adding numbers of an
// operand of type add, if that is not empty.
func (g gen) requantise(out, add string) {
	name := "requantise" + out
	if add != "" {
		name += "Add" + add
	}
	g.Doc(fmt.Sprintf("%s is requantise for %d columns.", g.function(name), g.set.lanes))
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
	bias, scale := g.vec(), g.vec()
	p := pointer(requantBias)
	g.VMOVUPS(Mem{Base: p}, bias)
	g.MOVQ(at(requantScale), p)
	g.VMOVUPS(Mem{Base: p}, scale)
	spread := func(off int) vec {
		y := g.vec()
		g.VBROADCASTSS(at(off), y)
		return y
	}
	low := spread(requantLow)
	var high, zero, addScale, addZero vec
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
	y := g.vec()
	g.Label("row")
	g.VPADDD(Mem{Base: sums}, bias, y)
	g.ADDQ(sumStep, sums)
	g.VCVTDQ2PS(y, y)
	g.VMULPS(scale, y, y)
	if add != "" {
		x := g.vec()
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
		g.storeBytes(y, Mem{Base: outs})
	} else {
		g.VMOVUPS(y, Mem{Base: outs})
	}
	g.ADDQ(outStep, outs)
	g.DECQ(n)
	g.JNZ(LabelRef("row"))
	g.VZEROUPPER()
	g.RET()
}

// storeBytes writes lanes from 0 to 255 as bytes.
func (g gen) storeBytes(y vec, to Mem) {
	if g.masked() {
		g.VPMOVDB(y, to)
		return
	}
	x := g.XMM()
	g.VEXTRACTI128(U8(1), y, x)
	g.VPACKUSDW(x, y.AsX(), x)
	g.VPACKUSWB(x, x, x)
	g.VMOVQ(x, to)
}

// intLoop measures what intTile can reach at best.
func (g gen) intLoop() {
	g.Doc(fmt.Sprintf("%s runs n rounds of 12 independent products of %d words, added in 32 bits.", g.function("intLoop"), g.set.lanes))
	g.SignatureExpr("func(n int)")
	g.twelveChains(func(a, b, y vec) { g.addWords(a, b, y) })
}
