package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// wordsOf are n random words, of any 16-bit numbers, or of bytes that have a sign
// where they are weights, and the numbers in them.
func wordsOf(r *rand.Rand, n, terms int, weights bool) (words, numbers []int32) {
	words, numbers = make([]int32, n), make([]int32, n*terms)
	for i := range numbers {
		switch {
		case terms == 2:
			numbers[i] = int32(int16(r.Uint32()))
		case weights:
			numbers[i] = int32(int8(r.Uint32()))
		default:
			numbers[i] = int32(uint8(r.Uint32()))
		}
		words[i/terms] |= inWord(numbers[i], i%terms, terms)
	}
	return words, numbers
}

func addressOfWords(x []int32) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }

// TestIntTiles compares the matrix kernels for words and for pairs with plain loops
// over rows, segments and steps.
func TestIntTiles(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for _, tier := range usable() {
		if !tier.integers.usable() {
			continue
		}
		size := tier.intShape
		for _, wide := range []bool{true, false} {
			width, tileOf, rowsOf := size.cols, tier.wideWords, tier.wideRows
			if !wide {
				width, tileOf, rowsOf = size.narrow, tier.slimWords, tier.slimRows
			}
			for _, steps := range []int{1, 3, 4, 5, 9} {
				operands := func(terms int) (a, b []int32, sum func(acc []int32, at int, s segment)) {
					a, as := wordsOf(r, 40*size.rows, terms, false)
					b, bs := wordsOf(r, 3*9*width, terms, true)
					return a, b, func(acc []int32, at int, s segment) { // of the row that begins at word at
						for k := range steps {
							for j := range acc {
								for i := range terms {
									acc[j] += as[terms*(at+s.a/4+k)+i] * bs[terms*(s.b/4+k*width+j)+i]
								}
							}
						}
					}
				}
				a, b, sum := operands(tier.terms)
				for _, nseg := range []int{0, 1, 3} {
					segs := []segment{{0, 0}, {40, 4 * steps * width}, {12, 8 * steps * width}}[:nseg]
					got := slices.Repeat([]int32{7}, (size.rows+2)*width)
					want := slices.Clone(got)
					w := new(workTile)
					k := &w.tile
					k.b, k.nseg, k.steps, k.add = addressOfWords(b), nseg, steps, nseg&1
					k.segs = uintptr(unsafe.Pointer(unsafe.SliceData(segs)))
					rows := 1 + steps%size.rows
					k.setRows(addressOfWords(a), 4*20, rows, size.rows)
					k.setOut(uintptr(unsafe.Pointer(&got[width])), 4*width, rows, size.rows, uintptr(unsafe.Pointer(&w.spare)))
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
				a, b, sum = operands(2)
				for _, n := range []int{tier.lowRows, size.rows, 2 * size.rows, 3*size.rows - tier.lowRows} {
					got := slices.Repeat([]int32{7}, (n+2)*width)
					want := slices.Clone(got)
					rowsOf(uintptr(unsafe.Pointer(&got[width])), addressOfWords(a), addressOfWords(b), steps, n, 4*10)
					for i := range n {
						acc := want[(i+1)*width:][:width]
						clear(acc)
						sum(acc, 10*i, segment{})
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: %d rows by %d columns, %d steps: %v, want %v", tier.name, n, width, steps, got, want)
					}
				}
			}
		}
	}
}

// TestWidenBytes compares with the Go twin at lengths around its vectors.
func TestWidenBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for _, tier := range usable() {
		for _, n := range edges {
			if tier.widenBytes == nil || n == 0 {
				continue
			}
			src := make([]uint8, n)
			for i := range src {
				src[i] = uint8(r.Uint32())
			}
			got := slices.Repeat([]int16{7}, n+2)
			want := slices.Clone(got)
			tier.widenBytes(uintptr(unsafe.Pointer(&got[1])), uintptr(unsafe.Pointer(&src[0])), n)
			goWidenBytes(uintptr(unsafe.Pointer(&want[1])), uintptr(unsafe.Pointer(&src[0])), n)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d bytes: %v, want %v", tier.name, n, got, want)
			}
		}
	}
}
