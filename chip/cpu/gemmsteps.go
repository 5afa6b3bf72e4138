package cpu

import "github.com/macaw-ai/macaw/chip"

// bySteps cuts a long reduction: each part multiplies its own steps into a
// matrix of its own, and these are added in order.
func (g *product) bySteps() kernel {
	parts, size := g.pool.threads, g.m*g.n
	steps := (g.k + parts - 1) / parts
	parts = (g.k + steps - 1) / steps
	subs := make([]product, parts)
	for i := range subs {
		subs[i] = *g
		subs[i].op = &chip.Gemm{TransA: g.op.TransA, TransB: g.op.TransB}
		subs[i].k = min(steps, g.k-i*steps)
	}
	aFloats := g.rowFloats()
	g.wantLocal(aFloats + g.ks*packedWidth(g.panels) + packSlack)
	g.wantShared(parts * size)
	part := func(i, worker int) {
		s := &subs[i]
		a, b, _ := g.operands(0)
		a, b = a.from(0, i*steps), b.from(i*steps, 0)
		out := matrixAt{addressOf(g.shared) + uintptr(4*i*size), g.n, 1}
		packed := g.locals[worker][aFloats:]
		for k0 := 0; k0 < s.k; k0 += s.ks {
			ks := min(s.ks, s.k-k0)
			s.pack(packed, b, k0, ks, s.panels)
			s.rows(worker, a, b, out, packed, k0, ks, 0, s.m, s.panels)
		}
	}
	join := g.each(g.m, 1+16*1024/g.n, func(lo, hi, _ int) {
		out, t := g.out[0].f32(), g.tier
		for r := lo; r < hi; r++ {
			row := out[r*g.n : (r+1)*g.n]
			if g.op.Accumulate {
				t.add(row, row, g.shared[r*g.n:(r+1)*g.n])
			} else {
				copy(row, g.shared[r*g.n:])
			}
			for i := 1; i < parts; i++ {
				t.add(row, row, g.shared[i*size+r*g.n:i*size+(r+1)*g.n])
			}
			if g.op.Bias {
				t.add(row, row, g.in[2].f32())
			}
			t.activate(row, g.op.Act)
		}
	})
	return func() error {
		g.pool.run(parts, part)
		return join()
	}
}
