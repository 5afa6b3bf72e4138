package main

import "github.com/mmcloughlin/avo/reg"

// updates writes the optimiser steps.
func updates(g gen) {
	g.Doc(g.function("sgd") + ": d = g·scale + decay·p; p -= lr·d.")
	g.SignatureExpr("func(p, g []float32, lr, scale, decay float32)")
	p, gr, n := g.slice("p"), g.slice("g"), g.length("p")
	lr, scale, decay := g.scalar("lr"), g.scalar("scale"), g.scalar("decay")
	g.loop(n, 2, func(idx reg.GPVirtual, count int, mask mask) {
		for i := range count {
			x, d := g.load(p, idx, i, mask), g.load(gr, idx, i, mask)
			g.VMULPS(scale, d, d)
			g.VFMADD231PS(decay, x, d)
			g.VFNMADD231PS(lr, d, x)
			g.store(x, p, idx, i, mask)
		}
	})
	g.VZEROUPPER()
	g.RET()

	g.Doc(g.function("momentum") + ": d = g·scale + decay·p; v = mu·v + d; p -= lr·(kg·d + kv·v).")
	g.SignatureExpr("func(p, g, v []float32, lr, scale, decay, mu, kg, kv float32)")
	p, gr, n = g.slice("p"), g.slice("g"), g.length("p")
	v := g.slice("v")
	lr, scale, decay = g.scalar("lr"), g.scalar("scale"), g.scalar("decay")
	mu, kg, kv := g.scalar("mu"), g.scalar("kg"), g.scalar("kv")
	g.loop(n, 2, func(idx reg.GPVirtual, count int, mask mask) {
		for i := range count {
			x, d, m := g.load(p, idx, i, mask), g.load(gr, idx, i, mask), g.load(v, idx, i, mask)
			g.VMULPS(scale, d, d)
			g.VFMADD231PS(decay, x, d)
			g.VFMADD213PS(d, mu, m)
			g.store(m, v, idx, i, mask)
			g.VMULPS(kg, d, d)
			g.VFMADD231PS(kv, m, d)
			g.VFNMADD231PS(lr, d, x)
			g.store(x, p, idx, i, mask)
		}
	})
	g.VZEROUPPER()
	g.RET()

	g.adamW()
}

func (g gen) adamW() {
	g.Doc(g.function("adamW") + ": d = g·scale; m = b1·m + c1·d; v = b2·v + c2·d²; p = keep·p - rate·m/(√v·root + eps).")
	g.SignatureExpr("func(p, g, m, v []float32, scale, b1, c1, b2, c2, keep, rate, root, eps float32)")
	p, gr, m, v, n := g.slice("p"), g.slice("g"), g.slice("m"), g.slice("v"), g.length("p")
	s := map[string]vec{}
	for _, name := range []string{"scale", "b1", "c1", "b2", "c2", "keep", "rate", "root", "eps"} {
		s[name] = g.scalar(name)
	}
	g.loop(n, 1, func(idx reg.GPVirtual, _ int, mask mask) {
		d, mm, vv := g.load(gr, idx, 0, mask), g.load(m, idx, 0, mask), g.load(v, idx, 0, mask)
		g.VMULPS(s["scale"], d, d)
		g.VMULPS(s["b1"], mm, mm)
		g.VFMADD231PS(s["c1"], d, mm)
		g.store(mm, m, idx, 0, mask)
		g.VMULPS(d, d, d)
		g.VMULPS(s["b2"], vv, vv)
		g.VFMADD231PS(s["c2"], d, vv)
		g.store(vv, v, idx, 0, mask)
		g.VSQRTPS(vv, vv)
		g.VFMADD213PS(s["eps"], s["root"], vv)
		g.VMULPS(s["rate"], mm, mm)
		g.VDIVPS(vv, mm, mm)
		x := g.load(p, idx, 0, mask)
		g.VFMSUB213PS(mm, s["keep"], x)
		g.store(x, p, idx, 0, mask)
	})
	g.VZEROUPPER()
	g.RET()
}
