package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// word is a 32-bit constant in memory.
func (g gen) word(x uint32) Mem {
	name := fmt.Sprintf("c%08x", x)
	m, ok := g.data[name]
	if !ok {
		m = g.ConstData(name, U32(x))
		g.data[name] = m
	}
	return m
}

// loop walks n elements: blocks of unroll vectors, then vectors, then a masked rest. body
// gets the byte offset register and displacement, the mask of the last round
// (nil before) and how many vectors to do.
func (g gen) loop(n reg.GPVirtual, unroll int, body func(idx reg.GPVirtual, count int, mask mask)) {
	idx := g.GP64()
	g.XORQ(idx, idx)
	if unroll > 1 {
		g.SUBQ(U32(g.set.lanes*unroll), n)
		g.JL(LabelRef("wideDone"))
		g.Label("wide")
		body(idx, unroll, nil)
		g.ADDQ(U32(g.bytes()*unroll), idx)
		g.SUBQ(U32(g.set.lanes*unroll), n)
		g.JGE(LabelRef("wide"))
		g.Label("wideDone")
		g.ADDQ(U32(g.set.lanes*unroll), n)
	}
	g.SUBQ(U32(g.set.lanes), n)
	g.JL(LabelRef("slimDone"))
	g.Label("slim")
	body(idx, 1, nil)
	g.ADDQ(U32(g.bytes()), idx)
	g.SUBQ(U32(g.set.lanes), n)
	g.JGE(LabelRef("slim"))
	g.Label("slimDone")
	g.ADDQ(U32(g.set.lanes), n)
	g.JZ(LabelRef("done"))
	body(idx, 1, g.first(n))
	g.Label("done")
}

// mapFn writes func(dst, a, b, c []float32) with f applied to vectors.
func (g gen) mapFn(name, doc string, args, unroll int, f func(in []vec) vec) {
	name = g.function(name)
	g.Doc(name + " writes " + doc + ".")
	g.SignatureExpr("func(dst, a, b, c []float32)")
	dst, n := g.Load(g.Param("dst").Base(), g.GP64()), g.Load(g.Param("dst").Len(), g.GP64())
	var ptrs []reg.GPVirtual
	for _, p := range []string{"a", "b", "c"}[:args] {
		ptrs = append(ptrs, g.Load(g.Param(p).Base(), g.GP64()).(reg.GPVirtual))
	}
	g.hold(func() { f([]vec{g.vec(), g.vec(), g.vec()}[:args]) })
	g.loop(n.(reg.GPVirtual), unroll, func(idx reg.GPVirtual, count int, mask mask) {
		var out []vec
		for i := range count {
			var in []vec
			for _, p := range ptrs {
				in = append(in, g.load(p, idx, i, mask))
			}
			out = append(out, f(in))
		}
		for i, y := range out {
			g.store(y, dst.(reg.GPVirtual), idx, i, mask)
		}
	})
	g.VZEROUPPER()
	g.RET()
}

// op2 applies a three-operand instruction to (a, b): ins(b, a, dst).
func (g gen) op2(ins func(...Op), a, b vec) vec {
	y := g.vec()
	ins(b, a, y)
	return y
}

// elementwise writes the simple functions of maps.
func elementwise(g gen) {
	bin := func(name, doc string, ins func(...Op)) {
		g.mapFn(name, doc, 2, 4, func(in []vec) vec { return g.op2(ins, in[0], in[1]) })
	}
	bin("add", "a + b", g.VADDPS)
	bin("sub", "a - b", g.VSUBPS)
	bin("mul", "a·b", g.VMULPS)
	bin("div", "a/b", g.VDIVPS)
	for _, m := range []struct {
		name, doc string
		ins       func(...Op)
	}{{"max", "the greater of a and b, NaN if either is", g.VMAXPS}, {"min", "the lesser of a and b, NaN if either is", g.VMINPS}} {
		g.mapFn(m.name, m.doc, 2, 2, func(in []vec) vec {
			// The instruction gives b when either is NaN: put a's NaNs back.
			y := g.op2(m.ins, in[0], in[1])
			g.blend(g.compare(in[0], unordered, in[0]), in[0], y, y)
			return y
		})
	}
	for _, c := range []struct {
		name, doc string
		relation  uint8
	}{{"eq", "1 where a = b, else 0", equal}, {"ne", "1 where a ≠ b, else 0", notEqual}, {"lt", "1 where a < b, else 0", less}, {"le", "1 where a ≤ b, else 0", atMost}} {
		g.mapFn(c.name, c.doc, 2, 4, func(in []vec) vec {
			return g.chosen(g.compare(in[0], c.relation, in[1]), g.fixed(1))
		})
	}
	unaries(g)
}

func unaries(g gen) {
	unary := func(name, doc string, f func(x vec) vec) {
		g.mapFn(name, doc, 1, 4, func(in []vec) vec { return f(in[0]) })
	}
	negZero := float32(math.Copysign(0, -1))
	unary("neg", "-a", func(x vec) vec { return g.op2(g.VXORPS, x, g.fixed(negZero)) })
	unary("abs", "|a|", func(x vec) vec { return g.op2(g.VANDNPS, g.fixed(negZero), x) })
	unary("relu", "max(a, 0), NaN stays", func(x vec) vec { return g.op2(g.VMAXPS, g.fixed(0), x) })
	unary("recip", "1/a", func(x vec) vec { return g.op2(g.VDIVPS, g.fixed(1), x) })
	unary("sqrt", "√a", func(x vec) vec {
		y := g.vec()
		g.VSQRTPS(x, y)
		return y
	})
	unary("rsqrt", "1/√a", func(x vec) vec {
		y := g.vec()
		g.VSQRTPS(x, y)
		return g.op2(g.VDIVPS, g.fixed(1), y)
	})
	for _, r := range []struct {
		name, doc string
		mode      uint8
	}{{"round", "a rounded, half to even", toEven}, {"floor", "a rounded down", down}, {"ceil", "a rounded up", up}} {
		unary(r.name, r.doc, func(x vec) vec {
			y := g.vec()
			g.round(r.mode, x, y)
			return y
		})
	}
	unary("not", "1 where a = 0, else 0", func(x vec) vec {
		return g.chosen(g.compare(x, equal, g.fixed(0)), g.fixed(1))
	})
	unary("isNaN", "1 where a is NaN, else 0", func(x vec) vec {
		return g.chosen(g.compare(x, unordered, x), g.fixed(1))
	})
	g.mapFn("where", "b where a ≠ 0, else c", 3, 2, func(in []vec) vec {
		m, y := g.compare(in[0], notEqual, g.fixed(0)), g.vec()
		g.blend(m, in[1], in[2], y)
		return y
	})
}
