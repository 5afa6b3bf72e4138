package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of cpu.tile; a test compares them with the Go struct.
const (
	tileA     = 0   // row addresses, up to 16
	tileC     = 128 // output addresses
	tileB     = 256 // address of the panel
	tileSegs  = 264 // address of the segments: pairs of byte offsets for A and B
	tileNSeg  = 272 // number of segments
	tileSteps = 280 // steps in a segment
	tileSA    = 288 // bytes from one step to the next in A
	tileSB    = 296 // and in B
	tileBias  = 304 // address of the bias, or 0
	tileMask  = 312 // address of the column mask, or 0 when all columns count
	tileAdd   = 320 // 1: add to what the output holds
	tileAlpha = 328 // float32
	tileFloor = 332 // float32: 0 for ReLU, else -Inf
	tileCols  = 336 // with a mask: how many columns count
)

// tiles writes the matrix kernels: six rows by two vectors of columns, and six
// rows by one vector with two steps in flight.
func tiles(g gen) {
	if g.set == avx512 {
		g.maskedTiles()
		return
	}
	g.tile("tile6x16", 2, 1)
	g.tile("tile6x8", 1, 2)
}

// tile is the loop nest over segments and steps. acc[p][r][v] accumulates
// phase p (steps are dealt to phases in turn), row r and vector v.
func (g gen) tile(name string, vecs, phases int) {
	name = g.function(name)
	g.Doc(fmt.Sprintf("%s multiplies six rows by %d columns; see tile.", name, 8*vecs))
	g.SignatureExpr("func(t *byte)")
	t := g.Load(g.Param("t"), g.GP64())
	at := func(off int) Mem { return Mem{Base: t, Disp: off} }

	acc := make([][6][]reg.VecVirtual, phases)
	for p := range acc {
		for r := range 6 {
			for range vecs {
				y := g.YMM()
				g.VXORPS(y, y, y)
				acc[p][r] = append(acc[p][r], y)
			}
		}
	}
	var rows [6]reg.GPVirtual
	for r := range rows {
		rows[r] = g.GP64()
		g.MOVQ(at(tileC+8*r), rows[r])
		g.PREFETCHT0(Mem{Base: rows[r]})
	}
	sa, sb, seg, b, idx, n := g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	left := g.GP64()
	g.MOVQ(at(tileSA), sa)
	g.MOVQ(at(tileSB), sb)
	g.MOVQ(at(tileSegs), seg)
	g.MOVQ(at(tileNSeg), left)

	step := func(p int) {
		var bs []reg.VecVirtual
		for v := range vecs {
			y := g.YMM()
			g.VMOVUPS(Mem{Base: b, Disp: 32 * v}, y)
			bs = append(bs, y)
		}
		g.ADDQ(sb, b)
		for r := range rows {
			x := g.YMM()
			g.VBROADCASTSS(Mem{Base: rows[r], Index: idx, Scale: 1}, x)
			for v := range vecs {
				g.VFMADD231PS(bs[v], x, acc[p%phases][r][v])
			}
		}
		g.ADDQ(sa, idx)
	}
	const unroll = 4
	g.Label("segment")
	g.TESTQ(left, left)
	g.JZ(LabelRef("finish"))
	g.MOVQ(Mem{Base: seg}, idx)
	for r := range rows {
		g.MOVQ(at(tileA+8*r), rows[r])
	}
	g.MOVQ(at(tileB), b)
	g.ADDQ(Mem{Base: seg, Disp: 8}, b)
	g.ADDQ(U32(16), seg)
	g.DECQ(left)
	g.MOVQ(at(tileSteps), n)
	g.SUBQ(U32(unroll), n)
	g.JL(LabelRef("rest"))
	g.Label("unrolled")
	for p := range unroll {
		if p%2 == 0 { // packed rows stream from the second-level cache
			g.PREFETCHT0(Mem{Base: rows[0], Index: idx, Scale: 1, Disp: 1024})
		}
		step(p)
	}
	g.SUBQ(U32(unroll), n)
	g.JGE(LabelRef("unrolled"))
	g.Label("rest")
	g.ADDQ(U32(unroll), n)
	g.JZ(LabelRef("segment"))
	g.Label("single")
	step(0)
	g.DECQ(n)
	g.JNZ(LabelRef("single"))
	g.JMP(LabelRef("segment"))

	g.Label("finish")
	for p := 1; p < phases; p++ {
		for r := range 6 {
			for v := range vecs {
				g.VADDPS(acc[p][r][v], acc[0][r][v], acc[0][r][v])
			}
		}
	}
	g.tileStore(at, acc[0], vecs)
}

// tileStore scales, adds bias and output, applies the floor and writes, with
// and without a column mask.
func (g gen) tileStore(at func(int) Mem, acc [6][]reg.VecVirtual, vecs int) {
	s := g.YMM()
	g.VBROADCASTSS(at(tileAlpha), s)
	for r := range 6 {
		for v := range vecs {
			g.VMULPS(s, acc[r][v], acc[r][v])
		}
	}
	bias, add, mask := g.GP64(), g.GP64(), g.GP64()
	g.MOVQ(at(tileBias), bias)
	g.MOVQ(at(tileAdd), add)
	g.MOVQ(at(tileMask), mask)
	g.TESTQ(mask, mask)
	g.JNZ(LabelRef("masked"))
	for _, masked := range []bool{false, true} {
		suffix := ""
		if masked {
			suffix = "Masked"
			g.Label("masked")
		}
		var ms []reg.VecVirtual
		for v := 0; masked && v < vecs; v++ {
			m := g.YMM()
			g.VMOVDQU(Mem{Base: mask, Disp: 32 * v}, m)
			ms = append(ms, m)
		}
		load := func(m Mem, v int, y reg.VecVirtual) {
			if masked {
				g.VMASKMOVPS(m, ms[v], y)
			} else {
				g.VMOVUPS(m, y)
			}
		}
		g.TESTQ(bias, bias)
		g.JZ(LabelRef("noBias" + suffix))
		for v := range vecs {
			y := g.YMM()
			load(Mem{Base: bias, Disp: 32 * v}, v, y)
			for r := range 6 {
				g.VADDPS(y, acc[r][v], acc[r][v])
			}
		}
		g.Label("noBias" + suffix)
		floor := g.YMM()
		out, cols := g.GP64(), g.GP64()
		g.MOVQ(at(tileCols), cols)
		for _, adding := range []bool{true, false} {
			if adding {
				g.TESTQ(add, add)
				g.JZ(LabelRef("store" + suffix))
				for r := range 6 {
					g.MOVQ(at(tileC+8*r), out)
					for v := range vecs {
						y := g.YMM()
						load(Mem{Base: out, Disp: 32 * v}, v, y)
						g.VADDPS(y, acc[r][v], acc[r][v])
					}
				}
				continue
			}
			g.Label("store" + suffix)
			g.VBROADCASTSS(at(tileFloor), floor)
			for r := range 6 {
				g.MOVQ(at(tileC+8*r), out)
				for v := range vecs {
					g.VMAXPS(acc[r][v], floor, acc[r][v])
					if masked && v == vecs-1 {
						g.partial(acc[r][v], out, 32*v, cols, fmt.Sprintf("row%d", r))
					} else {
						g.VMOVUPS(acc[r][v], Mem{Base: out, Disp: 32 * v})
					}
				}
			}
		}
		g.VZEROUPPER()
		g.RET()
	}
}

// partial stores the first cols%8 lanes of y; it uses up y and out. Some
// processors take much longer for a masked store.
func (g gen) partial(y reg.VecVirtual, out reg.GPVirtual, disp int, cols reg.GPVirtual, label string) {
	x := y.AsX()
	for _, n := range []int{4, 2, 1} {
		skip := fmt.Sprintf("%sNo%d", label, n)
		g.TESTQ(U32(n), cols)
		g.JZ(LabelRef(skip))
		switch n {
		case 4:
			g.VMOVUPS(x, Mem{Base: out, Disp: disp})
			g.VEXTRACTF128(U8(1), y, x)
		case 2:
			g.VMOVLPS(x, Mem{Base: out, Disp: disp})
			g.VMOVHLPS(x, x, x)
		case 1:
			g.VMOVSS(x, Mem{Base: out, Disp: disp})
		}
		if n > 1 {
			g.ADDQ(U32(4*n), out)
		}
		g.Label(skip)
	}
}
