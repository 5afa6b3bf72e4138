package cpu

import (
	"testing"
	"unsafe"
)

// TestMaxPoolRowStaysInRow: what lies behind a row may belong to another worker.
func TestMaxPoolRowStaysInRow(t *testing.T) {
	for _, tier := range tiers {
		if tier.maxPoolRow == nil || !tier.usable() {
			continue
		}
		for c := 1; c <= 17; c++ {
			for n := 1; n <= 9; n++ {
				x, y, index := make([]float32, (n+1)*c+8), make([]float32, n*c+16), make([]int32, n*c+16)
				for i := range x {
					x[i] = float32(i + 1)
				}
				taps := []poolTap{{0, 0}, {4 * c, 1}}
				tier.maxPoolRow(&poolRow{x: addressOf(x), y: addressOf(y), index: uintptr(unsafe.Pointer(&index[0])), n: n, step: 4 * c, c: c,
					taps: uintptr(unsafe.Pointer(&taps[0])), ntaps: 2, atStep: 1})
				for i := range y {
					want, at := float32(i+c+1), int32(i/c+1)
					if i >= n*c {
						want, at = 0, 0
					}
					if y[i] != want || index[i] != at {
						t.Fatalf("%s: %d windows of %d channels: element %d is %v from %d, want %v from %d", tier.name, n, c, i, y[i], index[i], want, at)
					}
				}
			}
		}
	}
}
