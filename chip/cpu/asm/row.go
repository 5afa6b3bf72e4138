package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// scalar broadcasts a float32 parameter.
func (g gen) scalar(name string) vec {
	y := g.vec()
	p, err := g.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	g.VBROADCASTSS(p.Addr, y)
	return y
}

func (g gen) slice(name string) reg.GPVirtual {
	return g.Load(g.Param(name).Base(), g.GP64()).(reg.GPVirtual)
}

func (g gen) length(name string) reg.GPVirtual {
	return g.Load(g.Param(name).Len(), g.GP64()).(reg.GPVirtual)
}

// rows writes the functions over contiguous rows.
func rows(g gen) {
	g.scaled()
	add := func(acc, y vec) { g.VADDPS(y, acc, acc) }
	g.reduction("sum", "the sum of a", "func(a []float32) float32", []string{"a"}, 0, g.VADDPS,
		func(acc vec, in []vec, _ reg.Register, _ mask) { add(acc, in[0]) })
	g.reduction("dot", "the sum of a·b", "func(a, b []float32) float32", []string{"a", "b"}, 0, g.VADDPS,
		func(acc vec, in []vec, _ reg.Register, _ mask) { g.VFMADD231PS(in[0], in[1], acc) })
	g.reduction("sqDiff", "the sum of (a-mean)²", "func(a []float32, mean float32) float32", []string{"a"}, 0, g.VADDPS,
		func(acc vec, in []vec, mean reg.Register, mask mask) {
			g.VSUBPS(mean, in[0], in[0])
			if mask != nil {
				g.keep(mask, in[0])
			}
			g.VFMADD231PS(in[0], in[0], acc)
		})
	g.reduction("maxRow", "the greatest of a, NaN if any is", "func(a []float32) float32", []string{"a"}, float32(math.Inf(-1)), g.VMAXPS,
		func(acc vec, in []vec, nans reg.Register, mask mask) {
			g.either(g.compare(in[0], unordered, in[0]), nans)
			if mask != nil {
				g.blend(mask, in[0], g.mem(float32(math.Inf(-1))), in[0])
			}
			g.VMAXPS(in[0], acc, acc)
		})
	g.expSum()
}

// reduction folds rows with four accumulators.
func (g gen) reduction(name, doc, signature string, args []string, start float32, fold func(...Op), step func(acc vec, in []vec, extra reg.Register, mask mask)) {
	g.Doc(g.function(name) + " returns " + doc + ".")
	g.SignatureExpr(signature)
	n := g.length("a")
	var ptrs []reg.GPVirtual
	for _, a := range args {
		ptrs = append(ptrs, g.slice(a))
	}
	var extra reg.Register // the mean, or where NaNs were seen
	switch {
	case name == "sqDiff":
		extra = g.scalar("mean")
	case start != 0:
		extra = g.none()
	}
	var acc [4]vec
	for i := range acc {
		acc[i] = g.mem(start)
	}
	g.loop(n, 4, func(idx reg.GPVirtual, count int, mask mask) {
		for i := range count {
			var in []vec
			for _, p := range ptrs {
				in = append(in, g.load(p, idx, i, mask))
			}
			step(acc[i], in, extra, mask)
		}
	})
	fold(acc[1], acc[0], acc[0])
	fold(acc[3], acc[2], acc[2])
	fold(acc[2], acc[0], acc[0])
	g.fold(acc[0], fold)
	if start != 0 {
		seen := g.bits(extra)
		g.TESTL(seen, seen)
		g.JZ(LabelRef("noNaN"))
		g.VBROADCASTSS(g.word(0x7fc00000), acc[0])
		g.Label("noNaN")
	}
	g.Store(acc[0].AsX(), g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
}

// fold combines the lanes of v into its first.
func (g gen) fold(v vec, ins func(...Op)) {
	y, t := v.AsY(), g.YMM()
	if g.masked() {
		g.VEXTRACTF64X4(U8(1), v, t)
		ins(t, y, y)
	}
	g.VPERM2F128(U8(1), y, y, t)
	ins(t, y, y)
	g.VPERMILPS(U8(0x4e), y, t)
	ins(t, y, y)
	g.VPERMILPS(U8(0xb1), y, t)
	ins(t, y, y)
}

// expSum is the softmax's inner loop.
func (g gen) expSum() {
	g.Doc(g.function("expSum") + " writes exp(a - shift) and returns the sum.")
	g.SignatureExpr("func(dst, a []float32, shift float32) float32")
	dst, a, n, shift := g.slice("dst"), g.slice("a"), g.length("dst"), g.scalar("shift")
	sum := g.mem(0)
	g.hold(func() { g.exp(g.vec()) })
	g.loop(n, 1, func(idx reg.GPVirtual, _ int, mask mask) {
		x := g.load(a, idx, 0, mask)
		g.VSUBPS(shift, x, x)
		y := g.exp(x)
		if mask != nil {
			g.keep(mask, y)
		}
		g.VADDPS(y, sum, sum)
		g.store(y, dst, idx, 0, mask)
	})
	g.fold(sum, g.VADDPS)
	g.Store(sum.AsX(), g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
}

// scaled writes the functions that combine a row with scalars or other rows.
func (g gen) scaled() {
	for _, f := range []struct {
		name, doc, signature string
		ins                  []string
		scalars              []string
		unroll               int
		body                 func(in, s []vec) vec
	}{
		{"scale", "a·s", "func(dst, a []float32, s float32)", []string{"a"}, []string{"s"}, 4, func(in, s []vec) vec { return g.op2(g.VMULPS, in[0], s[0]) }},
		{"shift", "a + s", "func(dst, a []float32, s float32)", []string{"a"}, []string{"s"}, 4, func(in, s []vec) vec { return g.op2(g.VADDPS, in[0], s[0]) }},
		{"axpy", "dst + a·s", "func(dst, a []float32, s float32)", []string{"a", "dst"}, []string{"s"}, 4, func(in, s []vec) vec {
			g.VFMADD231PS(in[0], s[0], in[1])
			return in[1]
		}},
		{"plus", "a + b", "func(dst, a, b []float32)", []string{"a", "b"}, nil, 4, func(in, _ []vec) vec { return g.op2(g.VADDPS, in[0], in[1]) }},
		{"mulAdd", "dst + a·b", "func(dst, a, b []float32)", []string{"a", "b", "dst"}, nil, 4, func(in, _ []vec) vec {
			g.VFMADD231PS(in[0], in[1], in[2])
			return in[2]
		}},
		{"standardise", "(a - mean)·rstd", "func(dst, a []float32, mean, rstd float32)", []string{"a"}, []string{"mean", "rstd"}, 4, func(in, s []vec) vec {
			return g.op2(g.VMULPS, g.op2(g.VSUBPS, in[0], s[0]), s[1])
		}},
		{"normalise", "(a - mean)·rstd·gamma + beta", "func(dst, a, gamma, beta []float32, mean, rstd float32)", []string{"a", "gamma", "beta"}, []string{"mean", "rstd"}, 2, func(in, s []vec) vec {
			y := g.op2(g.VMULPS, g.op2(g.VSUBPS, in[0], s[0]), s[1])
			g.VFMADD213PS(in[2], in[1], y)
			return y
		}},
		{"lerp", "dst + (a - dst)·s", "func(dst, a []float32, s float32)", []string{"a", "dst"}, []string{"s"}, 4, func(in, s []vec) vec {
			g.VSUBPS(in[1], in[0], in[0])
			g.VFMADD231PS(in[0], s[0], in[1])
			return in[1]
		}},
	} {
		g.Doc(g.function(f.name) + " writes " + f.doc + ".")
		g.SignatureExpr(f.signature)
		dst, n := g.slice("dst"), g.length("dst")
		var ptrs []reg.GPVirtual
		for _, p := range f.ins {
			ptrs = append(ptrs, g.slice(p))
		}
		var scalars []vec
		for _, s := range f.scalars {
			scalars = append(scalars, g.scalar(s))
		}
		g.loop(n, f.unroll, func(idx reg.GPVirtual, count int, mask mask) {
			for i := range count {
				var in []vec
				for _, p := range ptrs {
					in = append(in, g.load(p, idx, i, mask))
				}
				g.store(f.body(in, scalars), dst, idx, i, mask)
			}
		})
		g.VZEROUPPER()
		g.RET()
	}
}
