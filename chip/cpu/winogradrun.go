package cpu

import "github.com/macaw-ai/macaw/chip"

// winogradConv is a convolution by transformed patches. A unit of work is a
// block of tiles: their inputs are transformed, multiplied by the transformed
// weights element by element and transformed back, all in scratch of the worker.
type winogradConv struct {
	*call
	tiling
	c, k    int // channels of the input and the output
	in, out *view
	bias    *view
	act     chip.Activation
	weights *winogradWeights

	block       int       // tiles of a unit
	steps       int       // channels that are summed at a time
	groups      [][]panel // whose products are transformed back together
	vRow, vStep int       // floats of transformed inputs: from one tile to the next, from one element to the next
	mRow, mStep int       // the same of products
	zeros       []float32
	patches     []patch // of each worker
}

// winograd prepares a 3×3 convolution that moves by one, or returns nil where
// the direct one is the better choice.
func (s *sliding) winograd(backward bool) kernel {
	if len(s.taps) != 9 || s.spanH != 3 || s.spanW != 3 || s.stepH*s.stepW != 1 || s.groups != 1 || s.outCol != s.k || s.outRow != s.cols*s.k {
		return nil
	}
	f := s.dev.pickWinograd(winogradShape{t: s.tier, n: s.n, rows: s.rows, cols: s.cols, c: s.c, k: s.k, fixed: s.call.fixed(1)})
	if f == nil {
		return nil
	}
	v := &winogradConv{call: s.call, tiling: f.tiling(s.n, s.h, s.w, s.rows, s.cols, s.originH, s.originW),
		c: s.c, k: s.k, in: s.in, out: s.out, bias: s.bias, act: s.act, patches: make([]patch, s.pool.threads)}
	v.weights = s.winogradWeights(f, backward)
	v.vRow, v.zeros, v.steps = wholeLines(v.c), alignedFloats(v.c), winogradSteps(v.c)
	if v.few() {
		return v.byPanels()
	}
	v.plan()
	return inOrder(v.weights.kernel(), v.kernel())
}

// plan settles the blocks and the scratch of a worker: the vectors of a
// transform, a pixel for outputs outside of the image, transformed inputs, products.
func (v *winogradConv) plan() {
	rows := v.tier.rows
	v.block = max(rows, winogradFloats/(v.elements*v.vRow)/rows*rows)
	parts := ceil(v.tiles, v.block)
	if threads := v.pool.threads; parts%threads != 0 && parts < 8*threads { // even out the last ones
		parts += threads - parts%threads
	}
	v.block = ceil(ceil(v.tiles, parts), rows) * rows
	v.vStep = oddLines(v.block * v.vRow)
	v.group(winogradFloats / (v.elements * v.block))
	v.mStep = oddLines(v.block * v.mRow)
	v.wantLocal(patchTempFloats + wholeLines(v.k) + v.elements*(v.vStep+v.mStep))
}

// winogradFloats bounds the transformed inputs of a unit, and their products.
const winogradFloats = 96 * 1024

// winogradSteps is how many of c channels are summed before they are added to
// the sum of those before. The rounding of long sums is most of what makes
// F(4×4) less exact than the direct convolution, which has parts as well.
func winogradSteps(c int) int {
	if c <= 64 {
		return c
	}
	return ceil(c, max(2, ceil(c, 128)))
}

// group cuts the panels into groups of about n columns.
func (v *winogradConv) group(n int) {
	v.groups = groupPanels(v.weights.panels, n, v.least)
	for _, g := range v.groups {
		v.mRow = max(v.mRow, wholeLines(columnsOf(g)))
	}
}

// groupPanels cuts panels into groups of about n columns, none of them
// narrower than least.
func groupPanels(ps []panel, n, least int) (groups [][]panel) {
	for len(ps) > 0 {
		size := 1
		for size < len(ps) && (columnsOf(ps[:size+1]) <= n || columnsOf(ps[size:]) < least) {
			size++
		}
		groups, ps = append(groups, ps[:size]), ps[size:]
	}
	return groups
}

// columnsOf is how many columns successive panels cover.
func columnsOf(ps []panel) int {
	last := ps[len(ps)-1]
	return last.j + last.n - ps[0].j
}

func (v *winogradConv) kernel() kernel {
	units := ceil(v.tiles, v.block)
	return v.each(units, 1, func(lo, hi, worker int) {
		for u := lo; u < hi; u++ {
			v.unit(u, worker)
		}
	})
}

// unit computes a block of tiles.
func (v *winogradConv) unit(u, worker int) {
	first := u * v.block
	n := min(v.block, v.tiles-first)
	mine := v.locals[worker]
	spare := addressOf(mine[patchTempFloats:])
	inputs := mine[patchTempFloats+wholeLines(v.k):]
	products := inputs[v.elements*v.vStep:]
	p := &v.patches[worker]
	p.temp, p.n, p.step = addressOf(mine), v.c, 4*v.vStep
	for i := range n {
		v.inputs(p, first+i, address(v.in), v.c, addressOf(v.zeros))
		p.all = addressOf(inputs) + uintptr(4*i*v.vRow)
		v.input(p)
	}
	for _, group := range v.groups {
		for e := range v.elements {
			v.multiply(n, inputs[e*v.vStep:], v.weights.packed()[e*v.weights.step+group[0].at*v.c:], products[e*v.mStep:], group, worker)
		}
		v.results(p, first, n, addressOf(products), group, spare)
	}
}

// multiply multiplies one element of n transformed inputs by the weights of some panels.
func (v *winogradConv) multiply(n int, inputs, weights, products []float32, panels []panel, worker int) {
	t, rows, spare := v.tile(worker), v.tier.rows, v.spare(worker)
	t.nseg, t.sa, t.alpha, t.floor, t.bias = 1, 4, 1, noFloor, 0
	a, b, c := addressOf(inputs), addressOf(weights), addressOf(products)
	for i := range panels {
		p := &panels[i]
		t.setColumns(p.n, p.width)
		t.sb = 4 * p.width
		run := v.tier.over(p.width)
		out := c + uintptr(4*(p.j-panels[0].j))
		for from := 0; from < v.c; from += v.steps {
			t.steps, t.add = min(v.steps, v.c-from), min(from, 1)
			t.b = b + uintptr(4*((p.at-panels[0].at)*v.c+from*p.width))
			for r := 0; r < n; r += rows {
				left := min(rows, n-r)
				t.setRows(a+uintptr(4*(r*v.vRow+from)), 4*v.vRow, left, rows)
				t.setOut(out+uintptr(4*r*v.mRow), 4*v.mRow, left, rows, spare)
				if left == rows {
					run(t)
				} else {
					v.tier.fewest(left, p.width).run(t)
				}
			}
		}
	}
}

// results transforms the products of some panels back.
func (v *winogradConv) results(p *patch, first, n int, products uintptr, panels []panel, spare uintptr) {
	j := panels[0].j
	p.step, p.n, p.bias, p.floor = 4*v.mStep, columnsOf(panels), 0, noFloor
	if v.bias != nil {
		p.bias = address(v.bias) + uintptr(4*j)
	}
	if v.act == chip.ReLU {
		p.floor = 0
	}
	for i := range n {
		v.outputs(p, first+i, address(v.out)+uintptr(4*j), v.k, spare)
		p.all = products + uintptr(4*i*v.mRow)
		v.output(p)
	}
	v.activate(first, n, j, j+p.n)
}

// activate applies an activation that is not part of the transform to columns
// [j, end) of some tiles.
func (v *winogradConv) activate(first, n, j, end int) {
	if v.act != chip.SiLU && v.act != chip.GELU {
		return
	}
	y := v.out.f32()
	for i := first; i < first+n; i++ {
		image, row, col := v.place(i)
		for r := row; r < min(row+v.m, v.rows); r++ {
			for c := col; c < min(col+v.m, v.cols); c++ {
				at := ((image*v.rows+r)*v.cols + c) * v.k
				v.tier.activate(y[at+j:at+end], v.act)
			}
		}
	}
}
