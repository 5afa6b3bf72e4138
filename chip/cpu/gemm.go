package cpu

import (
	"github.com/macaw-ai/macaw/chip"
)

// Cache blocking of matrix products, in rows and floats; see also kBlock. A
// block of packed rows takes a third of a second-level cache, the packed panels
// stay in the third level.
const (
	rowBlock    = 72
	packedLimit = 1 << 20
)

// product is a batched matrix product being prepared.
type product struct {
	*call
	op             *chip.Gemm
	batches        int
	m, n, k        int
	sharedB        bool // all batches use one b
	alpha          float32
	panels         []panel
	packA, directB bool
	kc             int       // steps of a block
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

// gemm prepares a batched matrix product.
func (c *call) gemm(op *chip.Gemm) kernel {
	g := &product{call: c, op: op, alpha: op.Alpha, batches: 1}
	a, out := c.ins[0].Shape, c.outs[0].Shape
	g.m, g.n, g.k = out[len(out)-2], out[len(out)-1], a[len(a)-1]
	if op.TransA {
		g.k = a[len(a)-2]
	}
	for _, d := range out[:len(out)-2] {
		g.batches *= d
	}
	if g.alpha == 0 {
		g.alpha = 1
	}
	if g.sharedB = len(c.ins[1].Shape) == 2; g.sharedB && !op.TransA { // one tall product
		g.m, g.batches = g.m*g.batches, 1
	}
	if g.m == 0 || g.n == 0 || g.batches == 0 {
		return func() error { return nil }
	}
	if k := g.fewRows(); k != nil {
		return k
	}
	t := c.tier
	g.panels = t.panelsOf(g.n)
	tiles := (g.m + t.rows - 1) / t.rows
	g.packA = g.n >= 6*t.cols
	g.directB = !op.TransB && tiles <= 2 && g.n%t.narrow == 0
	kBlock := t.kBlock()
	g.kc = min(g.k, kBlock)
	if g.kc > 0 { // even blocks
		blocks := (g.k + kBlock - 1) / kBlock
		g.kc = (g.k + blocks - 1) / blocks
	}
	if g.batches == 1 && c.pool.threads > 1 && g.k >= 2048 && g.k >= 8*max(g.m, g.n) {
		return g.bySteps()
	}
	g.prepackB()
	if g.batches >= c.pool.threads && g.kc*packedWidth(g.panels) <= packedLimit/4 {
		return g.byBatch()
	}
	return g.whole()
}

// gemmLayout describes a constant factor's packing.
type gemmLayout struct {
	trans    bool
	n, k, kc int
}

// prepackB packs a constant b that all batches share.
func (g *product) prepackB() {
	if g.k == 0 || !g.fixed(1) || !g.sharedB && g.batches > 1 {
		return
	}
	width := packedWidth(g.panels)
	g.ready = prepack(g.call, 1, gemmLayout{g.op.TransB, g.n, g.k, g.kc}, g.k*width+packSlack, func(dst []float32) {
		_, b, _ := g.operands(0)
		for k0 := 0; k0 < g.k; k0 += g.kc {
			kc := min(g.kc, g.k-k0)
			g.tier.packPanels(dst[k0*width:], matrixAt{b.at(k0, 0), b.row, b.col}, kc, g.panels, kc, 0)
		}
	})
	g.directB = false
}

// operands gives a, b and the output of a batch.
func (g *product) operands(batch int) (a, b, out matrixAt) {
	a = matrixAt{address(g.in[0]) + uintptr(4*batch*g.m*g.k), g.k, 1}
	if g.op.TransA {
		a.row, a.col = 1, g.m
	}
	b = matrixAt{address(g.in[1]), g.n, 1}
	if !g.sharedB {
		b.p += uintptr(4 * batch * g.n * g.k)
	}
	if g.op.TransB {
		b.row, b.col = 1, g.k
	}
	return a, b, matrixAt{address(g.out[0]) + uintptr(4*batch*g.m*g.n), g.n, 1}
}

// byBatch gives every worker whole products.
func (g *product) byBatch() kernel {
	aFloats := (g.blockRows(g.m)*g.kc + 2*packSlack) &^ (packSlack - 1)
	width := packedWidth(g.panels)
	g.wantLocal(aFloats + g.kc*width + packSlack)
	grain := 1 + 64*1024/(g.m*g.n*max(g.k, 1))
	return g.each(g.batches, grain, func(lo, hi, worker int) {
		for i := lo; i < hi; i++ {
			a, b, out := g.operands(i)
			packed := g.locals[worker][aFloats:]
			for k0 := 0; k0 == 0 || k0 < g.k; k0 += max(1, g.kc) {
				kc := min(g.kc, g.k-k0)
				if g.ready != nil {
					packed = g.ready[k0*width:]
				} else {
					g.pack(packed, b, k0, kc, g.panels)
				}
				g.rows(worker, a, b, out, packed, k0, kc, 0, g.m, g.panels)
			}
		}
	})
}

// pack packs panels of a block of steps.
func (g *product) pack(packed []float32, b matrixAt, k0, kc int, panels []panel) {
	if g.directB {
		return
	}
	b.p = b.at(k0, 0)
	g.tier.packPanels(packed, b, kc, panels, kc, 0)
}

// whole spreads one product after another over all workers: panels are packed
// together, then row blocks are dealt out.
func (g *product) whole() kernel {
	threads := g.pool.threads
	group := len(g.panels) // panels that are packed at a time
	packs := !g.directB && g.ready == nil
	if packs {
		group = min(group, max(1, packedLimit/max(1, g.kc*g.tier.cols)))
		g.wantShared(g.kc*group*g.tier.cols + packSlack)
	}
	rowParts, rows := g.rowParts(threads)
	g.wantLocal(g.blockRows(rows)*g.kc + packSlack)
	s := &stage{product: g}
	packParts := 1
	if g.kc*g.n >= 32*1024 {
		packParts = threads
	}
	packPart := func(i, _ int) {
		n := len(s.panels)
		g.pack(g.shared, s.b, s.k0, s.kc, s.panels[i*n/packParts:(i+1)*n/packParts])
	}
	colParts := 1
	if rowParts < threads && g.m*g.n*g.k > 32*1024 {
		colParts = min(group, (2*threads+rowParts-1)/rowParts)
	}
	width := packedWidth(g.panels)
	rowPart := func(i, worker int) {
		r, c, n := i/colParts*rows, i%colParts, len(s.panels)
		packed := g.shared
		if g.ready != nil {
			packed = g.ready[s.k0*width:]
		}
		g.rows(worker, s.a, s.b, s.out, packed, s.k0, s.kc, r, min(g.m, r+rows), s.panels[c*n/colParts:(c+1)*n/colParts])
	}
	base := make([]panel, len(g.panels)) // the packing of each group starts at 0
	for i, p := range g.panels {
		p.at -= g.panels[i/group*group].at
		base[i] = p
	}
	return func() error {
		for batch := range g.batches {
			s.a, s.b, s.out = g.operands(batch)
			for k0 := 0; k0 == 0 || k0 < g.k; k0 += max(1, g.kc) {
				s.k0, s.kc = k0, min(g.kc, g.k-k0)
				for j := 0; j < len(base); j += group {
					s.panels = base[j:min(len(base), j+group)]
					if packs {
						g.pool.run(packParts, packPart)
					}
					g.pool.run(rowParts*colParts, rowPart)
				}
			}
		}
		return nil
	}
}

// stage is what the workers of one fork share.
type stage struct {
	*product
	a, b, out matrixAt
	k0, kc    int
	panels    []panel
}

// rowParts cuts m rows into parts of at most rowBlock, as many as the threads
// can share evenly.
func (g *product) rowParts(threads int) (parts, rows int) {
	if g.m*g.n*max(g.k, 1) <= 32*1024 {
		return 1, g.m
	}
	t := g.tier.rows
	tiles := (g.m + t - 1) / t
	parts = max(1, (g.m+rowBlock-1)/rowBlock)
	parts = min(tiles, (parts+threads-1)/threads*threads)
	rows = (tiles + parts - 1) / parts * t
	return (g.m + rows - 1) / rows, rows
}

// blockRows is how many rows are packed at a time.
func (g *product) blockRows(rows int) int {
	if !g.packA {
		return 0
	}
	t := g.tier.rows
	return (min(rows, rowBlock) + t - 1) / t * t
}

// rows multiplies rows [lo, hi) by some panels over one block of steps.
func (g *product) rows(worker int, a, b, out matrixAt, packed []float32, k0, kc, lo, hi int, panels []panel) {
	block := hi - lo
	if g.packA {
		block = g.blockRows(hi - lo)
	}
	for i := lo; i < hi; i += block {
		g.block(worker, a, b, out, packed, k0, kc, i, min(hi, i+block), panels)
	}
	if k0+kc == g.k && g.op.Act != chip.ReLU && g.op.Act != chip.NoActivation && len(panels) > 0 {
		first, last := panels[0].j, panels[len(panels)-1]
		for i := lo; i < hi; i++ {
			g.tier.activate(floatsAt(out.at(i, first), last.j+last.n-first), g.op.Act)
		}
	}
}

// block walks the tiles of a block of rows, panel by panel, so that a panel
// stays in the first-level cache.
func (g *product) block(worker int, a, b, out matrixAt, packed []float32, k0, kc, lo, hi int, panels []panel) {
	t, rows := g.tile(worker), g.tier.rows
	t.sa, t.nseg, t.steps, t.alpha, t.floor, t.add = 4*a.col, 1, kc, g.alpha, noFloor, 0
	if k0 > 0 || g.op.Accumulate {
		t.add = 1
	}
	last := k0+kc == g.k
	if last && g.op.Act == chip.ReLU {
		t.floor = 0
	}
	mine := g.locals[worker]
	if g.packA {
		g.tier.packRows(mine, matrixAt{a.at(0, k0), a.row, a.col}, lo, hi, kc)
		t.sa = 4 * rows
	}
	for _, p := range panels {
		t.bias = 0
		t.setColumns(p.n, p.width)
		if last && g.op.Bias {
			t.bias = address(g.in[2]) + uintptr(4*p.j)
		}
		if g.directB {
			t.b, t.sb = b.at(k0, p.j), 4*b.row
		} else {
			t.b, t.sb = addressOf(packed)+uintptr(4*p.at*kc), 4*p.width
		}
		run := g.tier.over(p.width)
		for i := lo; i < hi; i += rows {
			if g.packA {
				t.setRows(addressOf(mine)+uintptr(4*(i-lo)*kc), 4, rows, rows)
			} else {
				t.setRows(a.at(i, k0), 4*a.row, min(rows, hi-i), rows)
			}
			t.setOut(out.at(i, p.j), 4*out.row, min(rows, hi-i), rows, g.spare(worker))
			run(t)
		}
	}
}
