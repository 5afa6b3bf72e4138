package graph

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// recogniseGELU finds x·(1 + erf(x/√2))/2 written out, as exporters to ONNX
// do, in each order of its factors, and makes it one instruction.
func recogniseGELU(p *program) {
	f := p.flow()
	for _, in := range p.instrs {
		if in.tag != "Erf" {
			continue
		}
		x, ok := p.scaled(f, in.args[0], math.Sqrt2/2)
		if !ok {
			continue
		}
		sum, one := p.reader(f, in.outs[0])
		if sum == nil || sum.tag != "Add" || !p.near(one, 1) {
			continue
		}
		if root := p.geluRoot(f, sum.outs[0], x); root != nil && p.typeOf(x).equal(p.typeOf(root.outs[0])) {
			*root = instr{op: &chip.Map{Code: geluCode, Outs: []int{2}}, args: []value{x}, outs: root.outs, tag: "GELU", label: "GELU"}
		}
	}
}

// geluRoot finds the instruction that completes x·sum/2.
func (p *program) geluRoot(f *flow, sum, x value) *instr {
	product, other := p.reader(f, sum)
	if product == nil || product.tag != "Mul" {
		return nil
	}
	if half, ok := p.scaled(f, other, 0.5); ok && p.same(half, x) {
		return product
	}
	next, last := p.reader(f, product.outs[0])
	if next == nil || next.tag != "Mul" {
		return nil
	}
	if p.same(other, x) && p.near(last, 0.5) || p.near(other, 0.5) && p.same(last, x) {
		return next
	}
	return nil
}

// reader is the one instruction that reads v, with its other operand.
func (p *program) reader(f *flow, v value) (in *instr, other value) {
	in = p.next(f, v)
	if in == nil || len(in.args) != 2 {
		return nil, 0
	}
	if p.storeOf(in.args[0]) == p.storeOf(v) {
		return in, in.args[1]
	}
	return in, in.args[0]
}

// scaled finds x where v is x·factor or x/(1/factor).
func (p *program) scaled(f *flow, v value, factor float64) (x value, ok bool) {
	i := f.def[p.storeOf(v)]
	if i < 0 {
		return 0, false
	}
	switch in := p.instrs[i]; in.tag {
	case "Mul":
		for k := range 2 {
			if p.near(in.args[k], factor) {
				return in.args[1-k], true
			}
		}
	case "Div":
		return in.args[0], p.near(in.args[1], 1/factor)
	}
	return 0, false
}

// near reports whether v is a scalar constant within float32's rounding of want.
func (p *program) near(v value, want float64) bool {
	c, ok := p.scalar(v)
	return ok && math.Abs(float64(c)-want) <= 1e-6*want
}

// same reports whether a and b are one value.
func (p *program) same(a, b value) bool {
	return p.storeOf(a) == p.storeOf(b) && p.typeOf(a).equal(p.typeOf(b))
}
