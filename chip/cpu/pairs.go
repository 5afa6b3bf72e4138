package cpu

import "unsafe"

// pairs are a tier's kernels for products of bytes. A step of these is a pair
// of int16, as large as a float: two neighbouring inputs less their zero point
// in A, and in the panel the two weights of each column. The sums of tile
// become integers,
//
//	c[r][j] = Σ a[r][s,k][0]·b[s,k][j][0] + a[r][s,k][1]·b[s,k][j][1] (+ c[r][j])
//
// and steps lie side by side, every column of a panel counts, and the epilogue
// comes after. Products of 8-bit numbers do not saturate in 16-bit pairs, so
// that sums are exact; of two bytes multiplied and added in 16 bits they would.
type pairs struct {
	pairTile  tileShape
	widePairs func(t *tile)
	slimPairs func(t *tile) // for a narrow panel
	// wideRows and slimRows multiply n tiles of rows, row bytes apart, by a panel of
	// steps rows; the sums lie side by side.
	wideRows, slimRows func(c, a, b uintptr, steps, n, row int)
	// centre writes dst[i] = src[i] - zero as int16.
	centre func(dst, src uintptr, n int, zero uint8)
	// requantise is the epilogue for a panel of width columns.
	requantise func(q *requant, width int)
	// window and sum are the transforms of pairWinograd with tiles of two by two and
	// of four by four; see winogradTile.
	window2, sum2, window4, sum4 func(dst, src uintptr, n, row, pixel, part int)
	// pairLoop runs rounds of products in registers and returns their number of operations.
	pairLoop func(rounds int) float64
}

// usable reports whether the tier has these kernels; else it runs plain Go.
func (p *pairs) usable() bool { return p.widePairs != nil }

// finish runs the epilogue of a panel.
func (p *pairs) finish(q *requant, panel panel) {
	if panel.n < panel.width {
		goRequantise(q, panel.n)
		return
	}
	p.requantise(q, panel.width)
}

// pairLayout and pairWinogradLayout describe the packings of constant weights.
type (
	pairLayout         struct{ taps, in, out, groups int }
	pairWinogradLayout struct{ size, in, out int }
)

// pairWeights are the weights of an integer product as panels of pairs.
type pairWeights struct {
	taps, in, out int // positions, inputs and outputs of a group
	groups        int
	panels        []panel // of one group's outputs
}

// depth is the steps of a panel.
func (w *pairWeights) depth() int { return w.taps * ((w.in + 1) / 2) }

// groupLen is the int16s of a group.
func (w *pairWeights) groupLen() int { return 2 * w.depth() * packedWidth(w.panels) }

// pack writes panel p of group g of the weights [taps, in, groups·out]; what
// has no weight becomes 0.
func (w *pairWeights) pack(dst []int16, src []int8, g, p int) {
	pn, k, half := w.panels[p], w.groups*w.out, (w.in+1)/2
	dst = dst[g*w.groupLen()+2*pn.at*w.depth():][:2*w.depth()*pn.width]
	clear(dst)
	for tap := range w.taps {
		for i := range w.in {
			row := src[(tap*w.in+i)*k+g*w.out+pn.j:][:pn.n]
			to := dst[2*(tap*half+i/2)*pn.width+i%2:]
			for j, v := range row {
				to[2*j] = int16(v)
			}
		}
	}
}

// packed returns n packed integers, in units that one writes, and the kernel that
// fills them: constants are packed before the first run, others on each run.
func (c *call) packed(layout any, n, units int, one func(dst []int16, weights []int8, u int)) ([]int16, kernel) {
	if c.fixed(1) {
		return prepack(c, 1, layout, n, func(dst []int16) {
			for u := range units {
				one(dst, of[int8](c.in[1]), u)
			}
		}), nothing
	}
	dst := int16s(n)
	return dst, c.each(units, 1+units*16*1024/max(1, n), func(lo, hi, _ int) {
		for u := lo; u < hi; u++ {
			one(dst, of[int8](c.in[1]), u)
		}
	})
}

func goCentre(dst, src uintptr, n int, zero uint8) {
	to := unsafe.Slice((*int16)(pointerAt(dst)), n)
	for i, v := range unsafe.Slice((*uint8)(pointerAt(src)), n) {
		to[i] = int16(v) - int16(zero)
	}
}
