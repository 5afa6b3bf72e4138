package cpu

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

// compileProduct compiles x·w for m rows of x, an input, and a constant w.
func compileProduct(t *testing.T, d *Device, m int, w chip.Value) *executable {
	t.Helper()
	k, n := w.Shape[0], w.Shape[1]
	x, err := d.Compile(&chip.Program{
		Values:  []chip.Value{{DType: chip.Float32, Shape: []int{m, k}, Kind: chip.Input}, w, {DType: chip.Float32, Shape: []int{m, n}, Kind: chip.Output}},
		Inputs:  []chip.Slot{{DType: chip.Float32, Shape: []int{m, k}}},
		Outputs: []chip.Slot{{DType: chip.Float32, Shape: []int{m, n}}},
		Instrs:  []chip.Instr{{Op: &chip.Gemm{}, Args: []int{0, 1}, Outs: []int{2}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return x.(*executable)
}

// TestPrepackedOnce: plans for several shapes share a constant's packing, other
// constants have their own, and it goes with the last plan.
func TestPrepackedOnce(t *testing.T) {
	d := newDevice(1, bestTier())
	r := rand.New(rand.NewPCG(1, 2))
	w := constant(r, 40, 50)
	a, b, other := compileProduct(t, d, 8, w), compileProduct(t, d, 100, w), compileProduct(t, d, 8, constant(r, 40, 50))
	if len(a.held) != 1 || len(b.held) != 1 || a.held[0] != b.held[0] {
		t.Errorf("two plans pack the same constant %d and %d times", len(a.held), len(b.held))
	}
	if other.held[0] == a.held[0] {
		t.Error("two constants share a packing")
	}
	a.Close()
	b.Close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		runtime.GC()
		d.packs.sweep()
		if len(d.packs.m) == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d packings are kept, one plan is open", len(d.packs.m))
		}
	}
	runtime.KeepAlive(other)
}
