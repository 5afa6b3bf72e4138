package cpu

import "github.com/macaw-ai/macaw/chip"

// winogradWeights are the weights of a convolution, transformed and packed:
// for each element of a patch the panels of a matrix [C][K].
type winogradWeights struct {
	*call
	*transforms
	c, k     int   // rows and columns of the matrices
	taps     []tap // which weight is at each place of the window
	from     *view // [KH,KW,C,K], or [KH,KW,K,C] when backward
	backward bool
	panels   []panel
	elements int
	step     int // floats from one element to the next

	fixed    []float32 // of constant weights, which are packed once
	patches  []patch   // of each worker
	steps    int       // backward: rows that are packed at a time
	tempStep int       // floats of one element in a worker's scratch
}

func (s *sliding) winogradWeights(f *transforms, backward bool) *winogradWeights {
	w := &winogradWeights{call: s.call, transforms: f, c: s.c, k: s.k, taps: s.taps, from: s.call.in[1], backward: backward,
		panels: s.tier.panelsOf(s.k), elements: (f.m + 2) * (f.m + 2), patches: make([]patch, s.pool.threads)}
	w.step = oddLines(w.c*packedWidth(w.panels) + packSlack)
	if total := w.elements * w.step; s.ins[1].Kind == chip.Constant && s.ins[1].DType == chip.Float32 && w.from.p != nil {
		w.fixed = alignedFloats(total)
	} else {
		w.wantShared(total)
	}
	width := w.least
	if backward {
		parts := (w.c + 127) / 128
		w.steps = max(w.least, (w.c+parts-1)/parts)
		width = w.steps * w.tier.cols
	}
	w.tempStep = oddLines(max(width, w.tier.cols))
	w.wantLocal(patchTempFloats + w.elements*w.tempStep)
	return w
}

func (w *winogradWeights) packed() []float32 {
	if w.fixed != nil {
		return w.fixed
	}
	return w.shared
}

// kernel packs the weights, constant ones in the first run only.
func (w *winogradWeights) kernel() kernel {
	var pack kernel
	if w.backward {
		parts := (w.c + w.steps - 1) / w.steps
		pack = w.each(parts*len(w.panels), 1, func(lo, hi, worker int) {
			for u := lo; u < hi; u++ {
				w.packTurned(w.panels[u/parts], u%parts*w.steps, worker)
			}
		})
	} else {
		pack = w.each(len(w.panels)*w.c, 64, func(lo, hi, worker int) {
			for u := lo; u < hi; u++ {
				w.packRow(&w.panels[u/w.c], u%w.c, worker)
			}
		})
	}
	if w.fixed == nil {
		return pack
	}
	done := false
	return func() (err error) {
		if !done {
			err = pack()
			done = err == nil
		}
		return err
	}
}

// packRow packs row c of a panel for all elements. Columns of a panel that is
// not full go by scratch.
func (w *winogradWeights) packRow(pan *panel, c, worker int) {
	mine := w.locals[worker]
	p := &w.patches[worker]
	p.temp, p.ahead = addressOf(mine), 4*w.k
	to := w.packed()[pan.at*w.c+c*pan.width:]
	j := min(pan.j, pan.j+pan.n-w.least) // kernels need some columns
	for i, t := range w.taps {
		p.at[i] = address(w.from) + uintptr(4*((t.at*w.c+c)*w.k+j))
	}
	if p.n = pan.j + pan.n - j; pan.n == pan.width {
		p.all, p.step = addressOf(to), 4*w.step
		w.weights(p)
		return
	}
	temp := mine[patchTempFloats:]
	p.all, p.step = addressOf(temp), 4*w.tempStep
	w.weights(p)
	for e := range w.elements {
		row := to[e*w.step:][:pan.width]
		clear(row[copy(row, temp[e*w.tempStep+pan.j-j:][:pan.n]):])
	}
}

// packTurned packs some rows of a panel from weights whose rows are its columns.
func (w *winogradWeights) packTurned(pan panel, from, worker int) {
	mine := w.locals[worker]
	temp := mine[patchTempFloats:]
	p := &w.patches[worker]
	n := min(w.steps, w.c-from)
	if n < w.least {
		from, n = w.c-w.least, w.least
	}
	p.temp, p.n, p.step, p.ahead = addressOf(mine), n, 4*w.tempStep, 4*w.c
	for j := range pan.n {
		for i, t := range w.taps {
			p.at[i] = address(w.from) + uintptr(4*((t.at*w.k+pan.j+j)*w.c+from))
		}
		p.all = addressOf(temp) + uintptr(4*j*n)
		w.weights(p)
	}
	pan.j = 0
	one := [1]panel{pan}
	for e := range w.elements {
		w.tier.packPanels(w.packed()[e*w.step:], matrixAt{addressOf(temp[e*w.tempStep:]), 1, n}, n, one[:], w.c, from)
	}
}
