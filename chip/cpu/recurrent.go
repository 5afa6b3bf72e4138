package cpu

import "github.com/macaw-ai/macaw/chip"

// recurrence is what the kernels over sequences share. Rows of the batch do not
// depend on each other: each worker takes some of them through all steps.
type recurrence struct {
	*call
	n, t, h int
	reverse bool
	lengths *view // nil when all rows are full
}

func (c *call) recurrence(gates int, reverse, lengths bool) recurrence {
	x := c.ins[0].Shape
	r := recurrence{call: c, n: x[0], t: x[1], h: x[2] / gates, reverse: reverse}
	if lengths {
		r.lengths = c.in[len(c.in)-1]
	}
	return r
}

// step gives the position of step s, which counts in the direction of the layer.
func (r *recurrence) step(s int) int {
	if r.reverse {
		return r.t - 1 - s
	}
	return s
}

// live reports whether position t lies within the row's length.
func (r *recurrence) live(row, t int) bool {
	return r.lengths == nil || int64(t) < r.lengths.i64()[row]
}

// matrix views the rows of v [N,T,width] at position t, from column col on.
func (r *recurrence) matrix(v *view, t, width, col int) matrixAt {
	return matrixAt{address(v) + uintptr(4*(t*width+col)), r.t * width, 1}
}

// row gives row i of v at position t: [N,T,width], or with t < 0 [N,width].
func (r *recurrence) row(v *view, i, t, width int) []float32 {
	if t >= 0 {
		i = i*r.t + t
	}
	return v.f32()[i*width : (i+1)*width]
}

// overRows makes a kernel that calls prepare and then deals out the rows.
func (r *recurrence) overRows(prepare func(), body func(lo, hi, worker int)) kernel {
	parts := max(1, min(r.pool.threads, r.n))
	if r.n*r.t*r.h*r.h < 8*1024 {
		parts = 1
	}
	part := func(i, worker int) { body(i*r.n/parts, (i+1)*r.n/parts, worker) }
	return func() error {
		prepare()
		r.pool.run(parts, part)
		return nil
	}
}

// stepProduct adds a·b to some rows of an output; b [k,n] stays packed for all steps.
type stepProduct struct {
	product
	at    int // of the packed b in shared
	width int
}

// stepProduct plans a product whose b lies at at in the shared scratch.
func (c *call) stepProduct(k, n, at int) *stepProduct {
	p := &stepProduct{at: at, product: product{call: c, op: &chip.Gemm{Accumulate: true}, tiling: &c.tier.matrix, batches: 1, n: n, k: k, alpha: 1,
		panels: c.tier.panelsOf(n), kc: evenParts(k, c.tier.kBlock())}}
	p.width = packedWidth(p.panels)
	c.wantShared(p.end())
	return p
}

// end is where the next scratch may begin.
func (p *stepProduct) end() int { return p.at + aligned(p.k*p.width+packSlack) }

// aligned rounds up to a cache line of floats.
func aligned(n int) int { return (n + 15) &^ 15 }

func (p *stepProduct) pack(b matrixAt) {
	p.product.pack(p.shared[p.at:], factor{matrixAt: b}, 0, p.k, p.panels)
}

// add adds rows [lo, hi) of a·b to those of out.
func (p *stepProduct) add(worker int, a, out matrixAt, lo, hi int) {
	p.rows(worker, factor{matrixAt: a}, factor{}, out, p.shared[p.at:], 0, p.k, lo, hi, p.panels)
}

// plain views v [N,width] as a matrix.
func plain(v *view, width int) matrixAt { return matrixAt{address(v), width, 1} }
