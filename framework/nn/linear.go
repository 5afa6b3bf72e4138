package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Linear is y = x·W + b.
type Linear struct {
	Weight *graph.Variable // [in, out]
	Bias   *graph.Variable // [out]; nil without
}

// LinearOptions configure NewLinear. The zero value has a bias and HeNormal weights.
type LinearOptions struct {
	NoBias bool
	Init   Initialiser // of the weight; nil means HeNormal
}

// NewLinear makes a layer from in to out features with a bias.
func NewLinear(p *Params, in, out int) *Linear { return NewLinearWith(p, in, out, LinearOptions{}) }

// NewLinearWith is NewLinear with options.
func NewLinearWith(p *Params, in, out int, o LinearOptions) *Linear {
	if o.Init == nil {
		o.Init = HeNormal
	}
	l := &Linear{Weight: p.Weight("weight", o.Init, in, out)}
	if !o.NoBias {
		l.Bias = p.Weight("bias", Zeros, out)
	}
	return l
}

// Forward maps x [..., in] to [..., out].
func (l *Linear) Forward(x *graph.Node) *graph.Node {
	return graph.Linear(x, x.Graph().Var(l.Weight), optional(x, l.Bias))
}

func optional(x *graph.Node, v *graph.Variable) *graph.Node {
	if v == nil {
		return nil
	}
	return x.Graph().Var(v)
}
