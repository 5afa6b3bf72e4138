package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// sharing returns which argument result i of an instruction may share storage
// with, and whether it must; see the comments of the operators in chip.
func sharing(in *instr, i int) (args []int, must bool) {
	switch in.op.(type) {
	case *chip.Map:
		for a := range in.args {
			args = append(args, a)
		}
	case *chip.Softmax, *chip.CrossEntropyGrad:
		args = []int{0}
	case *chip.SoftmaxGrad:
		args = []int{1}
	case *chip.BatchNorm:
		if i >= 3 {
			args = []int{i}
		}
	case *chip.BatchNormGrad:
		if i == 0 {
			args = []int{4}
		}
	case *chip.LSTM:
		if i == 3 {
			args = []int{0}
		}
	case *chip.GRU:
		if i == 2 {
			args = []int{0}
		}
	case *chip.SGD, *chip.AdamW, *chip.Lerp:
		return []int{[]int{0, 2, 3}[i]}, true
	case *chip.Insert:
		return []int{0}, true
	}
	return args, false
}

// inplace lets results take over the storage of arguments that end with the
// instruction.
func inplace(p *program) {
	last := map[int]int{}
	for _, l := range p.lives() {
		last[l.store] = l.last
	}
	for i, in := range p.instrs {
		for j, o := range in.outs {
			args, _ := sharing(in, j)
			for _, a := range args {
				from, to := p.storeOf(in.args[a]), p.storeOf(o)
				if from == to || p.stores[from].kind != chip.Temp || p.stores[to].kind != chip.Temp || last[from] != i || !p.canShare(in, a, o) {
					continue
				}
				last[from] = last[to]
				p.replace(o, in.args[a])
				break
			}
		}
	}
}

// canShare reports whether result o may overwrite argument a: same type, and
// no other operand uses that storage.
func (p *program) canShare(in *instr, a int, o value) bool {
	if !p.typeOf(in.args[a]).equal(p.typeOf(o)) {
		return false
	}
	s := p.storeOf(in.args[a])
	for i, other := range in.args {
		if i != a && p.storeOf(other) == s && !p.typeOf(other).equal(p.typeOf(o)) {
			return false
		}
	}
	return !slices.ContainsFunc(in.outs, func(q value) bool { return q != o && p.storeOf(q) == s })
}
