package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
)

// probes writes the functions that measure or wait.
func probes(g gen) {
	g.Doc(fmt.Sprintf("%s runs n rounds of 12 independent fused multiply-adds of %d lanes.", g.function("fmaLoop"), g.set.lanes))
	g.SignatureExpr("func(n int)")
	g.twelveChains(func(a, b, y vec) { g.VFMADD231PS(a, b, y) })

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

// twelveChains repeats step n times on each of twelve vectors y that do not
// depend on each other, with factors a and b.
func (g gen) twelveChains(step func(a, b, y vec)) {
	n := g.Load(g.Param("n"), g.GP64())
	a, b := g.zero(), g.zero()
	var acc [12]vec
	for i := range acc {
		acc[i] = g.zero()
	}
	g.Label("loop")
	for _, y := range acc {
		step(a, b, y)
	}
	g.DECQ(n)
	g.JNZ(LabelRef("loop"))
	g.VZEROUPPER()
	g.RET()
}
