package cpu

// fewTiles are so few that the weights outweigh them.
const fewTiles = 128

// byPanels computes all tiles together: their inputs are transformed once, for
// all workers. A unit of work is then a group of panels: its weights are
// transformed and used at once, so that all of them together, four times the
// size of the weights themselves, never go to memory.
func (v *winogradConv) byPanels() kernel {
	w := v.weights
	v.block = v.tiles
	v.vStep = oddLines(v.tiles * v.vRow)
	v.wantShared(v.elements * v.vStep)
	v.group(2 * v.tier.cols)
	v.mStep = oddLines(v.tiles * v.mRow)
	step := oddLines(v.c*v.mRow + packSlack)
	local := wholeLines(w.scratch())
	v.wantLocal(local + wholeLines(v.k) + v.elements*(v.mStep+step))

	pack := func(g []panel, to []float32, worker int) {
		for _, p := range g {
			for part := range w.panelParts() {
				w.pack(to[(p.at-g[0].at)*v.c:], step, p, part, v.locals[worker], &w.patches[worker])
			}
		}
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
		weights := products[v.elements*v.mStep:]
		for _, g := range v.groups[lo:hi] {
			pack(g, weights, worker)
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
