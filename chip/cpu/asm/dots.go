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
	masks := g.tailMasks()
	g.function("dotsAVX2")
	g.Doc("dotsAVX2 writes the dot products of x with the rows of w; len(dst) is a multiple of four.")
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

	base, mask, rest := g.GP64(), g.YMM(), g.GP64()
	g.MOVQ(size, rest)
	g.ANDQ(U8(31), rest)
	g.LEAQ(masks, base)
	g.SUBQ(rest, base)
	g.VMOVDQU(Mem{Base: base, Disp: 32}, mask)

	var acc [rows][vecs]vec
	for r := range rows {
		for v := range vecs {
			acc[r][v] = g.YMM()
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
		a := g.YMM()
		g.VMOVUPS(Mem{Base: x, Index: idx, Scale: 1, Disp: 32 * v}, a)
		for r := range rows {
			g.VFMADD231PS(Mem{Base: w[r], Index: idx, Scale: 1, Disp: 32 * v}, a, acc[r][v])
		}
	}
	g.SUBQ(U32(32*vecs), n)
	g.JL(LabelRef("wideDone"))
	g.Label("wide")
	for v := range vecs {
		step(v)
	}
	g.ADDQ(U32(32*vecs), idx)
	g.SUBQ(U32(32*vecs), n)
	g.JGE(LabelRef("wide"))
	g.Label("wideDone")
	g.ADDQ(U32(32*vecs), n)
	g.SUBQ(U32(32), n)
	g.JL(LabelRef("slimDone"))
	step(0)
	g.ADDQ(U32(32), idx)
	g.SUBQ(U32(32), n)
	g.Label("slimDone")
	g.ADDQ(U32(32), n)
	g.JZ(LabelRef("sum"))
	a := g.YMM()
	g.VMASKMOVPS(Mem{Base: x, Index: idx, Scale: 1}, mask, a)
	for r := range rows {
		b := g.YMM()
		g.VMASKMOVPS(Mem{Base: w[r], Index: idx, Scale: 1}, mask, b)
		g.VFMADD231PS(b, a, acc[r][1])
	}
	g.Label("sum")
	for r := range rows {
		g.VADDPS(acc[r][1], acc[r][0], acc[r][0])
	}
	g.VHADDPS(acc[1][0], acc[0][0], acc[0][0])
	g.VHADDPS(acc[3][0], acc[2][0], acc[2][0])
	g.VHADDPS(acc[2][0], acc[0][0], acc[0][0])
	high := g.YMM()
	g.VEXTRACTF128(U8(1), acc[0][0], high.AsX())
	g.VADDPS(high.AsX(), acc[0][0].AsX(), acc[0][0].AsX())
	g.VMOVUPS(acc[0][0].AsX(), Mem{Base: dst})
	g.ADDQ(U32(4*rows), dst)
	g.LEAQ(Mem{Base: w[rows-1], Index: size, Scale: 1}, w[0])
	g.DECQ(left)
	g.JNZ(LabelRef("rows"))
	g.Label("end")
	g.VZEROUPPER()
	g.RET()
}
