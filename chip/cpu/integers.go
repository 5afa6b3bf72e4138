package cpu

import "unsafe"

// integers are a tier's kernels for products of bytes. A step of these is a word
// of 32 bits, as large as a float: some neighbouring inputs in A, as many as terms,
// and in the panel their weights for each column. The sums of tile become integers,
//
//	c[r][j] = Σ Σ a[r][s,k][i]·b[s,k][j][i] (+ c[r][j]), the second Σ over i < terms
//
// and steps lie side by side, every column of a panel counts, and the epilogue
// comes after. A word is four bytes where an instruction adds their products in 32
// bits. Elsewhere it is a pair of int16, whose products do not saturate in 16-bit
// pairs; of bytes they would. So sums are exact.
//
// Inputs are as they are stored, and those outside of an image are the zero point:
// Σ(x-zero)·w is Σx·w less zero·Σw, which the bias takes in.
type integers struct {
	intShape  tileShape
	terms     int
	wideWords func(t *tile)
	slimWords func(t *tile) // for a narrow panel
	// wideRows and slimRows multiply n rows of pairs of int16, row bytes apart, by a
	// panel of steps rows; the sums lie side by side. n is a multiple of lowRows.
	lowRows            int
	wideRows, slimRows func(c, a, b uintptr, steps, n, row int)
	// widenBytes writes bytes as int16, for tiers of two terms.
	widenBytes func(dst, src uintptr, n int)
	// requantise is the epilogue for narrow columns, as many as a vector has.
	requantise func(q *requant)
	// window and sum are the transforms of intWinograd with tiles of two by two and
	// of four by four; see intTile.
	window2, sum2, window4, sum4 func(dst, src uintptr, n, row, pixel, part int)
	// intLoop runs rounds of products in registers and returns their number of operations.
	intLoop func(rounds int) float64
}

// usable reports whether the tier has these kernels; else it runs plain Go.
func (n *integers) usable() bool { return n.wideWords != nil }

// finish runs the epilogue of a panel, a vector of columns at a time.
func (n *integers) finish(q *requant, panel panel) {
	part := *q
	for left := panel.n; left > 0; left -= n.intShape.narrow {
		if left < n.intShape.narrow {
			goRequantise(&part, left)
			return
		}
		n.requantise(&part)
		part.advance(n.intShape.narrow)
	}
}

// intLayout and intWinogradLayout describe the packings of constant weights.
type (
	intLayout         struct{ taps, in, out, groups int }
	intWinogradLayout struct{ size, in, out int }
)

// intWeights are the weights of an integer product as panels of words. Behind the
// panels stand the sums of each output's weights.
type intWeights struct {
	taps, in, out int // positions, inputs and outputs of a group
	groups, terms int
	panels        []panel // of one group's outputs
}

// depth is the steps of a panel.
func (w *intWeights) depth() int { return w.taps * ceil(w.in, w.terms) }

// groupLen is the words of a group.
func (w *intWeights) groupLen() int { return w.depth() * packedWidth(w.panels) }

// pack writes panel p of group g of the weights [taps, in, groups·out]; what
// has no weight becomes 0.
func (w *intWeights) pack(words, sums []int32, src []int8, g, p int) {
	pn, k, steps := w.panels[p], w.groups*w.out, ceil(w.in, w.terms)
	words = words[g*w.groupLen()+pn.at*w.depth():][:w.depth()*pn.width]
	clear(words)
	sums = sums[g*w.out+pn.j:][:pn.n]
	clear(sums)
	for tap := range w.taps {
		for i := range w.in {
			row := src[(tap*w.in+i)*k+g*w.out+pn.j:][:pn.n]
			to := words[(tap*steps+i/w.terms)*pn.width:]
			for j, v := range row {
				to[j] |= inWord(int32(v), i%w.terms, w.terms)
				sums[j] += int32(v)
			}
		}
	}
}

// inWord is v as number i of so many in a word.
func inWord(v int32, i, terms int) int32 {
	bits := 32 / terms
	return int32(uint32(v) << (32 - bits) >> (32 - bits*(i+1)))
}

// packed returns n packed words and k sums of weights, in units that one writes,
// and the kernel that fills them: constants are packed before the first run, others
// on each run.
func (c *call) packed(layout any, n, k, units int, one func(words, sums []int32, weights []int8, u int)) (words, sums []int32, pack kernel) {
	if c.fixed(1) {
		all := prepack(c, 1, layout, n+k, func(dst []int32) {
			for u := range units {
				one(dst[:n], dst[n:], of[int8](c.in[1]), u)
			}
		})
		return all[:n], all[n:], nothing
	}
	all := unsafe.Slice((*int32)(alignedBytes(4*(n+k))), n+k)
	words, sums = all[:n], all[n:]
	return words, sums, c.each(units, 1+units*16*1024/max(1, n), func(lo, hi, _ int) {
		for u := lo; u < hi; u++ {
			one(words, sums, of[int8](c.in[1]), u)
		}
	})
}

func goWidenBytes(dst, src uintptr, n int) {
	to := unsafe.Slice((*int16)(pointerAt(dst)), n)
	for i, v := range unsafe.Slice((*uint8)(pointerAt(src)), n) {
		to[i] = int16(v)
	}
}
