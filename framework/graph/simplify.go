package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// simplify removes what the reader can do itself: broadcasts and casts before a
// Map, transpositions and constant factors before a matrix product, and
// transpositions that move only axes of length 1.
func simplify(p *program) {
	def := map[int]*instr{}
	for i, in := range p.instrs {
		switch op := in.op.(type) {
		case *chip.Map:
			p.skipMovement(in, def)
		case *chip.Gemm:
			in.op = p.takeScales(in, p.skipTransposes(in, *op, def), def)
		case *chip.Transpose:
			if p.movesNothing(in.args[0], op.Perm) {
				p.replace(in.outs[0], in.args[0])
				p.instrs[i] = nil
				continue
			}
		}
		for _, o := range in.outs {
			def[p.storeOf(o)] = in
		}
	}
	p.drop()
}

// skipMovement lets a Map read the operand of a Broadcast, or in float maps of
// a Cast from Bool or Uint8, whose result it reads unreshaped.
func (p *program) skipMovement(in *instr, def map[int]*instr) {
	in.args = slices.Clone(in.args)
	for i := range in.args {
		for {
			from := def[p.storeOf(in.args[i])]
			if from == nil || len(from.outs) != 1 || !p.typeOf(from.outs[0]).equal(p.typeOf(in.args[i])) {
				break
			}
			_, isBroadcast := from.op.(*chip.Broadcast)
			_, isCast := from.op.(*chip.Cast)
			src := p.typeOf(from.args[0]).dtype
			small := src == tensor.Bool || src == tensor.Uint8
			if !isBroadcast && !(isCast && small && p.typeOf(in.args[i]).dtype == tensor.Float32) {
				break
			}
			in.args[i] = from.args[0]
		}
	}
}

// skipTransposes turns transpositions of the last two axes into flags.
func (p *program) skipTransposes(in *instr, op chip.Gemm, def map[int]*instr) *chip.Gemm {
	in.args = slices.Clone(in.args)
	for i, flag := range []*bool{&op.TransA, &op.TransB} {
		from := def[p.storeOf(in.args[i])]
		if from == nil {
			continue
		}
		t, ok := from.op.(*chip.Transpose)
		if ok && p.typeOf(from.outs[0]).equal(p.typeOf(in.args[i])) && swapsLast(t.Perm) {
			in.args[i] = from.args[0]
			*flag = !*flag
		}
	}
	return &op
}

// takeScales moves multiplications of an operand by a constant into Alpha.
func (p *program) takeScales(in *instr, op *chip.Gemm, def map[int]*instr) *chip.Gemm {
	for i := range 2 {
		from := def[p.storeOf(in.args[i])]
		if from == nil {
			continue
		}
		m, ok := from.op.(*chip.Map)
		if !ok || len(m.Code) != 1 || m.Code[0].Fn != chip.FnMul || len(from.args) != 2 {
			continue
		}
		for k, a := range from.args {
			v, fixed := p.scalar(a)
			x := from.args[1-k]
			if fixed && v != 0 && p.typeOf(x).equal(p.typeOf(from.outs[0])) {
				if op.Alpha == 0 {
					op.Alpha = 1
				}
				op.Alpha *= v
				in.args[i] = p.reshape(x, p.typeOf(in.args[i]).shape)
				break
			}
		}
	}
	return op
}

func swapsLast(perm []int) bool {
	n := len(perm)
	for i, p := range perm[:max(n-2, 0)] {
		if p != i {
			return false
		}
	}
	return n >= 2 && perm[n-1] == n-2
}

// movesNothing reports whether a transposition keeps the order of elements:
// its axes longer than 1 stay in order.
func (p *program) movesNothing(x value, perm []int) bool {
	shape, last := p.typeOf(x).shape, -1
	for _, a := range perm {
		if shape[a] == 1 {
			continue
		}
		if a < last {
			return false
		}
		last = a
	}
	return true
}
