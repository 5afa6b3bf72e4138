package cpu

import (
	"github.com/macaw-ai/macaw/chip"
)

// Cache blocking of matrix products, in rows, steps and floats; see also kBlock.
// The packed panels stay in the third-level cache. A block of packed rows, at
// most 288 KiB, stays in the second level. A panel's steps are walked block by
// block, so that each block stays in the first level while all tiles of the
// rows pass over it, and their sums come back while they are near.
const (
	rowBlock    = 72
	stepsLimit  = 1024
	packedLimit = 1 << 21
)

// product is a batched matrix product being prepared.
type product struct {
	*call
	op             *chip.Gemm
	batches        int
	m, n, k        int // k counts steps
	tiling         *matrix
	sum, per       int  // numbers that are summed, and in a step: 2 of BFloat16, else 1
	sharedB        bool // all batches use one b
	alpha          float32
	panels         []panel
	packA, directB bool
	ks             int       // steps that are packed at a time
	kc             int       // of these a block, one after the other
	ready          []float32 // all blocks of a constant b, packed before the first run
}

// panel is a group of columns that one kernel call covers.
type panel struct {
	j, n  int // first column and how many count
	width int // of the packed panel
	at    int // columns that are packed before it
}

// panelsOf cuts n columns into panels.
func (t tileShape) panelsOf(n int) []panel {
	var ps []panel
	at := 0
	for j := 0; j < n; {
		p := panel{j: j, n: min(n-j, t.cols), width: t.cols, at: at}
		if p.n <= t.narrow {
			p.width = t.narrow
		}
		ps = append(ps, p)
		j, at = j+p.n, at+p.width
	}
	return ps
}

// packedWidth is how many columns the packed panels have together.
func packedWidth(ps []panel) int {
	if len(ps) == 0 {
		return 0
	}
	last := ps[len(ps)-1]
	return last.at + last.width
}

// product reads the shapes of a batched matrix product.
func (c *call) product(op *chip.Gemm) *product {
	g := &product{call: c, op: op, alpha: op.Alpha, batches: 1, per: 1, tiling: &c.tier.matrix}
	a, out := c.ins[0].Shape, c.outs[0].Shape
	g.m, g.n, g.sum = out[len(out)-2], out[len(out)-1], a[len(a)-1]
	if op.TransA {
		g.sum = a[len(a)-2]
	}
	if c.ins[0].DType == chip.BFloat16 {
		g.per, g.tiling = 2, &c.tier.bfloatMatrix
	}
	g.k = (g.sum + g.per - 1) / g.per
	for _, d := range out[:len(out)-2] {
		g.batches *= d
	}
	if g.alpha == 0 {
		g.alpha = 1
	}
	if g.sharedB = len(c.ins[1].Shape) == 2; g.sharedB && !op.TransA { // one tall product
		g.m, g.batches = g.m*g.batches, 1
	}
	return g
}

// gemm prepares a batched matrix product.
func (c *call) gemm(op *chip.Gemm) kernel {
	g := c.product(op)
	if g.m == 0 || g.n == 0 || g.batches == 0 {
		return func() error { return nil }
	}
	if k := g.fewRows(); k != nil {
		return k
	}
	t := g.tiling
	g.panels = t.panelsOf(g.n)
	tiles := (g.m + t.rows - 1) / t.rows
	g.packA = g.n >= 6*t.cols || g.per == 2 && (op.TransA || g.sum%2 == 1)
	g.directB = g.per == 1 && !op.TransB && tiles <= 2 && g.n%t.narrow == 0
	g.ks = evenParts(g.k, stepsLimit)
	g.kc = evenParts(g.ks, t.kBlock())
	if g.batches == 1 && c.pool.threads > 1 && g.k >= 2048 && g.k >= 8*max(g.m, g.n) {
		return g.bySteps()
	}
	g.prepackB()
	if g.batches >= c.pool.threads && g.ks*packedWidth(g.panels) <= packedLimit/8 {
		return g.byBatch()
	}
	return g.whole()
}

// evenParts cuts k steps into the fewest parts of at most limit and returns the
// size of all but the last, a multiple of what the tiles unroll.
func evenParts(k, limit int) int {
	const unroll = 4
	if k <= limit {
		return k
	}
	parts := (k + limit - 1) / limit
	size := (k + parts - 1) / parts
	return (size + unroll - 1) &^ (unroll - 1)
}

// gemmLayout describes a constant factor's packing.
type gemmLayout struct {
	trans   bool
	n, sum  int
	per, ks int
}

// prepackB packs a constant b that all batches share.
func (g *product) prepackB() {
	if g.k == 0 || !g.fixed(1) || !g.sharedB && g.batches > 1 {
		return
	}
	width := packedWidth(g.panels)
	g.ready = prepack(g.call, 1, gemmLayout{g.op.TransB, g.n, g.sum, g.per, g.ks}, g.k*width+packSlack, func(dst []float32) {
		_, b, _ := g.operands(0)
		for k0 := 0; k0 < g.k; k0 += g.ks {
			ks := min(g.ks, g.k-k0)
			g.tier.packRight(dst[k0*width:], b.from(k0, 0), ks, g.panels)
		}
	})
	g.directB = false
}

// operands gives a, b and the output of a batch.
func (g *product) operands(batch int) (a, b factor, out matrixAt) {
	if g.per == 2 {
		a.left, b.left = g.sum, g.sum
	}
	a.p, a.row, a.col = address(g.in[0])+uintptr(a.size()*batch*g.m*g.sum), g.sum, g.per
	if g.op.TransA {
		a.row, a.col = 1, g.per*g.m
	}
	b.p, b.row, b.col = address(g.in[1]), g.per*g.n, 1
	if !g.sharedB {
		b.p += uintptr(b.size() * batch * g.n * g.sum)
	}
	if g.op.TransB {
		b.row, b.col = g.per, g.sum
	}
	return a, b, matrixAt{address(g.out[0]) + uintptr(4*batch*g.m*g.n), g.n, 1}
}

// byBatch gives every worker whole products.
func (g *product) byBatch() kernel {
	aFloats := g.rowFloats()
	width := packedWidth(g.panels)
	g.wantLocal(aFloats + g.ks*width + packSlack)
	grain := 1 + 64*1024/(g.m*g.n*max(g.k, 1))
	return g.each(g.batches, grain, func(lo, hi, worker int) {
		for i := lo; i < hi; i++ {
			a, b, out := g.operands(i)
			packed := g.locals[worker][aFloats:]
			for k0 := 0; k0 == 0 || k0 < g.k; k0 += max(1, g.ks) {
				ks := min(g.ks, g.k-k0)
				if g.ready != nil {
					packed = g.ready[k0*width:]
				} else {
					g.pack(packed, b, k0, ks, g.panels)
				}
				g.rows(worker, a, b, out, packed, k0, ks, 0, g.m, g.panels)
			}
		}
	})
}

// pack packs ks steps of panels.
func (g *product) pack(packed []float32, b factor, k0, ks int, panels []panel) {
	if g.directB {
		return
	}
	g.tier.packRight(packed, b.from(k0, 0), ks, panels)
}

// whole spreads one product after another over all workers: panels are packed
// together, then row blocks are dealt out.
func (g *product) whole() kernel {
	threads := g.pool.threads
	group := len(g.panels) // panels that are packed at a time
	packs := !g.directB && g.ready == nil
	if packs {
		group = min(group, max(1, packedLimit/max(1, g.ks*g.tier.cols)))
		g.wantShared(g.ks*group*g.tier.cols + packSlack)
	}
	deal := g.deal(threads, group)
	g.wantLocal(g.rowFloats())
	s := &stage{product: g}
	packParts := 1
	if g.ks*g.n >= 32*1024 {
		packParts = threads
	}
	packPart := func(i, _ int) {
		n := len(s.panels)
		g.pack(g.shared, s.b, s.k0, s.ks, s.panels[i*n/packParts:(i+1)*n/packParts])
	}
	width := packedWidth(g.panels)
	rowPart := func(i, worker int) {
		packed := g.shared
		if g.ready != nil {
			packed = g.ready[s.k0*width:]
		}
		lo, hi, panels := deal.part(i, s.panels)
		g.rows(worker, s.a, s.b, s.out, packed, s.k0, s.ks, lo*g.tier.rows, min(g.m, hi*g.tier.rows), panels)
	}
	base := make([]panel, len(g.panels)) // the packing of each group starts at 0
	for i, p := range g.panels {
		p.at -= g.panels[i/group*group].at
		base[i] = p
	}
	return func() error {
		for batch := range g.batches {
			s.a, s.b, s.out = g.operands(batch)
			for k0 := 0; k0 == 0 || k0 < g.k; k0 += max(1, g.ks) {
				s.k0, s.ks = k0, min(g.ks, g.k-k0)
				for j := 0; j < len(base); j += group {
					s.panels = base[j:min(len(base), j+group)]
					if packs {
						g.pool.run(packParts, packPart)
					}
					g.pool.run(deal.parts(), rowPart)
				}
			}
		}
		return nil
	}
}

// stage is what the workers of one fork share.
type stage struct {
	*product
	a, b   factor
	out    matrixAt
	k0, ks int
	panels []panel
}

// tiles is how many tiles the rows take.
func (g *product) tiles() int { return (g.m + g.tier.rows - 1) / g.tier.rows }

// deal cuts a product into parts of equal work for every thread: rounds of one
// part each, and the tiles that are left, fewer than threads, by columns.
type deal struct {
	threads, rounds int
	each, rest      int // tiles of rows of one thread in all rounds, and those left
	cuts            int // of the columns of the rest
}

// deal for panels that are multiplied together.
func (g *product) deal(threads, panels int) deal {
	tiles := g.tiles()
	if g.m*g.n*max(g.k, 1) <= 32*1024 {
		return deal{1, 1, tiles, 0, 0}
	}
	d := deal{threads: threads, each: tiles / threads, rest: tiles % threads}
	d.rounds = (d.each*g.tier.rows + rowBlock - 1) / rowBlock
	if d.rest > 0 {
		d.cuts = min(panels, 2*threads)
	}
	return d
}

func (d *deal) parts() int { return d.threads*d.rounds + d.cuts }

// part gives the tiles of rows, and the panels, of part i.
func (d *deal) part(i int, panels []panel) (lo, hi int, ps []panel) {
	if i >= d.threads*d.rounds {
		c, n := i-d.threads*d.rounds, len(panels)
		lo = d.threads * d.each
		return lo, lo + d.rest, panels[c*n/d.cuts : (c+1)*n/d.cuts]
	}
	round, thread := i/d.threads, i%d.threads
	before, size := round*d.each/d.rounds, (round+1)*d.each/d.rounds-round*d.each/d.rounds
	lo = d.threads*before + thread*size
	return lo, lo + size, panels
}

// rowFloats is the room for the rows that a worker packs at a time.
func (g *product) rowFloats() int {
	if !g.packA {
		return packSlack
	}
	return aligned(min(g.tiles()*g.tier.rows, rowBlock)*g.ks + packSlack)
}

// rows multiplies rows [lo, hi) by some panels over the steps that are packed.
func (g *product) rows(worker int, a, b factor, out matrixAt, packed []float32, k0, ks, lo, hi int, panels []panel) {
	size := hi - lo
	if g.packA {
		size = rowBlock
	}
	for i := lo; i < hi; i += size {
		g.block(worker, a, b, out, packed, k0, ks, i, min(hi, i+size), panels)
	}
	if k0+ks == g.k && g.op.Act != chip.ReLU && g.op.Act != chip.NoActivation && len(panels) > 0 {
		first, last := panels[0].j, panels[len(panels)-1]
		for i := lo; i < hi; i++ {
			g.tier.activate(floatsAt(out.at(i, first), last.j+last.n-first), g.op.Act)
		}
	}
}

// block walks the tiles of a block of rows.
func (g *product) block(worker int, a, b factor, out matrixAt, packed []float32, k0, ks, lo, hi int, panels []panel) {
	t, rows := g.tile(worker), g.tier.rows
	t.sa, t.nseg, t.alpha = a.size()*a.col, 1, g.alpha
	mine := g.locals[worker]
	if g.packA {
		g.tier.packLeft(mine, a.from(0, k0), lo, hi, ks)
		t.sa = 4 * rows
	}
	for _, p := range panels {
		t.setColumns(p.n, p.width)
		run := g.tiling.over(p.width)
		for k := 0; k == 0 || k < ks; k += max(1, g.kc) {
			g.place(t, p, k0+k, min(g.kc, ks-k))
			if g.directB {
				t.b, t.sb = b.at(k0+k, p.j), 4*b.row
			} else {
				t.b, t.sb = addressOf(packed)+uintptr(4*(p.at*ks+k*p.width)), 4*p.width
			}
			for i := lo; i < hi; i += rows {
				if g.packA {
					t.setRows(addressOf(mine)+uintptr(4*((i-lo)*ks+k*rows)), 4, rows, rows)
				} else {
					t.setRows(a.at(i, k0+k), a.size()*a.row, min(rows, hi-i), rows)
				}
				t.setOut(out.at(i, p.j), 4*out.row, min(rows, hi-i), rows, g.spare(worker))
				if hi-i < rows {
					g.tiling.fewest(hi-i, p.width).run(t)
				} else {
					run(t)
				}
			}
		}
	}
}

// place sets what a tile does with its sums at a block of steps: all but the
// first add to the output, the last finishes it.
func (g *product) place(t *tile, p panel, k, steps int) {
	t.steps, t.add, t.bias, t.floor = steps, 0, 0, noFloor
	if k > 0 || g.op.Accumulate {
		t.add = 1
	}
	if k+steps < g.k {
		return
	}
	if g.op.Bias {
		t.bias = address(g.in[2]) + uintptr(4*p.j)
	}
	if g.op.Act == chip.ReLU {
		t.floor = 0
	}
}
