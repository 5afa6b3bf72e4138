package cpu

import (
	"math"
	"testing"
	"time"
	"unsafe"
)

// BenchmarkTile runs one matrix kernel on data in the first-level cache.
func BenchmarkTile(b *testing.B) {
	for _, tier := range usable() {
		b.Run(tier.name+"/packed", func(b *testing.B) { benchTile(b, tier, tier.over(tier.cols), tier.fmaLoop, true, 1) })
		b.Run(tier.name+"/rows", func(b *testing.B) { benchTile(b, tier, tier.over(tier.cols), tier.fmaLoop, false, 1) })
		if tier.multipliesPairs() {
			b.Run(tier.name+"/pairs packed", func(b *testing.B) { benchTile(b, tier, tier.bfloatMatrix.over(tier.cols), tier.bfloatLoop, true, 2) })
			b.Run(tier.name+"/pairs rows", func(b *testing.B) { benchTile(b, tier, tier.bfloatMatrix.over(tier.cols), tier.bfloatLoop, false, 2) })
		}
	}
}

// benchTile gives the share of what peak reaches in registers; a step has so
// many products for each sum.
func benchTile(b *testing.B, tier *tier, run func(*tile), peak func(int) float64, packed bool, products int) {
	const k, many = 256, 100
	rows, cols := tier.rows, tier.cols
	a, p, c := alignedFloats(rows*k), alignedFloats(cols*k), alignedFloats(rows*cols)
	w := new(workTile)
	t := &w.tile
	t.segs, t.nseg, t.steps, t.alpha, t.floor = uintptr(unsafe.Pointer(&oneSegment)), 1, k, 1, noFloor
	t.b, t.sb = addressOf(p), 4*cols
	if packed {
		t.sa = 4 * rows
		t.setRows(addressOf(a), 4, rows, rows)
	} else {
		t.sa = 4
		t.setRows(addressOf(a), 4*k, rows, rows)
	}
	t.setOut(addressOf(c), 4*cols, rows, rows, 0)
	t.setColumns(cols, cols)
	flops := 2 * float64(products*many*rows*cols*k)
	one, _ := peakOf(peak, 1)
	best := math.Inf(1)
	for b.Loop() {
		start := time.Now()
		for range many {
			run(t)
		}
		best = min(best, time.Since(start).Seconds())
	}
	b.ReportMetric(flops/best/1e9, "GFLOP/s")
	b.ReportMetric(100*flops/best/one, "%peak")
}
