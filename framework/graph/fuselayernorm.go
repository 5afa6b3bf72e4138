package graph

import "github.com/macaw-ai/macaw/chip"

// recogniseLayerNorm finds (x-mean)/sqrt(variance+eps)·gamma + beta written out,
// as exporters to ONNX do, and makes it one instruction.
func recogniseLayerNorm(p *program) {
	f := p.flow()
	for _, in := range p.instrs {
		if !p.isRowMean(in) {
			continue
		}
		x := in.args[0]
		centred := p.next(f, in.outs[0])
		if centred == nil || centred.tag != "Sub" || !p.same(centred.args[0], x) || p.storeOf(centred.args[1]) != p.storeOf(in.outs[0]) {
			continue
		}
		root, eps := p.deviation(f, centred.outs[0])
		if root == nil {
			continue
		}
		standard := p.next(f, root.outs[0])
		if standard == nil || standard.tag != "Div" || !p.same(standard.args[0], centred.outs[0]) {
			continue
		}
		scaled, gamma := p.reader(f, standard.outs[0])
		if scaled == nil || scaled.tag != "Mul" || !p.alongRows(gamma, x) {
			continue
		}
		last, beta := p.reader(f, scaled.outs[0])
		if last == nil || last.tag != "Add" || !p.alongRows(beta, x) || !p.typeOf(last.outs[0]).equal(p.typeOf(x)) {
			continue
		}
		shape := p.typeOf(x).shape
		width := shape[len(shape)-1:]
		rows := typed{p.typeOf(x).dtype, shape[:len(shape)-1]}
		*last = instr{op: &chip.LayerNorm{Eps: eps}, args: []value{x, p.reshape(gamma, width), p.reshape(beta, width)},
			outs: []value{last.outs[0], p.newValue(rows, store{kind: chip.Temp}), p.newValue(rows, store{kind: chip.Temp})}, tag: "LayerNorm", label: "LayerNorm"}
	}
}

// next is the one instruction that reads v, or nil.
func (p *program) next(f *flow, v value) *instr {
	s := p.storeOf(v)
	if f.kept[s] || len(f.reads[s]) != 1 {
		return nil
	}
	return p.instrs[f.reads[s][0]]
}

// isRowMean reports whether in takes the means over the last axis.
func (p *program) isRowMean(in *instr) bool {
	op, ok := in.op.(*chip.Reduce)
	return ok && op.Kind == chip.Mean && len(op.Axes) == 1 && op.Axes[0] == len(p.typeOf(in.args[0]).shape)-1
}

// deviation finds sqrt(mean(d²) + eps), where d is read by it and by one more.
func (p *program) deviation(f *flow, d value) (root *instr, eps float32) {
	s := p.storeOf(d)
	if f.kept[s] || len(f.reads[s]) != 2 {
		return nil, 0
	}
	for _, i := range f.reads[s] {
		square := p.instrs[i]
		switch {
		case square.tag == "Pow" && p.same(square.args[0], d) && p.near(square.args[1], 2):
		case square.tag == "Mul" && p.same(square.args[0], d) && p.same(square.args[1], d):
		case square.tag == "Square":
		default:
			continue
		}
		mean := p.next(f, square.outs[0])
		if mean == nil || !p.isRowMean(mean) {
			continue
		}
		sum, c := p.reader(f, mean.outs[0])
		if sum == nil || sum.tag != "Add" {
			continue
		}
		eps, ok := p.scalar(c)
		if root = p.next(f, sum.outs[0]); ok && root != nil && root.tag == "Sqrt" {
			return root, eps
		}
	}
	return nil, 0
}

// alongRows reports whether v runs along x's last axis alone.
func (p *program) alongRows(v, x value) bool {
	shape, full := p.typeOf(v).shape, p.typeOf(x).shape
	n := full[len(full)-1]
	return len(shape) > 0 && len(shape) <= len(full) && shape[len(shape)-1] == n && p.typeOf(v).len() == n && p.typeOf(v).dtype == p.typeOf(x).dtype
}
