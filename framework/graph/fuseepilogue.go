package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// fuseEpilogues lets matrix products and convolutions add the bias, scale the
// channels and apply the activation that follow them, and batch normalisation
// its ReLU. The joint instruction stands where the follower stood.
func fuseEpilogues(p *program) {
	e := &epilogues{p: p, flow: p.flow(), before: map[*instr][]*instr{}}
	for i, in := range p.instrs {
		m, ok := in.op.(*chip.Map)
		if !ok || len(in.outs) != 1 || len(in.args) > 2 {
			continue
		}
		for k, a := range in.args {
			j := e.def[p.storeOf(a)]
			if !e.follows(i, j, a) {
				continue
			}
			main := p.instrs[j]
			if joint := e.join(main, in, m, k); joint != nil {
				if e.before[joint] == nil {
					e.before[joint] = e.before[main]
				}
				e.moved(joint, j, i)
				p.instrs[j], p.instrs[i] = nil, joint
				break
			}
		}
	}
	var instrs []*instr
	for _, in := range p.instrs {
		if in != nil {
			instrs = append(append(instrs, e.before[in]...), in)
		}
	}
	p.instrs = instrs
}

type epilogues struct {
	p *program
	*flow
	before map[*instr][]*instr // small instructions that a joint one needs
}

// follows reports whether instruction i alone reads the first result a of
// instruction j, whole, and whether j can move to i.
func (e *epilogues) follows(i, j int, a value) bool {
	if j < 0 || e.p.instrs[j] == nil || !e.only(e.p, a, i) {
		return false
	}
	main, t := e.p.instrs[j], e.p.typeOf(a)
	if e.p.storeOf(main.outs[0]) != e.p.storeOf(a) || !t.equal(e.p.typeOf(main.outs[0])) || !t.equal(e.p.typeOf(e.p.instrs[i].outs[0])) {
		return false
	}
	for _, o := range main.outs[1:] {
		for _, r := range e.reads[e.p.storeOf(o)] {
			if r < i {
				return false
			}
		}
	}
	return true
}

// moved notes that joint, which stood at j, stands at i.
func (e *epilogues) moved(joint *instr, j, i int) {
	for _, o := range joint.outs {
		e.def[e.p.storeOf(o)] = i
	}
	for _, a := range joint.args {
		s := e.p.storeOf(a)
		if s >= len(e.reads) {
			continue // made by an instruction in before
		}
		e.reads[s] = slices.DeleteFunc(e.reads[s], func(r int) bool { return r == j })
		if !slices.Contains(e.reads[s], i) {
			e.reads[s] = append(e.reads[s], i)
		}
	}
}

// join returns main followed by the Map then, whose argument k is main's result.
func (e *epilogues) join(main, then *instr, m *chip.Map, k int) *instr {
	act := activationOf(then)
	if bn, ok := main.op.(*chip.BatchNorm); ok {
		if act != chip.ReLU || bn.Act != chip.NoActivation {
			return nil
		}
		c := *bn
		c.Act = act
		return main.with(&c, main.args, then)
	}
	if e.tail(main) == nil || e.tail(main).act != chip.NoActivation {
		return nil
	}
	if act != chip.NoActivation {
		return e.tail(main).withAct(act, then)
	}
	if len(m.Code) != 1 || len(then.args) != 2 {
		return nil
	}
	other := then.args[1-k]
	switch m.Code[0].Fn {
	case chip.FnAdd:
		return e.addBias(main, then, other)
	case chip.FnMul:
		return e.scale(main, then, other)
	}
	return nil
}

// activationOf recognises the Maps that devices can apply themselves.
func activationOf(in *instr) chip.Activation {
	switch in.tag {
	case "Relu":
		return chip.ReLU
	case "SiLU":
		return chip.SiLU
	case "GELU":
		return chip.GELU
	}
	return chip.NoActivation
}

// with is in under another operator, giving the first result of then.
func (in *instr) with(op chip.Op, args []value, then *instr) *instr {
	outs := append([]value{then.outs[0]}, in.outs[1:]...)
	return &instr{op: op, args: args, outs: outs, tag: in.tag, label: joinLabels(in.label, then.label)}
}

// tail is the epilogue of a matrix product or convolution.
type tail struct {
	in   *instr
	bias bool
	act  chip.Activation
}

// tail returns nil for other operators.
func (e *epilogues) tail(in *instr) *tail {
	switch op := in.op.(type) {
	case *chip.Gemm:
		if !op.Accumulate {
			return &tail{in, op.Bias, op.Act}
		}
	case *chip.Conv:
		return &tail{in, op.Bias, op.Act}
	}
	return nil
}

// changed copies the operator with another epilogue.
func (t *tail) changed(bias bool, act chip.Activation) chip.Op {
	switch op := t.in.op.(type) {
	case *chip.Gemm:
		c := *op
		c.Bias, c.Act = bias, act
		return &c
	case *chip.Conv:
		c := *op
		c.Bias, c.Act = bias, act
		return &c
	}
	return nil
}

func (t *tail) withAct(act chip.Activation, then *instr) *instr {
	return t.in.with(t.changed(t.bias, act), t.in.args, then)
}

// addBias joins the addition of a vector over the last axis.
func (e *epilogues) addBias(main, then *instr, other value) *instr {
	t := e.tail(main)
	v, ok := e.vector(other, main.outs[0])
	if !ok {
		return nil
	}
	args := slices.Clone(main.args)
	if !t.bias {
		return main.with(t.changed(true, chip.NoActivation), append(args, v), then)
	}
	var pre *instr
	args[2], pre = e.small(chip.FnAdd, args[2], v)
	joint := main.with(t.changed(true, chip.NoActivation), args, then)
	e.before[joint] = append(e.before[main], pre)
	return joint
}

// vector views v as [N] when it runs along the last axis of out alone.
func (e *epilogues) vector(v, out value) (value, bool) {
	shape, full := e.p.typeOf(v).shape, e.p.typeOf(out).shape
	n := full[len(full)-1]
	if len(shape) == 0 || shape[len(shape)-1] != n || tensor.Size(shape) != n || len(shape) > len(full) {
		return 0, false
	}
	return e.p.reshape(v, []int{n}), true
}

// small makes an instruction that combines a with vector b.
func (e *epilogues) small(f chip.MapFn, a, b value) (value, *instr) {
	out := e.p.newValue(e.p.typeOf(a), store{kind: chip.Temp})
	m := &chip.Map{Code: []chip.MapInstr{fn(f, 0, 1)}, Outs: []int{2}}
	return out, &instr{op: m, args: []value{a, b}, outs: []value{out}, tag: "Map", label: "Map epilogue"}
}

// scale joins a multiplication: by a constant as a product's Alpha, by a
// vector over a convolution's filters as a Map of the weights, when those are
// fewer than the results.
func (e *epilogues) scale(main, then *instr, by value) *instr {
	switch op := main.op.(type) {
	case *chip.Gemm:
		if v, fixed := e.p.scalar(by); fixed && !op.Bias && v != 0 {
			c := *op
			if c.Alpha == 0 {
				c.Alpha = 1
			}
			c.Alpha *= v
			return main.with(&c, main.args, then)
		}
	case *chip.Conv:
		v, ok := e.vector(by, main.outs[0])
		if !ok || e.p.typeOf(main.args[1]).len() > e.p.typeOf(main.outs[0]).len() {
			return nil
		}
		args, pre := slices.Clone(main.args), make([]*instr, len(main.args))
		for i := 1; i < len(args); i++ {
			args[i], pre[i] = e.small(chip.FnMul, args[i], v)
		}
		joint := main.with(op, args, then)
		e.before[joint] = append(e.before[main], pre[1:]...)
		return joint
	}
	return nil
}
