package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// fuseGradients lets the gradients of batch normalisation apply the mask of
// the ReLU behind it, and moves masks and sums in front of the gradient of
// max pooling, where they have fewer elements to pass.
func fuseGradients(p *program) {
	f := p.flow()
	for i, in := range p.instrs {
		switch op := in.op.(type) {
		case *chip.BatchNormGrad:
			if op.Act == chip.NoActivation {
				maskBatchNormGrad(p, f, i)
			}
		case *chip.Map:
			if in.tag == "ReluGrad" {
				maskBeforeUnpool(p, f, i)
			}
		}
	}
	p.drop()
	sumBeforeUnpool(p)
}

// maskBatchNormGrad: BatchNormGrad(ReluGrad(y, d)) is BatchNormGrad{ReLU}(d, y)
// when y is the result of the BatchNorm{ReLU} whose statistics it uses.
func maskBatchNormGrad(p *program, f *flow, i int) {
	in := p.instrs[i]
	j := f.def[p.storeOf(in.args[4])]
	if j < 0 || p.instrs[j] == nil || p.instrs[j].tag != "ReluGrad" || !f.only(p, in.args[4], i) {
		return
	}
	mask := p.instrs[j]
	y, d := mask.args[0], mask.args[1]
	k := f.def[p.storeOf(y)]
	if k < 0 || p.instrs[k] == nil || !p.typeOf(d).equal(p.typeOf(in.args[4])) || !p.typeOf(y).equal(p.typeOf(d)) {
		return
	}
	bn, ok := p.instrs[k].op.(*chip.BatchNorm)
	if !ok || bn.Act != chip.ReLU || p.storeOf(p.instrs[k].outs[1]) != p.storeOf(in.args[2]) {
		return
	}
	in.op = &chip.BatchNormGrad{Act: chip.ReLU}
	in.args = append(slices.Clone(in.args[:4]), d, y)
	p.instrs[j] = nil
}

// maskBeforeUnpool: ReluGrad(r, MaxPoolGrad(d, at)) is MaxPoolGrad(ReluGrad(m,
// d), at), where m, at = MaxPool(r): the mask at a maximum is m > 0.
func maskBeforeUnpool(p *program, f *flow, i int) {
	mask := p.instrs[i]
	j := f.def[p.storeOf(mask.args[1])]
	if j < 0 || p.instrs[j] == nil || !f.only(p, mask.args[1], i) || !p.typeOf(mask.args[1]).equal(p.typeOf(mask.outs[0])) {
		return
	}
	unpool := p.instrs[j]
	if _, ok := unpool.op.(*chip.MaxPoolGrad); !ok {
		return
	}
	k := f.def[p.storeOf(unpool.args[1])]
	if k < 0 || p.instrs[k] == nil || p.storeOf(p.instrs[k].args[0]) != p.storeOf(mask.args[0]) {
		return
	}
	small, m := unpool.args[0], p.instrs[k].outs[0]
	if !p.typeOf(small).equal(p.typeOf(m)) || p.stores[p.storeOf(m)].kind != chip.Temp {
		return
	}
	masked := p.newValue(p.typeOf(small), store{kind: chip.Temp, backward: true})
	p.instrs[j] = &instr{op: mask.op, args: []value{m, small}, outs: []value{masked}, tag: mask.tag, label: mask.label}
	p.instrs[i] = &instr{op: unpool.op, args: []value{masked, unpool.args[1]}, outs: mask.outs, tag: unpool.tag, label: unpool.label}
	f.def[p.storeOf(mask.outs[0])] = i
}

// sumBeforeUnpool: the sum over batch, height and width of MaxPoolGrad(d) is
// that of d, since each element of d goes to one place.
func sumBeforeUnpool(p *program) {
	def := map[int]*instr{}
	for _, in := range p.instrs {
		r, ok := in.op.(*chip.Reduce)
		if ok && r.Kind == chip.Sum && slices.Equal(r.Axes, []int{0, 1, 2}) {
			from := def[p.storeOf(in.args[0])]
			if from != nil && p.typeOf(from.outs[0]).equal(p.typeOf(in.args[0])) {
				if _, ok := from.op.(*chip.MaxPoolGrad); ok {
					in.args = []value{from.args[0]}
				}
			}
		}
		for _, o := range in.outs {
			def[p.storeOf(o)] = in
		}
	}
}
