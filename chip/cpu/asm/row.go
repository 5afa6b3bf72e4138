package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// scalar broadcasts a float32 parameter.
func (g gen) scalar(name string) vec {
	y := g.YMM()
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
	masks := g.tailMasks()
	g.scaled(masks)
	add := func(acc, y vec) { g.VADDPS(y, acc, acc) }
	g.reduction(masks, "sumAVX2", "the sum of a", "func(a []float32) float32", []string{"a"}, 0, g.VADDPS,
		func(acc vec, in []vec, _ vec, _ *vec) { add(acc, in[0]) })
	g.reduction(masks, "dotAVX2", "the sum of a·b", "func(a, b []float32) float32", []string{"a", "b"}, 0, g.VADDPS,
		func(acc vec, in []vec, _ vec, _ *vec) { g.VFMADD231PS(in[0], in[1], acc) })
	g.reduction(masks, "sqDiffAVX2", "the sum of (a-mean)²", "func(a []float32, mean float32) float32", []string{"a"}, 0, g.VADDPS,
		func(acc vec, in []vec, mean vec, mask *vec) {
			g.VSUBPS(mean, in[0], in[0])
			if mask != nil {
				g.VANDPS(*mask, in[0], in[0])
			}
			g.VFMADD231PS(in[0], in[0], acc)
		})
	g.reduction(masks, "maxRowAVX2", "the greatest of a, NaN if any is", "func(a []float32) float32", []string{"a"}, float32(math.Inf(-1)), g.VMAXPS,
		func(acc vec, in []vec, nans vec, mask *vec) {
			t := g.YMM()
			g.VCMPPS(U8(3), in[0], in[0], t)
			g.VORPS(t, nans, nans)
			if mask != nil {
				g.VBLENDVPS(*mask, in[0], g.mem(float32(math.Inf(-1))), in[0])
			}
			g.VMAXPS(in[0], acc, acc)
		})
	g.expSum(masks)
}

// reduction folds rows with four accumulators.
func (g gen) reduction(masks Mem, name, doc, signature string, args []string, start float32, fold func(...Op), step func(acc vec, in []vec, extra vec, mask *vec)) {
	g.function(name)
	g.Doc(name + " returns " + doc + ".")
	g.SignatureExpr(signature)
	n := g.length("a")
	var ptrs []reg.GPVirtual
	for _, a := range args {
		ptrs = append(ptrs, g.slice(a))
	}
	var extra vec // the mean, or where NaNs were seen
	switch {
	case name == "sqDiffAVX2":
		extra = g.scalar("mean")
	case start != 0:
		extra = g.mem(0)
	}
	var acc [4]vec
	for i := range acc {
		acc[i] = g.mem(start)
	}
	g.loop(masks, n, 4, func(idx reg.GPVirtual, count int, mask *vec) {
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
		seen := g.GP32()
		g.VMOVMSKPS(extra, seen)
		g.TESTL(seen, seen)
		g.JZ(LabelRef("noNaN"))
		g.VBROADCASTSS(g.word(0x7fc00000), acc[0])
		g.Label("noNaN")
	}
	g.Store(acc[0].AsX(), g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
}

// fold combines the eight lanes of y into its first.
func (g gen) fold(y vec, ins func(...Op)) {
	t := g.YMM()
	g.VPERM2F128(U8(1), y, y, t)
	ins(t, y, y)
	g.VPERMILPS(U8(0x4e), y, t)
	ins(t, y, y)
	g.VPERMILPS(U8(0xb1), y, t)
	ins(t, y, y)
}

// expSum is the softmax's inner loop.
func (g gen) expSum(masks Mem) {
	g.function("expSumAVX2")
	g.Doc("expSumAVX2 writes exp(a - shift) and returns the sum.")
	g.SignatureExpr("func(dst, a []float32, shift float32) float32")
	dst, a, n, shift := g.slice("dst"), g.slice("a"), g.length("dst"), g.scalar("shift")
	sum := g.mem(0)
	g.loop(masks, n, 1, func(idx reg.GPVirtual, _ int, mask *vec) {
		x := g.load(a, idx, 0, mask)
		g.VSUBPS(shift, x, x)
		y := g.exp(x)
		if mask != nil {
			g.VANDPS(*mask, y, y)
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
func (g gen) scaled(masks Mem) {
	for _, f := range []struct {
		name, doc, signature string
		ins                  []string
		scalars              []string
		unroll               int
		body                 func(in, s []vec) vec
	}{
		{"scaleAVX2", "a·s", "func(dst, a []float32, s float32)", []string{"a"}, []string{"s"}, 4, func(in, s []vec) vec { return g.op2(g.VMULPS, in[0], s[0]) }},
		{"shiftAVX2", "a + s", "func(dst, a []float32, s float32)", []string{"a"}, []string{"s"}, 4, func(in, s []vec) vec { return g.op2(g.VADDPS, in[0], s[0]) }},
		{"axpyAVX2", "dst + a·s", "func(dst, a []float32, s float32)", []string{"a", "dst"}, []string{"s"}, 4, func(in, s []vec) vec {
			g.VFMADD231PS(in[0], s[0], in[1])
			return in[1]
		}},
		{"plusAVX2", "a + b", "func(dst, a, b []float32)", []string{"a", "b"}, nil, 4, func(in, _ []vec) vec { return g.op2(g.VADDPS, in[0], in[1]) }},
		{"mulAddAVX2", "dst + a·b", "func(dst, a, b []float32)", []string{"a", "b", "dst"}, nil, 4, func(in, _ []vec) vec {
			g.VFMADD231PS(in[0], in[1], in[2])
			return in[2]
		}},
		{"standardiseAVX2", "(a - mean)·rstd", "func(dst, a []float32, mean, rstd float32)", []string{"a"}, []string{"mean", "rstd"}, 4, func(in, s []vec) vec {
			return g.op2(g.VMULPS, g.op2(g.VSUBPS, in[0], s[0]), s[1])
		}},
		{"normaliseAVX2", "(a - mean)·rstd·gamma + beta", "func(dst, a, gamma, beta []float32, mean, rstd float32)", []string{"a", "gamma", "beta"}, []string{"mean", "rstd"}, 2, func(in, s []vec) vec {
			y := g.op2(g.VMULPS, g.op2(g.VSUBPS, in[0], s[0]), s[1])
			g.VFMADD213PS(in[2], in[1], y)
			return y
		}},
		{"lerpAVX2", "dst + (a - dst)·s", "func(dst, a []float32, s float32)", []string{"a", "dst"}, []string{"s"}, 4, func(in, s []vec) vec {
			g.VSUBPS(in[1], in[0], in[0])
			g.VFMADD231PS(in[0], s[0], in[1])
			return in[1]
		}},
	} {
		g.function(f.name)
		g.Doc(f.name + " writes " + f.doc + ".")
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
		g.loop(masks, n, f.unroll, func(idx reg.GPVirtual, count int, mask *vec) {
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
