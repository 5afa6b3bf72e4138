package cpu

import (
	"fmt"
	"runtime"
	"testing"
	"unsafe"
)

// TestMaxPoolRowStaysInside: a kernel writes the outputs of its row and nothing
// beyond, where other rows, perhaps other workers' or another value, lie.
func TestMaxPoolRowStaysInside(t *testing.T) {
	for _, tier := range usable() {
		if tier.maxPoolRow == nil {
			continue
		}
		for _, c := range []int{1, 2, 3, 5, 7, 8, 12, 17} {
			for _, n := range []int{1, 2, 3, 5, 9} {
				t.Run(fmt.Sprint(tier.name, " ", c, " channels ", n), func(t *testing.T) {
					x := make([]float32, (n+1)*c)
					for i := range x {
						x[i] = float32(i / c) // the second tap always wins
					}
					y, index := newGuarded(make([]float32, n*c)), newGuarded(make([]float32, n*c))
					taps := []poolTap{{0, 0}, {4 * c, 1}}
					tier.maxPoolRow(&poolRow{x: addressOf(x), y: addressOf(y.in), index: addressOf(index.in), n: n, step: 4 * c, c: c,
						taps: uintptr(unsafe.Pointer(&taps[0])), ntaps: 2, atStep: 1})
					runtime.KeepAlive(x)
					runtime.KeepAlive(taps)
					if !y.intact() || !index.intact() {
						t.Error("the kernel wrote outside of its row")
					}
					at := unsafe.Slice((*int32)(unsafe.Pointer(&index.in[0])), n*c)
					for i, v := range y.in {
						if v != float32(i/c+1) || at[i] != int32(i/c+1) {
							t.Fatalf("element %d is %v at %d, want %d", i, v, at[i], i/c+1)
						}
					}
				})
			}
		}
	}
}
