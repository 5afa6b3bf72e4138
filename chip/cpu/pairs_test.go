package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// pairsOf are n random pairs as large as integer products have them.
func pairsOf(r *rand.Rand, n, largest int) []int16 {
	x := make([]int16, 2*n)
	for i := range x {
		x[i] = int16(r.IntN(2*largest+1) - largest)
	}
	return x
}

func addressOfPairs(x []int16) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }

// TestPairTiles compares the matrix kernels for pairs with plain loops over rows,
// segments and steps.
func TestPairTiles(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for _, tier := range usable() {
		if !tier.pairs.usable() {
			continue
		}
		for _, wide := range []bool{true, false} {
			width, tileOf, rowsOf := tier.pairTile.cols, tier.widePairs, tier.wideRows
			if !wide {
				width, tileOf, rowsOf = tier.pairTile.narrow, tier.slimPairs, tier.slimRows
			}
			for _, steps := range []int{1, 3, 4, 5, 9} {
				a, b := pairsOf(r, 40*tier.pairTile.rows, 255), pairsOf(r, 3*9*width, 128)
				sum := func(acc []int32, at int, s segment) { // of the row that begins at pair at
					for k := range steps {
						for j := range acc {
							x, w := a[2*(at+s.a/4+k):][:2], b[2*(s.b/4+k*width+j):][:2]
							acc[j] += int32(x[0])*int32(w[0]) + int32(x[1])*int32(w[1])
						}
					}
				}
				for _, nseg := range []int{0, 1, 3} {
					segs := []segment{{0, 0}, {40, 4 * steps * width}, {12, 8 * steps * width}}[:nseg]
					got := slices.Repeat([]int32{7}, (tier.pairTile.rows+2)*width)
					want := slices.Clone(got)
					w := new(workTile)
					k := &w.tile
					k.b, k.nseg, k.steps, k.add = addressOfPairs(b), nseg, steps, nseg&1
					k.segs = uintptr(unsafe.Pointer(unsafe.SliceData(segs)))
					rows := 1 + steps%tier.pairTile.rows
					k.setRows(addressOfPairs(a), 4*20, rows, tier.pairTile.rows)
					k.setOut(uintptr(unsafe.Pointer(&got[width])), 4*width, rows, tier.pairTile.rows, uintptr(unsafe.Pointer(&w.spare)))
					tileOf(k)
					for i := range rows {
						acc := want[(i+1)*width:][:width]
						if k.add == 0 {
							clear(acc)
						}
						for _, s := range segs {
							sum(acc, 20*i, s)
						}
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: %d rows by %d columns, %d segments of %d steps: %v, want %v", tier.name, rows, width, nseg, steps, got, want)
					}
				}
				for _, n := range []int{1, 2, 3} {
					got := slices.Repeat([]int32{7}, (n*tier.pairTile.rows+2)*width)
					want := slices.Clone(got)
					rowsOf(uintptr(unsafe.Pointer(&got[width])), addressOfPairs(a), addressOfPairs(b), steps, n, 4*10)
					for i := range n * tier.pairTile.rows {
						acc := want[(i+1)*width:][:width]
						clear(acc)
						sum(acc, 10*i, segment{})
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: %d tiles of %d columns, %d steps: %v, want %v", tier.name, n, width, steps, got, want)
					}
				}
			}
		}
	}
}

// TestCentre compares with the Go twin at lengths around its vectors.
func TestCentre(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for _, tier := range usable() {
		for _, n := range edges {
			if !tier.pairs.usable() || n == 0 {
				continue
			}
			src := make([]uint8, n)
			for i := range src {
				src[i] = uint8(r.Uint32())
			}
			got := slices.Repeat([]int16{7}, n+2)
			want := slices.Clone(got)
			zero := uint8(r.Uint32())
			tier.centre(addressOfPairs(got[1:]), uintptr(unsafe.Pointer(&src[0])), n, zero)
			goCentre(addressOfPairs(want[1:]), uintptr(unsafe.Pointer(&src[0])), n, zero)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d bytes less %d: %v, want %v", tier.name, n, zero, got, want)
			}
		}
	}
}
