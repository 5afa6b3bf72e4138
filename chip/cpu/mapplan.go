package cpu

import (
	"slices"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// block is how many elements a step of a map works on: one register is 4 KiB,
// so that a handful of live ones stay in the first-level cache.
const block = 1024

// mapPlan is a compiled Map. Elements are walked in blocks of whole rows, or
// of parts of one row where rows are long; a row is the last axis that is left
// when axes that broadcast alike are merged.
type mapPlan[T float32 | int64] struct {
	dims  []int // merged output shape
	row   int   // the last of dims, at least 1
	unit  int   // elements of one block
	total int

	args  []mapArg
	steps []mapStep[T]
	outs  []mapOut
	regs  int
	*bfloats
}

// mapArg says where a block of an argument comes from.
type mapArg struct {
	v       *view
	dt      chip.DType
	strides []int // one for each of dims, 0 where it repeats
	kind    argKind
	reg     int // scratch register, -1 when read in place
}

type argKind uint8

const (
	argDirect  argKind = iota // contiguous and of the computing type: read in place
	argRowVec                 // long rows, depends on the column alone: read in place
	argFixed                  // every block is the same: filled once
	argStrided                // gathered for each block
)

// mapStep computes one register.
type mapStep[T float32 | int64] struct {
	fn      func(dst, a, b, c []T)
	fill    T // the value, when fn is nil: filled once
	a, b, c int
	dst     int // register, or -1-i to write output i in place
}

// mapOut stores an operand; in place it was written by its step.
type mapOut struct {
	v       *view
	dt      chip.DType
	operand int
	inPlace bool
}

// mapped compiles a Map.
func (c *call) mapped(op *chip.Map) kernel {
	for _, v := range c.ins {
		if v.DType == chip.Int64 || v.DType == chip.Int32 {
			return runMap(c, planMap(c, op, chip.Int64, intFns[:]))
		}
	}
	if geluAlone(c, op) {
		return c.each(c.outs[0].Len(), 8*block, func(lo, hi, _ int) { c.tier.gelu(c.out[0].f32()[lo:hi], c.in[0].f32()[lo:hi], nil, nil) })
	}
	return runMap(c, planMap(c, op, chip.Float32, c.tier.maps[:]))
}

// geluAlone reports whether a map is x·Φ(x) of one array and nothing else: one
// pass instead of two.
func geluAlone(c *call, op *chip.Map) bool {
	return len(c.ins) == 1 && len(c.outs) == 1 && slices.Equal(c.ins[0].Shape, c.outs[0].Shape) && c.ins[0].DType == chip.Float32 && c.outs[0].DType == chip.Float32 &&
		slices.Equal(op.Outs, []int{2}) && slices.Equal(op.Code, []chip.MapInstr{{Fn: chip.FnCDF}, {Fn: chip.FnMul, A: 0, B: 1}})
}

func planMap[T float32 | int64](c *call, op *chip.Map, dt chip.DType, fns []func(dst, a, b, c []T)) *mapPlan[T] {
	p := &mapPlan[T]{total: c.outs[0].Len(), bfloats: &c.tier.bfloats}
	p.layOut(c, dt)
	ops := len(c.ins)
	lastUse := make([]int, ops+len(op.Code))
	for i, in := range op.Code {
		for _, r := range operands(in) {
			lastUse[r] = i
		}
	}
	for i, r := range op.Outs {
		p.outs = append(p.outs, mapOut{v: c.out[i], dt: c.outs[i].DType, operand: r})
		lastUse[r] = len(op.Code)
	}
	p.schedule(c, op, dt, fns, lastUse)
	return p
}

// layOut merges axes and decides how each argument is read.
func (p *mapPlan[T]) layOut(c *call, dt chip.DType) {
	strides := make([][]int, len(c.ins))
	for i, v := range c.ins {
		strides[i] = broadcastStrides(v.Shape, c.outs[0].Shape)
	}
	p.dims, strides = mergeAxes(c.outs[0].Shape, strides)
	p.row = max(1, p.dims[len(p.dims)-1])
	p.unit = block
	if long := len(p.dims) == 1 || p.row >= block/2; !long {
		p.unit = block / p.row * p.row
	}
	for i, v := range c.ins {
		a := mapArg{v: c.in[i], dt: v.DType, strides: strides[i], reg: -1}
		a.kind = p.argKind(a, v.DType == dt)
		if a.kind == argFixed || a.kind == argStrided {
			a.reg = p.regs
			p.regs++
		}
		p.args = append(p.args, a)
	}
}

func (p *mapPlan[T]) argKind(a mapArg, sameType bool) argKind {
	n := len(p.dims)
	outerZero := !slices.ContainsFunc(a.strides[:n-1], func(s int) bool { return s != 0 })
	long := len(p.dims) == 1 || p.row >= block/2
	switch {
	case sameType && slices.Equal(a.strides, rowMajor(p.dims)):
		return argDirect
	case outerZero && (a.strides[n-1] == 0 || !long):
		return argFixed
	case outerZero && sameType && a.strides[n-1] == 1:
		return argRowVec
	}
	return argStrided
}

// schedule gives every step a register or an output to write to.
func (p *mapPlan[T]) schedule(c *call, op *chip.Map, dt chip.DType, fns []func(dst, a, b, c []T), lastUse []int) {
	var free []int
	home := make([]int, len(lastUse)) // register of each operand, -1 for none
	for i := range p.args {
		home[i] = -1 // arguments' registers are never given away
	}
	for i, in := range op.Code {
		id := len(c.ins) + i
		s := mapStep[T]{} // operands that a function does not have stay 0
		for j, r := range operands(in) {
			*[]*int{&s.a, &s.b, &s.c}[j] = r
		}
		if in.Fn == chip.FnConst {
			s.fill, s.dst, home[id] = T(in.Imm), p.regs, -1
			p.regs++
			p.steps = append(p.steps, s)
			continue
		}
		s.fn = fns[in.Fn]
		args := operands(in)
		for j, r := range args {
			if lastUse[r] == i && home[r] >= 0 && !slices.Contains(args[:j], r) {
				free = append(free, home[r])
			}
		}
		home[id] = -1
		if o := p.outputInPlace(c, op, dt, id, i); o >= 0 {
			s.dst = -1 - o
			p.outs[o].inPlace = true
		} else if n := len(free); n > 0 {
			s.dst, free = free[n-1], free[:n-1]
			home[id] = s.dst
		} else {
			s.dst, home[id] = p.regs, p.regs
			p.regs++
		}
		p.steps = append(p.steps, s)
	}
}

// outputInPlace finds an output that step i may write to directly: of the
// computing type, and not on top of an argument that is still to be read.
func (p *mapPlan[T]) outputInPlace(c *call, op *chip.Map, dt chip.DType, id, i int) int {
	o := slices.IndexFunc(p.outs, func(o mapOut) bool { return o.operand == id && !o.inPlace })
	if o < 0 || p.outs[o].dt != dt {
		return -1
	}
	for r, v := range c.ins {
		if overlaps(v, c.outs[o]) && (p.args[r].kind != argDirect || readAfter(op, r, i)) {
			return -1
		}
	}
	return o
}

func operands(in chip.MapInstr) []int { return []int{in.A, in.B, in.C}[:in.Fn.Arity()] }

func readAfter(op *chip.Map, r, i int) bool {
	for _, in := range op.Code[i+1:] {
		if slices.Contains(operands(in), r) {
			return true
		}
	}
	return slices.Contains(op.Outs, r)
}

// overlaps reports whether two values may share storage.
func overlaps(a, b chip.Value) bool {
	switch {
	case a.Kind != b.Kind:
		return false
	case a.Kind == chip.Temp:
		return a.Offset < b.Offset+b.Len()*b.DType.Size() && b.Offset < a.Offset+a.Len()*a.DType.Size()
	}
	return a.Index == b.Index
}

// scratch cuts a worker's scratch into registers.
func scratch[T float32 | int64](local []float32, regs int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(local))), regs*block)
}
