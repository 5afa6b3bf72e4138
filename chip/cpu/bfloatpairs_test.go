package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

func randomBFloats(r *rand.Rand, n int) []chip.BFloat {
	x := make([]chip.BFloat, n)
	for i := range x {
		x[i] = chip.RoundBFloat(r.Float32()*4 - 2)
	}
	return x
}

// TestBFloatTileTwins compares the kernels of products of BFloat16 with their Go
// twins, whose order of additions is the processor's: all bits agree.
func TestBFloatTileTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for _, tier := range usable() {
		if !tier.multipliesPairs() {
			continue
		}
		for _, width := range []int{tier.cols, tier.narrow} {
			for cols := width - tier.narrow + 1; cols <= width; cols++ {
				for _, steps := range []int{0, 1, 3, 4, 5, 9} {
					compareBFloatTile(t, r, tier, width, cols, steps)
				}
			}
		}
	}
}

func compareBFloatTile(t *testing.T, r *rand.Rand, tier *tier, width, cols, steps int) {
	t.Helper()
	a, b := randomBFloats(r, 2*tier.rows*10), randomBFloats(r, 2*9*width+2*width)
	bias, c := random(r, maxCols), random(r, tier.rows*width)
	twin := goBFloatPairs(tier.tileShape)
	rows := 1 + (steps+cols)%tier.rows
	var outs [2]guarded
	for i, run := range []func(*tile){tier.bfloatMatrix.over(tier.cols), twin.bfloatMatrix.over(tier.cols)} {
		if width == tier.narrow {
			run = []func(*tile){tier.bfloatMatrix.over(tier.narrow), twin.bfloatMatrix.over(tier.narrow)}[i]
		}
		outs[i] = newGuarded(c)
		w := new(workTile)
		k := &w.tile
		k.b, k.sa, k.sb, k.nseg, k.steps = uintptr(unsafe.Pointer(&b[0])), 4, 4*width, 1, steps
		k.segs = uintptr(unsafe.Pointer(&oneSegment))
		k.alpha, k.floor, k.add = 0.5, noFloor, cols&1
		if steps&1 == 1 {
			k.floor, k.bias = 0, addressOf(bias)
		}
		k.setColumns(cols, width)
		k.setRows(uintptr(unsafe.Pointer(&a[0])), 40, rows, tier.rows)
		k.setOut(addressOf(outs[i].in), 4*width, rows, tier.rows, uintptr(unsafe.Pointer(&w.spare)))
		run(k)
	}
	if !slices.Equal(outs[0].all, outs[1].all) {
		t.Errorf("%s: a tile of %d/%d columns, %d rows, %d steps of pairs differs: %v", tier.name, cols, width, rows, steps, closeTo(outs[0].all, outs[1].all, 0))
	}
}

// TestBFloatTileFlushes holds what becomes of numbers that are too small, and of
// those that are none.
func TestBFloatTileFlushes(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, tier := range usable() {
		if !tier.multipliesPairs() {
			continue
		}
		for _, c := range []struct{ a, b, want float32 }{{0x1p-130, 1, 0}, {0x1p-70, 0x1p-60, 0}, {0x1p-126, 1, 0x1p-126}, {inf, 2, inf}, {-inf, 2, -inf}, {inf, 0, float32(math.NaN())}} {
			a := []chip.BFloat{chip.RoundBFloat(c.a), 0}
			b := make([]chip.BFloat, 2*tier.narrow)
			b[0] = chip.RoundBFloat(c.b)
			out := make([]float32, tier.narrow)
			w := new(workTile)
			k := &w.tile
			k.b, k.sa, k.sb, k.nseg, k.steps, k.alpha, k.floor = uintptr(unsafe.Pointer(&b[0])), 4, 4*tier.narrow, 1, 1, 1, noFloor
			k.segs = uintptr(unsafe.Pointer(&oneSegment))
			k.setColumns(tier.narrow, tier.narrow)
			k.setRows(uintptr(unsafe.Pointer(&a[0])), 4, 1, tier.rows)
			k.setOut(addressOf(out), 4*tier.narrow, 1, tier.rows, uintptr(unsafe.Pointer(&w.spare)))
			tier.bfloatMatrix.over(tier.narrow)(k)
			if out[0] != c.want && out[0] == out[0] {
				t.Errorf("%s: %g times %g is %g, want %g", tier.name, c.a, c.b, out[0], c.want)
			}
		}
	}
}

// TestZipTwins interleaves rows of all lengths.
func TestZipTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	for _, tier := range usable() {
		if tier.zip == nil {
			continue
		}
		for _, width := range []int{tier.cols, tier.narrow, tier.rows} {
			for columns := range width + 1 {
				for _, lower := range []int{0, columns} {
					for n := 1; n < 4; n++ {
						for rows := range 3 {
							src := randomBFloats(r, 2*max(1, rows)*(3*width+1))
							got := randomBFloats(r, max(1, rows)*(6*width+3))
							want := slices.Clone(got)
							g := zips{n, 4 * width, 2 * width, rows, 2 * (6*width + 3), 4 * (3*width + 1), columns, lower}
							tier.zip(uintptr(unsafe.Pointer(&got[0])), uintptr(unsafe.Pointer(&src[0])), width, g)
							goZip(uintptr(unsafe.Pointer(&want[0])), uintptr(unsafe.Pointer(&src[0])), width, g)
							if !slices.Equal(got, want) {
								t.Fatalf("%s: %d rows of %d groups of %d and %d of %d columns differ", tier.name, rows, n, columns, lower, width)
							}
						}
					}
				}
			}
		}
	}
}

// TestBFloatErrors holds the greatest error of a product of BFloat16 against
// sums in float64, relative to the greatest result, and prints it beside that of
// the same factors widened, and beside what rounding the factors does.
func TestBFloatErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	const m, n = 48, 64
	for _, k := range []int{64, 384, 1536, 6144} {
		a, b := constant(r, m, k), constant(r, k, n)
		exact, rounded := product64(a, b), [2][]float64{}
		for i, v := range []*chip.Value{&a, &b} {
			v.DType, v.Data = chip.BFloat16, toBFloats(*v)
			for _, h := range v.Data.([]chip.BFloat) {
				rounded[i] = append(rounded[i], float64(h.Float32()))
			}
		}
		want := product64(chip.Value{Shape: a.Shape, Data: rounded[0]}, chip.Value{Shape: b.Shape, Data: rounded[1]})
		var errors [2]float64
		for i, tier := range []*tier{&largeTiles, withoutPairs()} {
			if i == 0 && usable()[0].multipliesPairs() {
				tier = usable()[0]
			}
			d := newDevice(2, tier)
			errors[i] = greatestError(runOp(t, d, &chip.Gemm{}, []int{m, n}, a, b)[0], want)
			d.Close()
		}
		single := make([]float32, m*n)
		for i, v := range want {
			single[i] = float32(v)
		}
		t.Logf("sums of %d: pairs %.1e, widened %.1e; rounded factors %.1e", k, errors[0], errors[1], greatestError(single, exact))
		if errors[0] > 1e-6 {
			t.Errorf("sums of %d are off by %v of the greatest result", k, errors[0])
		}
	}
}

// product64 multiplies in float64.
func product64(a, b chip.Value) []float64 {
	at := func(v chip.Value, i int) float64 {
		if x, ok := v.Data.([]float64); ok {
			return x[i]
		}
		return float64(v.Data.([]float32)[i])
	}
	m, k, n := a.Shape[0], a.Shape[1], b.Shape[1]
	c := make([]float64, m*n)
	for i := range c {
		for p := range k {
			c[i] += at(a, i/n*k+p) * at(b, p*n+i%n)
		}
	}
	return c
}

// greatestError is relative to the greatest result.
func greatestError(got []float32, want []float64) float64 {
	worst, most := 0.0, 0.0
	for i, w := range want {
		worst, most = max(worst, math.Abs(float64(got[i])-w)), max(most, math.Abs(w))
	}
	return worst / most
}
