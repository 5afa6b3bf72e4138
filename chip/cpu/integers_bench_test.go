package cpu

import (
	"math"
	"testing"
	"time"
	"unsafe"
)

// BenchmarkPairTile runs the kernel for pairs on data in the first-level cache
// and gives its share of the products in registers.
func BenchmarkPairTile(b *testing.B) {
	for _, tier := range tiers {
		if !tier.usable() || !tier.integers.usable() {
			continue
		}
		b.Run(tier.name, func(b *testing.B) {
			const steps, many = 256, 100
			rows, cols := tier.intShape.rows, tier.intShape.cols
			a, p, c := alignedFloats(rows*(steps+16)), alignedFloats(cols*steps), alignedFloats(rows*cols)
			w := new(workTile)
			t := &w.tile
			t.segs, t.nseg, t.steps = uintptr(unsafe.Pointer(&oneSegment)), 1, steps
			t.b = addressOf(p)
			t.setRows(addressOf(a), 4*apart(steps, 1), rows, rows)
			t.setOut(addressOf(c), 4*cols, rows, rows, 0)
			best, peak := math.Inf(1), 0.0
			for b.Loop() {
				start := time.Now()
				ops := tier.intLoop(many * steps)
				peak = max(peak, ops/time.Since(start).Seconds())
				start = time.Now()
				for range many {
					tier.wideWords(t)
				}
				best = min(best, time.Since(start).Seconds())
			}
			rate := 2 * 2 * float64(many*rows*cols*steps) / best
			b.ReportMetric(rate/1e9, "GOP/s")
			b.ReportMetric(100*rate/peak, "%peak")
		})
	}
}
