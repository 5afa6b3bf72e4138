package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// probes writes the functions that measure or wait.
func probes(g gen) {
	g.Doc(fmt.Sprintf("%s runs n rounds of 12 independent fused multiply-adds of %d lanes.", g.function("fmaLoop"), g.set.lanes))
	g.SignatureExpr("func(n int)")
	n := g.Load(g.Param("n"), g.GP64())
	a, b := g.vec(), g.vec()
	g.VXORPS(a, a, a)
	g.VXORPS(b, b, b)
	var acc []reg.VecVirtual
	for range 12 {
		y := g.vec()
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

	if g.set != avx2 {
		return
	}
	g.Function("spinPause") // of all sets
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	g.Doc("spinPause tells the processor that the caller spins.")
	g.SignatureExpr("func()")
	g.PAUSE()
	g.RET()
}
