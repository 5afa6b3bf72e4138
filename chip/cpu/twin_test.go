package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// edges are lengths around every vector width and unrolling.
var edges = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 40, 63, 64, 65, 100, 127, 128, 129, 1000}

// guarded is a slice inside a larger one whose borders must stay as they were.
type guarded struct{ all, in []float32 }

const guard = 8

func newGuarded(src []float32) guarded {
	all := make([]float32, len(src)+2*guard)
	for i := range all {
		all[i] = -12345
	}
	copy(all[guard:], src)
	return guarded{all, all[guard : guard+len(src) : guard+len(src)]}
}

func (g guarded) intact() bool {
	for i := range guard {
		if g.all[i] != -12345 || g.all[len(g.all)-1-i] != -12345 {
			return false
		}
	}
	return true
}

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()*4 - 2
	}
	return x
}

func closeTo(a, b []float32, tol float64) error {
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		if x != y && !(math.IsNaN(x) && math.IsNaN(y)) && !(math.Abs(x-y) <= tol*max(1, math.Abs(y))) {
			return fmt.Errorf("element %d of %d is %v, want %v", i, len(a), x, y)
		}
	}
	return nil
}

// TestMapTwins compares elementwise functions with their Go twins, with
// special values and in place.
func TestMapTwins(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-40, -1e-40, 3e38, -3e38, 0.5, 1.5, 2.5}
	r := rand.New(rand.NewPCG(1, 2))
	for _, tier := range usable() {
		for fn := chip.FnAdd; fn <= chip.FnCDF; fn++ {
			for _, n := range edges {
				a, b, c := random(r, n), random(r, n), random(r, n)
				for i := range min(n, 2*len(special)) {
					a[i] = special[i%len(special)]
					b[n-1-i] = special[(i*5)%len(special)]
				}
				want := make([]float32, n)
				generic.maps[fn](want, a, b, c)
				got := newGuarded(a)
				tier.maps[fn](got.in, got.in, b, c)
				if err := closeTo(got.in, want, 2e-6); err != nil {
					t.Errorf("%s %v: %v", tier.name, fn, err)
				}
				if !got.intact() {
					t.Errorf("%s %v of %d writes outside", tier.name, fn, n)
				}
			}
		}
	}
}

// TestVectorTwins compares row functions with their Go twins.
func TestVectorTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, tier := range usable() {
		for _, n := range edges {
			a, b, c := random(r, n), random(r, n), random(r, n)
			writes := map[string]func(v *vectors, dst []float32){
				"add": func(v *vectors, dst []float32) { v.add(dst, a, b) }, "scale": func(v *vectors, dst []float32) { v.scale(dst, a, 3) },
				"shift": func(v *vectors, dst []float32) { v.shift(dst, a, 3) }, "axpy": func(v *vectors, dst []float32) { v.axpy(dst, a, 3) },
				"mulAdd":      func(v *vectors, dst []float32) { v.mulAdd(dst, a, b) },
				"standardise": func(v *vectors, dst []float32) { v.standardise(dst, a, 0.5, 2) },
				"normalise":   func(v *vectors, dst []float32) { v.normalise(dst, a, b, c, 0.5, 2) },
				"no beta":     func(v *vectors, dst []float32) { v.normalise(dst, a, b, nil, 0.5, 2) },
				"expSum":      func(v *vectors, dst []float32) { dst[0] = v.expSum(dst[1:], a[1:], 0.25) },
			}
			for name, f := range writes {
				if n == 0 && name == "expSum" {
					continue
				}
				got, want := newGuarded(c), newGuarded(c)
				f(&tier.vectors, got.in)
				f(&generic.vectors, want.in)
				if err := closeTo(got.in, want.in, 1e-5); err != nil || !got.intact() {
					t.Errorf("%s %s of %d: %v, intact %v", tier.name, name, n, err, got.intact())
				}
			}
			folds := map[string]func(v *vectors) float32{
				"sum": func(v *vectors) float32 { return v.sum(a) }, "dot": func(v *vectors) float32 { return v.dot(a, b) },
				"max": func(v *vectors) float32 { return v.max(a) }, "sqDiff": func(v *vectors) float32 { return v.sqDiff(a, 0.5) },
				"max with NaN": func(v *vectors) float32 {
					x := append([]float32(nil), a...)
					if n > 0 {
						x[n/2] = float32(math.NaN())
					}
					return v.max(x)
				},
			}
			for name, f := range folds {
				if err := closeTo([]float32{f(&tier.vectors)}, []float32{f(&generic.vectors)}, 1e-4); err != nil {
					t.Errorf("%s %s of %d: %v", tier.name, name, n, err)
				}
			}
		}
	}
}

// TestDotsTwins multiplies matrices of several rows and lengths by a vector.
func TestDotsTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	for _, tier := range usable() {
		for _, k := range edges {
			for rows := range 10 {
				x, w := random(r, k), random(r, k*rows)
				got, want := newGuarded(make([]float32, rows)), make([]float32, rows)
				tier.dots(got.in, x, w)
				goDots(want, x, w)
				if err := closeTo(got.in, want, 1e-4); err != nil || !got.intact() {
					t.Errorf("%s %dx%d: %v, intact %v", tier.name, rows, k, err, got.intact())
				}
			}
		}
	}
}

// TestColumnTwins compares the functions over columns with their Go twins.
func TestColumnTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, tier := range usable() {
		for _, w := range []int{1, 3, 6, 8, 9, 16, 17, 31, 32, 33, 40, 70, 130} {
			for _, rows := range []int{0, 1, 2, 5, 64} {
				n := rows * w
				x, dy, gate, p, q := random(r, n), random(r, n), random(r, n), random(r, w), random(r, w)
				coef := random(r, 3*w)
				for name, f := range map[string]func(v *colVectors, out, sums []float32){
					"colSum":             func(v *colVectors, _, s []float32) { v.colSum(s[:w], x) },
					"colSqDiff":          func(v *colVectors, _, s []float32) { v.colSqDiff(s[:w], x, p) },
					"colAffine":          func(v *colVectors, out, _ []float32) { v.colAffine(out, x, p, q, false) },
					"colAffine relu":     func(v *colVectors, out, _ []float32) { v.colAffine(out, x, p, q, true) },
					"colGradSums":        func(v *colVectors, _, s []float32) { v.colGradSums(s[:w], s[w:], x, dy, nil, p) },
					"colGradSums gated":  func(v *colVectors, _, s []float32) { v.colGradSums(s[:w], s[w:], x, dy, gate, p) },
					"colGradApply":       func(v *colVectors, out, _ []float32) { v.colGradApply(out, x, dy, nil, coef) },
					"colGradApply gated": func(v *colVectors, out, _ []float32) { v.colGradApply(out, x, dy, gate, coef) },
				} {
					got, gotSums, want, wantSums := newGuarded(make([]float32, n)), newGuarded(make([]float32, 2*w)), make([]float32, n), make([]float32, 2*w)
					f(&tier.colVectors, got.in, gotSums.in)
					f(&generic.colVectors, want, wantSums)
					if err := closeTo(got.in, want, 1e-5); err != nil || !got.intact() {
						t.Errorf("%s %s %dx%d: %v, intact %v", tier.name, name, rows, w, err, got.intact())
					}
					if err := closeTo(gotSums.in, wantSums, 1e-4); err != nil || !gotSums.intact() {
						t.Errorf("%s %s %dx%d sums: %v, intact %v", tier.name, name, rows, w, err, gotSums.intact())
					}
				}
			}
		}
	}
}

// TestTileTwins compares the matrix kernels with their Go twins over rows,
// columns, segments and steps, with every epilogue.
func TestTileTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, tier := range usable() {
		for _, k := range tier.kernels {
			for cols := max(1, k.width-tier.narrow+1); cols <= k.width; cols++ {
				for _, steps := range []int{0, 1, 3, 4, 5, 9} {
					for _, nseg := range []int{0, 1, 3} {
						compareTile(t, r, tier, k, cols, steps, nseg)
					}
				}
			}
		}
	}
}

func compareTile(t *testing.T, r *rand.Rand, tier *tier, kernel matrixKernel, cols, steps, nseg int) {
	t.Helper()
	width := kernel.width
	a, b, bias, c := random(r, 100+20*kernel.rows), random(r, 3*9*width+width), random(r, maxCols), random(r, kernel.rows*width)
	segs := []segment{{0, 0}, {40, 4 * steps * width}, {12, 8 * steps * width}}[:nseg]
	var outs [2]guarded
	for i, run := range []func(*tile){kernel.run, func(t *tile) { goTile(t, kernel.rows, width) }} {
		outs[i] = newGuarded(c)
		w := new(workTile)
		k := &w.tile
		k.b, k.sa, k.sb, k.nseg, k.steps = addressOf(b), 4, 4*width, nseg, steps
		k.segs = uintptr(unsafe.Pointer(unsafe.SliceData(segs)))
		k.alpha, k.floor, k.add = 0.5, noFloor, nseg&1
		if steps&1 == 1 {
			k.floor, k.bias = 0, addressOf(bias)
		}
		k.setColumns(cols, width)
		rows := 1 + (steps+cols)%kernel.rows
		k.setRows(addressOf(a), 80, rows, kernel.rows)
		k.setOut(addressOf(outs[i].in), 4*width, rows, kernel.rows, uintptr(unsafe.Pointer(&w.spare)))
		run(k)
	}
	if err := closeTo(outs[0].all, outs[1].all, 1e-5); err != nil {
		t.Errorf("%s tile %dx%d of %d columns, %d segments of %d steps: %v", tier.name, kernel.rows, width, cols, nseg, steps, err)
	}
}

// TestUpdateTwins compares the optimisers with their Go twins.
func TestUpdateTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, tier := range usable() {
		for _, n := range edges {
			p, g, m, v := random(r, n), random(r, n), random(r, n), random(r, n)
			for i := range v {
				v[i] = max(v[i], -v[i])
			}
			for name, f := range map[string]func(u *updateVectors, p, m, v []float32){
				"sgd":      func(u *updateVectors, p, _, _ []float32) { u.sgd(p, g, nil, sgdStep{0.1, 0.5, 0.01, 0, false}) },
				"momentum": func(u *updateVectors, p, m, _ []float32) { u.sgd(p, g, m, sgdStep{0.1, 0.5, 0.01, 0.9, false}) },
				"nesterov": func(u *updateVectors, p, m, _ []float32) { u.sgd(p, g, m, sgdStep{0.1, 0.5, 0.01, 0.9, true}) },
				"adamW": func(u *updateVectors, p, m, v []float32) {
					u.adamW(p, g, m, v, adamScalars(&chip.AdamW{Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, Decay: 0.1}, 0.01, 4, 0.5))
				},
				"lerp": func(u *updateVectors, p, _, _ []float32) { u.lerp(p, g, 0.3) },
			} {
				var out [2][3]guarded
				for i, u := range []*updateVectors{&tier.updateVectors, &generic.updateVectors} {
					out[i] = [3]guarded{newGuarded(p), newGuarded(m), newGuarded(v)}
					f(u, out[i][0].in, out[i][1].in, out[i][2].in)
				}
				for j := range 3 {
					if err := closeTo(out[0][j].all, out[1][j].all, 1e-5); err != nil {
						t.Errorf("%s %s of %d, slice %d: %v", tier.name, name, n, j, err)
					}
				}
			}
		}
	}
}
