package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dots writes the product of a matrix, row by row, with a vector. Four rows
// share each load of the vector, and eight sums are in flight: as many as two
// multiply-adds a cycle with a latency of four need.
func dots(g gen) {
	const rows, vecs = 4, 2
	bytes := g.bytes()
	g.Doc(g.function("dots") + " writes the dot products of x with the rows of w; len(dst) is a multiple of four.")
	g.SignatureExpr("func(dst, x, w []float32)")
	dst, left, x := g.slice("dst"), g.length("dst"), g.slice("x")
	size := g.length("x") // in bytes from here on
	g.SHLQ(U8(2), size)
	w := [rows]reg.GPVirtual{g.slice("w")}
	for r := 1; r < rows; r++ {
		w[r] = g.GP64()
	}
	g.SHRQ(U8(2), left)
	g.JZ(LabelRef("end"))

	rest := g.GP64()
	g.MOVQ(size, rest)
	g.SHRQ(U8(2), rest)
	g.ANDQ(U8(g.set.lanes-1), rest)
	tail := g.first(rest)

	var acc [rows][vecs]vec
	for r := range rows {
		for v := range vecs {
			acc[r][v] = g.vec()
		}
	}
	idx, n := g.GP64(), g.GP64()
	g.Label("rows")
	for r := range rows {
		if r > 0 {
			g.LEAQ(Mem{Base: w[r-1], Index: size, Scale: 1}, w[r])
		}
		for v := range vecs {
			g.VXORPS(acc[r][v], acc[r][v], acc[r][v])
		}
	}
	g.XORQ(idx, idx)
	g.MOVQ(size, n)
	step := func(v int) {
		a := g.vec()
		g.VMOVUPS(Mem{Base: x, Index: idx, Scale: 1, Disp: bytes * v}, a)
		for r := range rows {
			g.VFMADD231PS(Mem{Base: w[r], Index: idx, Scale: 1, Disp: bytes * v}, a, acc[r][v])
		}
	}
	g.SUBQ(U32(bytes*vecs), n)
	g.JL(LabelRef("wideDone"))
	g.Label("wide")
	for v := range vecs {
		step(v)
	}
	g.ADDQ(U32(bytes*vecs), idx)
	g.SUBQ(U32(bytes*vecs), n)
	g.JGE(LabelRef("wide"))
	g.Label("wideDone")
	g.ADDQ(U32(bytes*vecs), n)
	g.SUBQ(U32(bytes), n)
	g.JL(LabelRef("slimDone"))
	step(0)
	g.ADDQ(U32(bytes), idx)
	g.SUBQ(U32(bytes), n)
	g.Label("slimDone")
	g.ADDQ(U32(bytes), n)
	g.JZ(LabelRef("sum"))
	a := g.load(x, idx, 0, tail)
	for r := range rows {
		g.VFMADD231PS(g.load(w[r], idx, 0, tail), a, acc[r][1])
	}
	g.Label("sum")
	for r := range rows {
		g.VADDPS(acc[r][1], acc[r][0], acc[r][0])
	}
	var sums [rows]reg.Register // of eight lanes
	for r := range rows {
		sums[r] = acc[r][0].AsY()
		if g.masked() {
			high := g.YMM()
			g.VEXTRACTF32X8(U8(1), acc[r][0], high)
			g.VADDPS(high, sums[r], sums[r])
		}
	}
	g.VHADDPS(sums[1], sums[0], sums[0])
	g.VHADDPS(sums[3], sums[2], sums[2])
	g.VHADDPS(sums[2], sums[0], sums[0])
	high, low := g.XMM(), acc[0][0].AsX()
	g.VEXTRACTF128(U8(1), sums[0], high)
	g.VADDPS(high, low, low)
	g.VMOVUPS(low, Mem{Base: dst})
	g.ADDQ(U32(4*rows), dst)
	g.LEAQ(Mem{Base: w[rows-1], Index: size, Scale: 1}, w[0])
	g.DECQ(left)
	g.JNZ(LabelRef("rows"))
	g.Label("end")
	g.VZEROUPPER()
	g.RET()
}
