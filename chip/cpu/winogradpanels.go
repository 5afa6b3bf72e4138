package cpu

// fewTiles are so few that the weights outweigh them.
const fewTiles = 128

// few reports whether it is the weights that should go by once, not the tiles.
func (v *winogradConv) few() bool {
	return v.tiles <= fewTiles && (v.weights.ready == nil || v.tiles < v.k)
}

// byPanels computes all tiles together: their inputs are transformed once, for
// all workers. A unit of work is then a group of panels. Weights that are not
// ready are transformed and used at once, so that all of them together, four
// times the size of the weights themselves, never go to memory.
func (v *winogradConv) byPanels() kernel {
	w := v.weights
	v.block = v.tiles
	v.vStep = oddLines(v.tiles * v.vRow)
	v.wantShared(v.elements * v.vStep)
	v.group(min(2*v.tier.cols, v.k/(2*v.pool.threads)))
	v.mStep = oddLines(v.tiles * v.mRow)
	local, step := wholeLines(w.scratch()), w.step
	size := local + wholeLines(v.k) + v.elements*v.mStep
	if w.ready == nil {
		step = oddLines(v.c*v.mRow + packSlack)
		size += v.elements * step
	}
	v.wantLocal(size)

	// packed are a group's weights.
	packed := func(g []panel, scratch []float32, worker int) []float32 {
		if w.ready != nil {
			return w.ready[g[0].at*v.c:]
		}
		for _, p := range g {
			for part := range w.panelParts() {
				w.pack(scratch[(p.at-g[0].at)*v.c:], step, p, part, v.locals[worker], &w.patches[worker])
			}
		}
		return scratch
	}
	inputs := v.each(v.tiles, 1, func(lo, hi, worker int) {
		p := &v.patches[worker]
		p.temp, p.n, p.step = addressOf(v.locals[worker]), v.c, 4*v.vStep
		for i := lo; i < hi; i++ {
			v.inputs(p, i, address(v.in), v.c, addressOf(v.zeros))
			p.all = addressOf(v.shared) + uintptr(4*i*v.vRow)
			v.input(p)
		}
	})
	products := v.each(len(v.groups), 1, func(lo, hi, worker int) {
		mine := v.locals[worker]
		spare := mine[local:]
		products := spare[wholeLines(v.k):]
		for _, g := range v.groups[lo:hi] {
			weights := packed(g, products[v.elements*v.mStep:], worker)
			for e := range v.elements {
				v.multiply(v.tiles, v.shared[e*v.vStep:], weights[e*step:], products[e*v.mStep:], g, worker)
			}
			p := &v.patches[worker]
			p.temp = addressOf(mine)
			v.results(p, 0, v.tiles, addressOf(products), g, addressOf(spare))
		}
	})
	return inOrder(inputs, products)
}
