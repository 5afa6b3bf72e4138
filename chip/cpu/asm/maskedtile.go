package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// maskedRows are the most rows of a tile of AVX-512. All their addresses stay in
// registers, of which the loop has fifteen: twelve rows, the place in A, the
// place in B and the step of B.
//
// A step of the wide tile, 12 rows by 2 vectors, does 24 multiply-adds, which
// keep two ports busy for 12 cycles. It loads 2 vectors of B, 12 broadcasts of
// A and A's step, and prefetches: 16 of the 24 loads that fit that time. With
// two additions these are 41 instructions, 3.4 a cycle. Each sum is added to
// every 12 cycles, and a multiply-add takes 4. So the multiply-adds are the
// limit, with room on all sides. A broadcast inside the multiply-add would save
// the instruction but needs one load for each: 28 of 24.
//
// In the narrow tile, 12 rows by one vector, every broadcast is used once, so
// it is inside the multiply-add: 15 loads and 16 instructions for 12
// multiply-adds. The loads are the limit, 7.5 cycles instead of 6.
//
// Tiles of fewer rows are for what is left below the last whole tile, and for
// products that have no more; the narrowest, of half a vector, is for few columns.
const maskedRows = 12

// maskedTiles writes the tiles of all sizes; tier_avx512.go lists them.
func (g gen) maskedTiles() {
	for _, rows := range []int{4, 6, 8, maskedRows} {
		g.maskedTile("tile", rows, 2, nil)
		g.maskedTile("tile", rows, 1, nil)
		g.half().maskedTile("tile", rows, 1, nil)
	}
}

// maskedTile is the loop nest over segments and steps of the tile of some
// vectors. Columns that do not count are masked away where C is read and
// written, so that one piece of code serves full and partial panels. multiply
// adds the products of a vector of B and what a step has of a row of A to a sum;
// nil does so for float32.
func (g gen) maskedTile(name string, height, vecs int, multiply func(b, a, sum vec)) {
	name = g.function(fmt.Sprintf("%s%dx%d", name, height, g.set.lanes*vecs))
	g.Doc(fmt.Sprintf("%s multiplies %d rows by %d columns; see tile.", name, height, g.set.lanes*vecs))
	g.SignatureExpr("func(t *byte)")
	tile := func() func(int) Mem { // its address has no register of its own in the loop
		t := g.Load(g.Param("t"), g.GP64())
		return func(off int) Mem { return Mem{Base: t, Disp: off} }
	}
	sa, left, seg, n := g.AllocLocal(8), g.AllocLocal(8), g.AllocLocal(8), g.AllocLocal(8)
	acc := make([][]vec, height)
	for r := range acc {
		for range vecs {
			acc[r] = append(acc[r], g.zero())
		}
	}
	rows := make([]reg.GPVirtual, height)
	for r := range rows {
		rows[r] = g.GP64()
	}
	b, idx, sb := g.GP64(), g.GP64(), g.GP64()

	at := tile()
	for r := range rows {
		g.MOVQ(at(tileC+8*r), idx)
		for v := range vecs {
			g.PREFETCHT0(Mem{Base: idx, Disp: g.bytes() * v})
		}
	}
	g.MOVQ(at(tileSA), idx)
	g.MOVQ(idx, sa)
	g.MOVQ(at(tileSegs), idx)
	g.MOVQ(idx, seg)
	g.MOVQ(at(tileNSeg), idx)
	g.MOVQ(idx, left)
	g.MOVQ(at(tileSB), sb)

	step := func() {
		var bs []vec
		for v := range vecs {
			y := g.vec()
			g.VMOVUPS(Mem{Base: b, Disp: g.bytes() * v}, y)
			bs = append(bs, y)
		}
		g.ADDQ(sb, b)
		for r := range rows {
			a := Mem{Base: rows[r], Index: idx, Scale: 1}
			if vecs == 1 && multiply == nil {
				g.VFMADD231PS_BCST(a, bs[0], acc[r][0])
				continue
			}
			x := g.vec()
			g.VBROADCASTSS(a, x)
			for v := range vecs {
				if multiply != nil {
					multiply(bs[v], x, acc[r][v])
				} else {
					g.VFMADD231PS(bs[v], x, acc[r][v])
				}
			}
		}
		g.ADDQ(sa, idx)
	}
	const unroll = 4
	g.Label("segment")
	g.SUBQ(U32(1), left)
	g.JL(LabelRef("finish"))
	at = tile() // in the register of a row
	g.MOVQ(at(tileSteps), idx)
	g.SUBQ(U32(unroll), idx)
	g.MOVQ(idx, n)
	g.MOVQ(at(tileB), b)
	g.MOVQ(seg, idx)
	g.ADDQ(Mem{Base: idx, Disp: 8}, b)
	g.ADDQ(U32(16), seg)
	g.MOVQ(Mem{Base: idx}, idx)
	for r := range rows {
		g.MOVQ(at(tileA+8*r), rows[r])
	}
	g.CMPQ(n, U32(0))
	g.JL(LabelRef("rest"))
	g.Label("unrolled")
	for p := range unroll {
		// Packed rows, three lines in four steps of 48 bytes, stream from the second-level cache.
		if p < 3 {
			g.PREFETCHT0(Mem{Base: rows[0], Index: idx, Scale: 1, Disp: 1024 + 16*p})
		}
		step()
	}
	g.SUBQ(U32(unroll), n)
	g.JGE(LabelRef("unrolled"))
	g.Label("rest")
	g.ADDQ(U32(unroll), n)
	g.JZ(LabelRef("segment"))
	g.Label("single")
	step()
	g.SUBQ(U32(1), n)
	g.JNZ(LabelRef("single"))
	g.JMP(LabelRef("segment"))

	g.Label("finish")
	g.maskedStore(tile(), acc, vecs)
}

// maskedStore scales, adds bias and output, applies the floor and writes the
// columns that count.
func (g gen) maskedStore(at func(int) Mem, acc [][]vec, vecs int) {
	out, cols := g.GP64(), g.GP64()
	g.MOVQ(U64(1<<32-1), out)
	g.MOVQ(at(tileCols), cols)
	g.BZHIQ(cols, out, cols)
	ks := make([]mask, vecs)
	for v := range ks {
		ks[v] = g.K()
		g.KMOVW(cols.As32(), ks[v])
		if v < vecs-1 {
			g.SHRQ(U8(g.set.lanes), cols)
		}
	}
	s := g.vec()
	g.VBROADCASTSS(at(tileAlpha), s)
	for r := range acc {
		for v := range vecs {
			g.VMULPS(s, acc[r][v], acc[r][v])
		}
	}
	g.MOVQ(at(tileBias), out)
	g.TESTQ(out, out)
	g.JZ(LabelRef("noBias"))
	for v := range vecs {
		y := g.vec()
		g.loadAt(Mem{Base: out, Disp: g.bytes() * v}, y, ks[v])
		for r := range acc {
			g.VADDPS(y, acc[r][v], acc[r][v])
		}
	}
	g.Label("noBias")
	g.CMPQ(at(tileAdd), U32(0))
	g.JZ(LabelRef("store"))
	for r := range acc {
		g.MOVQ(at(tileC+8*r), out)
		for v := range vecs {
			y := g.vec()
			g.loadAt(Mem{Base: out, Disp: g.bytes() * v}, y, ks[v])
			g.VADDPS(y, acc[r][v], acc[r][v])
		}
	}
	g.Label("store")
	g.VBROADCASTSS(at(tileFloor), s)
	for r := range acc {
		g.MOVQ(at(tileC+8*r), out)
		for v := range vecs {
			g.VMAXPS(acc[r][v], s, acc[r][v])
			g.storeAt(acc[r][v], Mem{Base: out, Disp: g.bytes() * v}, ks[v])
		}
	}
	g.VZEROUPPER()
	g.RET()
}
