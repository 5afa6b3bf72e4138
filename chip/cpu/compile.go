package cpu

import (
	"fmt"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// kernel is one prepared instruction.
type kernel func() error

// view is where a value's elements are while a program runs.
type view struct {
	p unsafe.Pointer
	n int // elements
}

func (v *view) f32() []float32 { return unsafe.Slice((*float32)(v.p), v.n) }
func (v *view) i64() []int64   { return unsafe.Slice((*int64)(v.p), v.n) }
func (v *view) i32() []int32   { return unsafe.Slice((*int32)(v.p), v.n) }

// of views the elements as T, which has the size of the value's own type.
func of[T any](v *view) []T { return unsafe.Slice((*T)(v.p), v.n) }

// call is an instruction during compilation.
type call struct {
	*executable
	ins, outs []chip.Value
	in, out   []*view
}

// Compile checks the program and prepares its instructions: offsets, blockings
// and scratch memory are settled here, so that running allocates nothing.
func (d *Device) Compile(p *chip.Program) (chip.Executable, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	if err := allowed("the memory of its temporaries", p.Arena); err != nil {
		return nil, err
	}
	x := &executable{dev: d, pool: d.pool, tier: d.tier, program: p,
		views: make([]view, len(p.Values)), arena: alignedBytes(p.Arena)}
	x.locals = make([][]float32, d.pool.threads)
	x.tiles = make([]workTile, d.pool.threads)
	x.bindFixed()
	for i := range p.Instrs {
		c := &call{executable: x, ins: p.Ins(i), outs: p.OutsOf(i)}
		c.in, c.out = x.pick(p.Instrs[i].Args), x.pick(p.Instrs[i].Outs)
		k, err := c.widened(p.Instrs[i].Op)
		if err != nil {
			return nil, fmt.Errorf("cpu: instruction %d %s %s: %w", i, p.Instrs[i].Op.Name(), p.Instrs[i].Label, err)
		}
		x.kernels = append(x.kernels, k)
	}
	if err := allowed("the scratch of its kernels", 4*(x.sharedLen+x.localLen*len(x.locals))); err != nil {
		return nil, err
	}
	x.shared = alignedFloats(x.sharedLen)
	x.placeWide()
	for i := range x.locals {
		x.locals[i] = alignedFloats(x.localLen)
	}
	return x, nil
}

func (x *executable) pick(ids []int) []*view {
	vs := make([]*view, len(ids))
	for i, id := range ids {
		vs[i] = &x.views[id]
	}
	return vs
}

// bindFixed places the values that do not move: temporaries and constants.
func (x *executable) bindFixed() {
	for i, v := range x.program.Values {
		x.views[i].n = v.Len()
		switch v.Kind {
		case chip.Temp:
			if x.arena != nil {
				x.views[i].p = unsafe.Add(x.arena, v.Offset)
			}
		case chip.Constant:
			_, _, x.views[i].p, _ = sliceOf(v.Data)
		}
	}
}

// wantShared asks for n floats of scratch that all workers see.
func (x *executable) wantShared(n int) { x.sharedLen = max(x.sharedLen, n) }

// wantLocal asks for n floats of scratch for each worker.
func (x *executable) wantLocal(n int) { x.localLen = max(x.localLen, n) }

// each makes a kernel that splits [0, n) into ranges of at least grain and
// runs body on them. The ranges depend on the number of threads alone.
func (x *executable) each(n, grain int, body func(lo, hi, worker int)) kernel {
	if n == 0 {
		return func() error { return nil }
	}
	parts := min((n+grain-1)/max(grain, 1), 4*x.pool.threads)
	if x.pool.threads == 1 {
		parts = 1
	}
	if parts <= 1 {
		return func() error { body(0, n, 0); return nil }
	}
	size := (n + parts - 1) / parts
	parts = (n + size - 1) / size
	part := func(i, worker int) { body(i*size, min(n, (i+1)*size), worker) }
	return func() error { x.pool.run(parts, part); return nil }
}
