package cpu

import "github.com/macaw-ai/macaw/chip"

// winogradGradWeight is the gradient by the weights. The workers transform the
// inputs and the gradients of a block of tiles, then add their products to
// one matrix [C][K] for each element of a patch; after the last block these
// are transformed back. No sum is split, so results do not depend on the
// number of threads.
type winogradGradWeight struct {
	*call
	tiling
	c, k    int
	block   int // tiles at a time
	parts   int // of the rows of each matrix
	rows    int // of a part
	panels  []panel
	x, y    matrices // transformed inputs and gradients [tiles][C] and [tiles][K]
	sums    matrices // [C][K]
	zeros   []float32
	patches []patch // of each worker
	first   int     // tile of the current block
}

// matrices are one matrix for each element of a patch, in the shared scratch.
type matrices struct{ at, row, step int }

func (v *winogradGradWeight) matrices(at, rows, cols int) matrices {
	row := oddLines(cols)
	return matrices{at, row, oddLines(rows * row)}
}

func (m matrices) address(shared []float32) uintptr { return addressOf(shared[m.at:]) }

// winogradGradWeight prepares the gradient by the weights of a 3×3 convolution
// that moves by one, or returns nil where the direct one is the better choice.
func (c *call) winogradGradWeight(op *chip.ConvGradWeight) kernel {
	g, x, y := op.Window, c.ins[0].Shape, c.ins[1].Shape
	if g.KH != 3 || g.KW != 3 || g.StrideH*g.StrideW != 1 || g.DilationH*g.DilationW != 1 || op.Groups != 1 {
		return nil
	}
	f := c.dev.pickWinograd(winogradShape{t: c.tier, n: x[0], rows: y[1], cols: y[2], c: x[3], k: y[3], gradWeight: true})
	if f == nil {
		return nil
	}
	v := &winogradGradWeight{call: c, tiling: f.tiling(x[0], x[1], x[2], y[1], y[2], -g.PadTop, -g.PadLeft), c: x[3], k: y[3],
		panels: c.tier.panelsOf(y[3]), patches: make([]patch, c.pool.threads), zeros: alignedFloats(max(x[3], y[3]))}
	v.plan()
	return v.kernel()
}

func (v *winogradGradWeight) plan() {
	v.block = min(v.tiles, 128, max(64, gradWeightFloats/(v.elements*(v.c+v.k))))
	v.block = ceil(v.tiles, ceil(v.tiles, v.block))
	v.x = v.matrices(0, v.block, v.c)
	v.y = v.matrices(v.x.at+v.elements*v.x.step, v.block, v.k)
	v.sums = v.matrices(v.y.at+v.elements*v.y.step, v.c, v.k)
	v.wantShared(v.sums.at + v.elements*v.sums.step)
	v.wantLocal(patchTempFloats)
	h := v.tier.rows
	tiles := ceil(v.c, h)
	v.rows = ceil(tiles, min(tiles, ceil(4*v.pool.threads, v.elements))) * h
	v.parts = ceil(v.c, v.rows)
}

// gradWeightFloats bounds the transformed inputs and gradients of a block. Few
// tiles make the sums go by too often, many in one sum round it too often.
const gradWeightFloats = 3 << 18

func (v *winogradGradWeight) kernel() kernel {
	const patchParts = 4
	parts := patchParts * v.pool.threads
	transform := func(i, worker int) {
		n := min(v.block, v.tiles-v.first)
		for t := i * n / parts; t < (i+1)*n/parts; t++ {
			v.transform(t, worker)
		}
	}
	multiply := func(i, worker int) { v.multiply(i/v.parts, i%v.parts*v.rows, worker) }
	back := v.each(v.c, 1+1024/v.k, v.back)
	return func() error {
		for v.first = 0; v.first < v.tiles; v.first += v.block {
			v.pool.run(parts, transform)
			v.pool.run(v.elements*v.parts, multiply)
		}
		return back()
	}
}

// transform transforms the input and the gradient of tile i of the block.
func (v *winogradGradWeight) transform(i, worker int) {
	p := &v.patches[worker]
	p.temp = addressOf(v.locals[worker])
	v.inputs(p, v.first+i, address(v.in[0]), v.c, addressOf(v.zeros))
	p.n, p.step, p.all = v.c, 4*v.x.step, v.x.address(v.shared)+uintptr(4*i*v.x.row)
	v.input(p)
	v.outputs(p, v.first+i, address(v.in[1]), v.k, addressOf(v.zeros))
	p.n, p.step, p.all = v.k, 4*v.y.step, v.y.address(v.shared)+uintptr(4*i*v.y.row)
	v.outputGrad(p)
}

// multiply adds the products of the block to rows of one element's sums.
func (v *winogradGradWeight) multiply(e, from, worker int) {
	t, rows := v.tile(worker), v.tier.rows
	t.nseg, t.steps, t.alpha, t.floor, t.bias, t.add = 1, min(v.block, v.tiles-v.first), 1, noFloor, 0, min(v.first, 1)
	t.sa, t.sb = 4*v.x.row, 4*v.y.row
	x, y, sums := v.x.address(v.shared)+uintptr(4*e*v.x.step), v.y.address(v.shared)+uintptr(4*e*v.y.step), v.sums.address(v.shared)+uintptr(4*e*v.sums.step)
	to := min(v.c, from+v.rows)
	for i := range v.panels {
		p := &v.panels[i]
		t.setColumns(p.n, p.width)
		t.b = y + uintptr(4*p.j)
		for c := from; c < to; c += rows {
			n := min(rows, to-c)
			t.setRows(x+uintptr(4*c), 4, n, rows)
			t.setOut(sums+uintptr(4*(c*v.sums.row+p.j)), 4*v.sums.row, n, rows, v.spare(worker))
			v.tier.fewest(n, p.width).run(t)
		}
	}
}

// back transforms rows of the sums to the weights of each place of the window.
func (v *winogradGradWeight) back(lo, hi, worker int) {
	p := &v.patches[worker]
	p.temp, p.n, p.step, p.ahead = addressOf(v.locals[worker]), v.k, 4*v.sums.step, 4*v.k
	for c := lo; c < hi; c++ {
		for tap := range 9 {
			p.at[tap] = address(v.out[0]) + uintptr(4*(tap*v.c+c)*v.k)
		}
		p.all = v.sums.address(v.shared) + uintptr(4*c*v.sums.row)
		v.weightsGrad(p)
	}
}
