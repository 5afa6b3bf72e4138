package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// recogniseAttention finds softmax(scale·q·kᵀ)·v written out over [N,H,T,D],
// with nothing or a constant causal mask added to the scores, and makes it one
// instruction; transpositions that put the heads first fall away.
func recogniseAttention(p *program) {
	f := p.flow()
	for _, in := range p.instrs {
		op, ok := in.op.(*chip.Gemm)
		if !ok || *op != (chip.Gemm{}) && *op != (chip.Gemm{Alpha: 1}) {
			continue
		}
		a := attending{program: p, flow: f, last: in, v: in.args[1], scale: 1}
		if a.weights(in.args[0]) {
			a.replace()
		}
	}
}

// attending is an attention that is being found.
type attending struct {
	*program
	*flow
	last    *instr // makes the result [N,H,T,E]
	scores  *chip.Gemm
	q, k, v value // k [N,H,S,D], or [N,H,D,S] unless scores has TransB
	scale   float32
	causal  bool
}

// sole is the instruction that makes v for one reader, whole, or nil.
func (a *attending) sole(v value) *instr {
	s := a.storeOf(v)
	if a.def[s] < 0 || a.kept[s] || len(a.reads[s]) != 1 {
		return nil
	}
	if in := a.instrs[a.def[s]]; a.typeOf(in.outs[0]).equal(a.typeOf(v)) {
		return in
	}
	return nil
}

// weights follows w back to the product of queries and keys.
func (a *attending) weights(w value) bool {
	soft := a.sole(w)
	if soft == nil || len(a.typeOf(w).shape) != 4 || a.typeOf(w).dtype != tensor.Float32 {
		return false
	}
	if op, ok := soft.op.(*chip.Softmax); !ok || op.Log {
		return false
	}
	in := a.sole(soft.args[0])
	if in != nil && in.tag == "Add" {
		k := slices.IndexFunc(in.args, func(v value) bool { return a.isCausal(v, a.typeOf(w).shape) })
		if k < 0 {
			return false
		}
		a.causal = true
		in = a.sole(in.args[1-k])
	}
	if in != nil && in.tag == "Mul" {
		k := slices.IndexFunc(in.args, func(v value) bool { _, ok := a.scalar(v); return ok })
		if k < 0 {
			return false
		}
		a.scale, _ = a.scalar(in.args[k])
		in = a.sole(in.args[1-k])
	}
	if in == nil {
		return false
	}
	op, ok := in.op.(*chip.Gemm)
	if !ok || op.TransA || op.Bias || op.Act != chip.NoActivation || op.Accumulate {
		return false
	}
	if op.Alpha != 0 {
		a.scale *= op.Alpha
	}
	a.scores, a.q, a.k = op, in.args[0], in.args[1]
	for _, x := range []value{a.q, a.k, a.v} {
		if t := a.typeOf(x); len(t.shape) != 4 || t.dtype != tensor.Float32 {
			return false
		}
	}
	return true
}

// isCausal reports whether v is a constant that hides the keys behind each
// query, and these alone, from scores [N,H,T,S].
func (a *attending) isCausal(v value, scores []int) bool {
	c, t := a.constant(v), a.typeOf(v)
	n := len(t.shape)
	if c == nil || t.dtype != tensor.Float32 || n < 2 || t.len() != scores[2]*scores[3] || t.shape[n-2] != scores[2] || t.shape[n-1] != scores[3] {
		return false
	}
	for i, x := range c.Float32s() {
		query, key := i/scores[3], i%scores[3]
		if key <= query && x != 0 || key > query && !(x <= hidden) {
			return false
		}
	}
	return true
}

// before is the operand of the transposition by perm that makes v, if one does.
func (a *attending) before(v value, perm ...int) (value, bool) {
	i := a.def[a.storeOf(v)]
	if i < 0 {
		return 0, false
	}
	in := a.instrs[i]
	op, ok := in.op.(*chip.Transpose)
	if !ok || !slices.Equal(op.Perm, perm) || !a.typeOf(in.outs[0]).equal(a.typeOf(v)) {
		return 0, false
	}
	return in.args[0], true
}

// replace writes the instruction in place of the last one that it stands for.
func (a *attending) replace() {
	keysLast := []int{0, 2, 3, 1}
	if a.scores.TransB {
		keysLast = []int{0, 2, 1, 3}
	}
	q, ok1 := a.before(a.q, 0, 2, 1, 3)
	k, ok2 := a.before(a.k, keysLast...)
	v, ok3 := a.before(a.v, 0, 2, 1, 3)
	after := a.next(a.flow, a.last.outs[0])
	ok4 := false
	if after != nil {
		op, ok := after.op.(*chip.Transpose)
		ok4 = ok && slices.Equal(op.Perm, []int{0, 2, 1, 3}) && a.typeOf(after.args[0]).equal(a.typeOf(a.last.outs[0]))
	}
	shape := a.typeOf(a.q).shape
	lse := typed{tensor.Float32, shape[:3]}
	switch {
	case ok1 && ok2 && ok3 && ok4:
		*after = a.instr(true, after.outs[0], lse, q, k, v)
	case a.scores.TransB:
		*a.last = a.instr(false, a.last.outs[0], lse, a.q, a.k, a.v)
	}
}

func (a *attending) instr(timeFirst bool, y value, lse typed, args ...value) instr {
	return instr{op: &chip.Attention{Scale: a.scale, Causal: a.causal, TimeFirst: timeFirst}, args: args,
		outs: []value{y, a.newValue(lse, store{kind: chip.Temp})}, tag: "Attention", label: "Attention"}
}
