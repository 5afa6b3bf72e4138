package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// probes writes the functions that measure or wait.
func probes(g gen) {
	g.function("fmaLoopAVX2")
	g.Doc("fmaLoopAVX2 runs n rounds of 12 independent fused multiply-adds of 8 lanes.")
	g.SignatureExpr("func(n int)")
	n := g.Load(g.Param("n"), g.GP64())
	a, b := g.YMM(), g.YMM()
	g.VXORPS(a, a, a)
	g.VXORPS(b, b, b)
	var acc []reg.VecVirtual
	for range 12 {
		y := g.YMM()
		g.VXORPS(y, y, y)
		acc = append(acc, y)
	}
	g.Label("loop")
	for _, y := range acc {
		g.VFMADD231PS(a, b, y)
	}
	g.DECQ(n)
	g.JNZ(LabelRef("loop"))
	g.VZEROUPPER()
	g.RET()

	g.function("spinPause")
	g.Doc("spinPause tells the processor that the caller spins.")
	g.SignatureExpr("func()")
	g.PAUSE()
	g.RET()
}
