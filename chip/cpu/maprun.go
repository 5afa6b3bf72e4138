package cpu

import (
	"math"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// runMap makes the kernel of a plan.
func runMap[T float32 | int64](c *call, p *mapPlan[T]) kernel {
	size := int(unsafe.Sizeof(T(0))) / 4
	c.wantLocal(p.regs * block * size)
	units := (p.total + p.unit - 1) / p.unit
	if rowParts := p.rowParts(); rowParts > 0 {
		units = p.total / p.row * rowParts
	}
	x := c.executable
	ops := make([][][]T, c.pool.threads)
	for w := range ops {
		ops[w] = make([][]T, len(p.args)+len(p.steps))
	}
	grain := max(1, 16*1024/(p.unit*(1+len(p.steps))))
	return c.each(units, grain, func(lo, hi, worker int) {
		r := mapRun[T]{mapPlan: p, regs: scratch[T](x.locals[worker], p.regs), operand: ops[worker]}
		r.fillFixed()
		for u := lo; u < hi; u++ {
			r.unit(u)
		}
	})
}

// rowParts is into how many blocks a long row is cut; 0 when blocks hold whole
// rows or there is only one row.
func (p *mapPlan[T]) rowParts() int {
	if len(p.dims) == 1 || p.row < block/2 {
		return 0
	}
	return (p.row + block - 1) / block
}

// mapRun is a worker's walk over blocks.
type mapRun[T float32 | int64] struct {
	*mapPlan[T]
	regs    []T
	operand [][]T // where each operand's block is
}

func (r *mapRun[T]) reg(i, n int) []T { return r.regs[i*block : i*block+n] }

// fillFixed fills the registers that are the same for every block.
func (r *mapRun[T]) fillFixed() {
	for i := range r.args {
		if a := &r.args[i]; a.kind == argFixed {
			r.gather(a, 0, min(r.unit0(), block), 0)
		}
	}
	for i := range r.steps {
		if s := &r.steps[i]; s.fn == nil {
			fill(r.reg(s.dst, block), s.fill)
		}
	}
}

// unit0 is the length of the longest block.
func (r *mapRun[T]) unit0() int {
	if r.rowParts() > 0 {
		return min(block, r.row)
	}
	return min(r.mapPlan.unit, r.total)
}

// unit computes block u.
func (r *mapRun[T]) unit(u int) {
	start, n := u*r.mapPlan.unit, 0
	if parts := r.rowParts(); parts > 0 {
		col := u % parts * block
		start, n = u/parts*r.row+col, min(block, r.row-col)
	} else {
		n = min(r.mapPlan.unit, r.total-start)
	}
	r.load(start, n)
	for i := range r.steps {
		r.step(&r.steps[i], len(r.args)+i, start, n)
	}
	for i := range r.outs {
		if o := &r.outs[i]; !o.inPlace {
			r.store(o, r.operand[o.operand], start, n)
		}
	}
}

func (r *mapRun[T]) load(start, n int) {
	for i := range r.args {
		a := &r.args[i]
		switch a.kind {
		case argDirect:
			r.operand[i] = of[T](a.v)[start : start+n]
		case argRowVec:
			col := start % r.row
			r.operand[i] = of[T](a.v)[col : col+n]
		case argFixed:
			r.operand[i] = r.reg(a.reg, n)
		case argStrided:
			r.gather(a, start, n, start%r.row)
			r.operand[i] = r.reg(a.reg, n)
		}
	}
}

func (r *mapRun[T]) step(s *mapStep[T], id, start, n int) {
	var dst []T
	if s.dst >= 0 {
		dst = r.reg(s.dst, n)
	} else {
		dst = of[T](r.outs[-1-s.dst].v)[start : start+n]
	}
	if s.fn != nil {
		s.fn(dst, r.operand[s.a], r.operand[s.b], r.operand[s.c])
	}
	r.operand[id] = dst
}

// gather fills an argument's register with the elements of [start, start+n).
func (r *mapRun[T]) gather(a *mapArg, start, n, col int) {
	dst := r.reg(a.reg, n)
	inner := a.strides[len(a.strides)-1]
	for len(dst) > 0 {
		m := min(len(dst), r.row-col)
		at := r.rowOffset(a, start/r.row) + col*inner
		r.convertIn(dst[:m], a, at, inner)
		dst, start, col = dst[m:], start+m, 0
	}
}

// rowOffset is where the argument's part of the output's row begins.
func (r *mapRun[T]) rowOffset(a *mapArg, row int) int {
	at := 0
	for i := len(r.dims) - 2; i >= 0 && row > 0; i-- {
		at += row % r.dims[i] * a.strides[i]
		row /= r.dims[i]
	}
	return at
}

func (r *mapRun[T]) convertIn(dst []T, a *mapArg, at, stride int) {
	switch a.dt {
	case chip.Float32:
		spread(dst, a.v.f32()[at:], stride)
	case chip.Int64:
		spread(dst, a.v.i64()[at:], stride)
	case chip.Int32:
		spread(dst, a.v.i32()[at:], stride)
	case chip.BFloat16:
		src := of[chip.BFloat](a.v)[at:]
		if floats, ok := any(dst).([]float32); ok && stride == 1 {
			r.widen(floats, src[:len(floats)])
			return
		}
		spreadBFloat(dst, src, stride)
	default: // Bool and Uint8
		spread(dst, of[uint8](a.v)[at:], stride)
	}
}

func spread[T, S float32 | int64 | int32 | uint8](dst []T, src []S, stride int) {
	switch stride {
	case 0:
		fill(dst, T(src[0]))
	case 1:
		for i, s := range src[:len(dst)] {
			dst[i] = T(s)
		}
	default:
		for i := range dst {
			dst[i] = T(src[i*stride])
		}
	}
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// store converts a block to an output's type.
func (r *mapRun[T]) store(o *mapOut, src []T, start, n int) {
	switch o.dt {
	case chip.Float32:
		storeAs(o.v.f32()[start:start+n], src)
	case chip.Int64:
		storeAs(o.v.i64()[start:start+n], src)
	case chip.Int32:
		storeAs(o.v.i32()[start:start+n], src)
	case chip.BFloat16:
		if floats, ok := any(src).([]float32); ok { // no map of integers has such an output
			r.shorten(of[chip.BFloat](o.v)[start:start+n], floats)
		}
	case chip.Bool:
		for i, d := 0, of[bool](o.v)[start:start+n]; i < n; i++ {
			d[i] = src[i] != 0
		}
	case chip.Uint8:
		for i, d := 0, of[uint8](o.v)[start:start+n]; i < n; i++ {
			d[i] = uint8(min(max(math.RoundToEven(float64(src[i])), 0), 255))
		}
	}
}

func storeAs[D, S float32 | int64 | int32](dst []D, src []S) {
	for i, s := range src[:len(dst)] {
		dst[i] = D(s)
	}
}
