package cpu

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

	ready    []float32 // constant weights that were packed before the first run
	patches  []patch   // of each worker
	steps    int       // backward: rows that are packed at a time
	tempStep int       // floats of one element in a worker's scratch
}

func (s *sliding) winogradWeights(f *transforms, backward bool) *winogradWeights {
	w := &winogradWeights{call: s.call, transforms: f, c: s.c, k: s.k, taps: s.taps, from: s.call.in[1], backward: backward,
		panels: s.tier.panelsOf(s.k), elements: (f.m + 2) * (f.m + 2), patches: make([]patch, s.pool.threads)}
	w.step = oddLines(w.c*packedWidth(w.panels) + packSlack)
	width := w.least
	if backward {
		w.steps = max(w.least, ceil(w.c, ceil(w.c, 128)))
		width = w.steps * w.tier.cols
	}
	w.tempStep = oddLines(max(width, w.tier.cols))
	w.wantLocal(w.scratch())
	w.prepack()
	return w
}

// scratch is how many floats of a worker's scratch packing needs.
func (w *winogradWeights) scratch() int { return patchTempFloats + w.elements*w.tempStep }

// packed is where all weights are packed: from the start of the shared scratch
// unless they are constant.
func (w *winogradWeights) packed() []float32 {
	if w.ready != nil {
		return w.ready
	}
	return w.shared
}

// winogradLayout describes the packing of constant weights.
type winogradLayout struct {
	m, c, k  int
	backward bool
}

// readyFloats bounds constant weights that are packed once: larger ones take
// about as long to read as to make.
const readyFloats = 5 << 20

// prepack packs constant weights here and now, unless they are large.
func (w *winogradWeights) prepack() {
	size := w.elements * w.step
	if !w.call.fixed(1) || size > readyFloats {
		return
	}
	w.ready = prepack(w.call, 1, winogradLayout{w.m, w.c, w.k, w.backward}, size, func(to []float32) {
		mine, p := alignedFloats(w.scratch()), new(patch)
		for _, pan := range w.panels {
			for part := range w.panelParts() {
				w.pack(to[pan.at*w.c:], w.step, pan, part, mine, p)
			}
		}
	})
}

// kernel packs all weights on each run, unless they are ready.
func (w *winogradWeights) kernel() kernel {
	if w.ready != nil {
		return nothing
	}
	w.wantShared(w.elements * w.step)
	parts := w.panelParts()
	return w.each(parts*len(w.panels), 1+32/w.partRows(), func(lo, hi, worker int) {
		for u := lo; u < hi; u++ {
			pan := w.panels[u/parts]
			w.pack(w.shared[pan.at*w.c:], w.step, pan, u%parts, w.locals[worker], &w.patches[worker])
		}
	})
}

// partRows is how many rows of a panel are packed together.
func (w *winogradWeights) partRows() int {
	if w.backward {
		return w.steps
	}
	return 1
}

func (w *winogradWeights) panelParts() int { return ceil(w.c, w.partRows()) }

// pack packs a part of a panel, by scratch and a patch of the worker, to its place in the first element, step floats
// before that in the next one.
func (w *winogradWeights) pack(to []float32, step int, pan panel, part int, mine []float32, p *patch) {
	if w.backward {
		w.packTurned(to, step, pan, part*w.steps, mine, p)
		return
	}
	w.packRow(to, step, pan, part, mine, p)
}

// packRow packs row c of a panel for all elements. Columns of a panel that is
// not full go by scratch.
func (w *winogradWeights) packRow(to []float32, step int, pan panel, c int, mine []float32, p *patch) {
	p.temp, p.ahead = addressOf(mine), 4*w.k
	to = to[c*pan.width:]
	j := min(pan.j, pan.j+pan.n-w.least) // kernels need some columns
	for i, t := range w.taps {
		p.at[i] = address(w.from) + uintptr(4*((t.at*w.c+c)*w.k+j))
	}
	if p.n = pan.j + pan.n - j; pan.n == pan.width {
		p.all, p.step = addressOf(to), 4*step
		w.weights(p)
		return
	}
	temp := mine[patchTempFloats:]
	p.all, p.step = addressOf(temp), 4*w.tempStep
	w.weights(p)
	for e := range w.elements {
		row := to[e*step:][:pan.width]
		clear(row[copy(row, temp[e*w.tempStep+pan.j-j:][:pan.n]):])
	}
}

// packTurned packs some rows of a panel from weights whose rows are its columns.
func (w *winogradWeights) packTurned(to []float32, step int, pan panel, from int, mine []float32, p *patch) {
	temp := mine[patchTempFloats:]
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
	pan.j, pan.at = 0, 0
	one := [1]panel{pan}
	for e := range w.elements {
		w.tier.packPanels(to[e*step:], matrixAt{addressOf(temp[e*w.tempStep:]), 1, n}, n, one[:], w.c, from)
	}
}
