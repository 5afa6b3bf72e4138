package cpu

// Winograd's minimal filtering computes m×m outputs of a 3×3 convolution from
// (m+2)×(m+2) inputs with (m+2)² multiplications instead of 9·m²:
//
//	Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
//
// for each pair of an input and an output channel. Summed over the input
// channels, the products at each of the (m+2)² elements of a patch are one
// matrix product [tiles × C]·[C × K], for the kernels that all products use.
// The gradient by the input is the same with the weights turned around; the
// gradient by the weights is the transposed algorithm,
//
//	dg = Gᵀ[Σ (A dY Aᵀ) ⊙ (Bᵀ d B)]G
//
// with a matrix product [C × tiles]·[tiles × K] at each element.
//
// Source: Lavin, Gray 2015, arXiv:1509.09308. The points of F(4×4, 3×3) are
// not their 0, ±1, ±2 but 0, ±1/√2, ±√2, which round two to five times
// better at the same cost, as the product of their squares is 1 (docs/precision.md).

// transforms are the kernels of one size of patches. Each handles all channels
// of one patch.
type transforms struct {
	m      int            // outputs of a tile along an axis
	least  int            // channels that kernels need
	input  func(p *patch) // d → Bᵀ d B
	output func(p *patch) // M → max(floor, Aᵀ M A + bias)

	weights     func(p *patch) // g → G g Gᵀ
	outputGrad  func(p *patch) // dY → A dY Aᵀ
	weightsGrad func(p *patch) // U → Gᵀ U G
}

// winograds are a tier's transforms; without them convolutions are direct.
type winograds struct {
	f2, f4 *transforms
}

// patch is the work of one transform: pixels, each with its channels side by
// side, and their transformed patch, whose elements are matrices.
//
// As in a tile, addresses are plain numbers.
type patch struct {
	at    [36]uintptr // the pixels, row by row: channel 0 of each
	all   uintptr     // element 0, channel 0 of the transformed patch
	step  int         // bytes from one element to the next
	n     int         // channels
	temp  uintptr     // scratch for 36 vectors
	bias  uintptr     // 0 for none
	ahead int         // bytes to the pixels of the next patch, to fetch them early
	floor float32     // 0 for ReLU, else -Inf
	_     [44]byte    // so that two workers share no cache line
}

// patchTempFloats is the scratch of a patch: 36 vectors of up to 16 floats.
const patchTempFloats = 36 * 16

// oddLines rounds n floats up to an odd number of cache lines: matrices at
// such distances do not compete for the same places of a cache.
func oddLines(n int) int { return wholeLines(n) | lineFloats }

func wholeLines(n int) int { return (n + lineFloats - 1) &^ (lineFloats - 1) }

const lineFloats = 16

// tiling cuts the outputs of images into tiles.
type tiling struct {
	*transforms
	n, h, w          int // of the input
	rows, cols       int // of the output
	originH, originW int // where in the input the patch of the first output begins
	down, across     int // tiles of an image
	tiles            int // of all images
	elements         int // of a patch
}

func (t *transforms) tiling(n, h, w, rows, cols, originH, originW int) tiling {
	g := tiling{transforms: t, n: n, h: h, w: w, rows: rows, cols: cols, originH: originH, originW: originW,
		down: ceil(rows, t.m), across: ceil(cols, t.m), elements: (t.m + 2) * (t.m + 2)}
	g.tiles = n * g.down * g.across
	return g
}

// inputs points p to the pixels of the input that tile i reads; those outside
// of the image lie at zeros.
func (g *tiling) inputs(p *patch, i int, x uintptr, channels int, zeros uintptr) {
	image, row, col := g.place(i)
	p.ahead = 4 * g.m * channels
	place(p, g.m+2, x+uintptr(4*image*g.h*g.w*channels), row+g.originH, col+g.originW, g.h, g.w, 4*g.w*channels, 4*channels, zeros)
}

// outputs points p to the pixels of the output that tile i covers; those
// outside of the image lie at spare.
func (g *tiling) outputs(p *patch, i int, y uintptr, channels int, spare uintptr) {
	image, row, col := g.place(i)
	p.ahead = 4 * g.m * channels
	place(p, g.m, y+uintptr(4*image*g.rows*g.cols*channels), row, col, g.rows, g.cols, 4*g.cols*channels, 4*channels, spare)
}

// place gives a tile's image and its first output.
func (g *tiling) place(i int) (image, row, col int) {
	per := g.down * g.across
	at := i % per
	return i / per, at / g.across * g.m, at % g.across * g.m
}

// place points p to size×size pixels from (row, col) on.
func place(p *patch, size int, image uintptr, row, col, h, w, rowBytes, colBytes int, outside uintptr) {
	at := p.at[:size*size]
	for range size {
		line, inside := image+uintptr(row*rowBytes+col*colBytes), uint(row) < uint(h)
		for j := range at[:size] {
			if inside && uint(col+j) < uint(w) {
				at[j] = line
			} else {
				at[j] = outside
			}
			line += uintptr(colBytes)
		}
		at = at[size:]
		row++
	}
}
