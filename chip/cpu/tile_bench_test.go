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
		for _, packed := range []bool{true, false} {
			name := tier.name + "/rows"
			if packed {
				name = tier.name + "/packed"
			}
			b.Run(name, func(b *testing.B) { benchTile(b, tier, packed) })
		}
	}
}

func benchTile(b *testing.B, tier *tier, packed bool) {
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
	flops := 2 * float64(many*rows*cols*k)
	one, _ := Peak(1)
	best := math.Inf(1)
	run := tier.over(cols)
	for b.Loop() {
		start := time.Now()
		for range many {
			run(t)
		}
		best = min(best, time.Since(start).Seconds())
	}
	b.ReportMetric(1e3*best, "best-ms")
	b.ReportMetric(100*flops/best/one, "%peak")
}
