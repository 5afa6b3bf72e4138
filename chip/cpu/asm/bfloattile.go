package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
)

// bfloatTiles writes the kernels of products of bfloat16. A pair of these is as
// large as a float32, so the tiles are those of float32 with another
// multiplication.
func bfloatTiles(g gen) {
	g.maskedTile("bfloatTile", maskedRows, 2, g.VDPBF16PS)
	g.maskedTile("bfloatTile", maskedRows, 1, g.VDPBF16PS)
	for _, width := range []int{2 * g.set.lanes, g.set.lanes, maskedRows} {
		g.zip(width)
	}
	g.Doc(g.function("bfloatLoop") + " runs n rounds of 12 independent products of 16 pairs of bfloat16.")
	g.SignatureExpr("func(n int)")
	g.twelveChains(g.VDPBF16PS)
}

// zip interleaves pairs of rows, group by group of at most 32 columns. Columns
// that do not count are masked away where they are read.
func (g gen) zip(width int) {
	g.Doc(fmt.Sprintf("%s writes n groups of %d pairs of bfloat16 for each of some pairs of rows; to and from are the", g.function(fmt.Sprintf("zip%d", width)), width),
		"bytes between groups, toRow and fromRow those between pairs of rows. The first columns of the upper and of",
		"the lower row that the bits of evens and odds select are read, others are 0.")
	g.SignatureExpr("func(dst, src uintptr, n, to, from, rows, toRow, fromRow int, evens, odds uint32)")
	vecs := (width + g.set.lanes - 1) / g.set.lanes
	order := make([]vec, vecs)
	evens, odds, lower := g.K(), g.K(), g.GP64()
	var last mask
	c := g.copying(func() {
		g.KMOVD(g.Load(g.Param("evens"), g.GP32()), evens)
		g.KMOVD(g.Load(g.Param("odds"), g.GP32()), odds)
		for v := range order {
			order[v] = g.vec()
			g.VMOVDQU16(g.zipOrder(v), order[v])
		}
		if rest := width % g.set.lanes; rest > 0 {
			lanes := g.GP64()
			g.MOVQ(U32(rest), lanes)
			last = g.first(lanes)
		}
		g.Load(g.Param("fromRow"), lower)
		g.SHRQ(U8(1), lower)
	})
	next := g.GP64()
	g.LEAQ(Mem{Base: c.src, Index: lower, Scale: 1}, next)
	g.PREFETCHT0(Mem{Base: next, Index: c.fromRow, Scale: 8})
	x, y := g.vec(), g.vec()
	g.VMOVDQU16_Z(Mem{Base: c.src}, evens, x)
	g.VMOVDQU16_Z(Mem{Base: c.src, Index: lower, Scale: 1}, odds, y)
	for v := range vecs {
		pairs := g.vec()
		g.VMOVDQU16(order[v], pairs)
		g.VPERMI2W(y, x, pairs)
		m := last
		if v < vecs-1 {
			m = nil
		}
		g.storeAt(pairs, Mem{Base: c.dst, Disp: g.bytes() * v}, m)
	}
	g.copied(c)
}

// zipOrder selects for the pairs of vector v numbers of a first (0 to 31) and of
// a second vector (32 to 63).
func (g gen) zipOrder(v int) Mem {
	name := fmt.Sprintf("zipOrder%d", v)
	if m, ok := g.data[name]; ok {
		return m
	}
	m := g.StaticGlobal(name)
	g.data[name] = m
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range g.set.lanes {
		column := uint32(v*g.set.lanes + i)
		g.AddDatum(4*i, U32((column+32)<<16|column))
	}
	return m
}
