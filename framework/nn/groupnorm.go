package nn

import "github.com/macaw-ai/macaw/framework/graph"

// GroupNorm normalises groups of channels of each sample; see graph.GroupNorm.
type GroupNorm struct {
	Gamma, Beta *graph.Variable // [C]
	Eps         float32         // 0 means 1e-5
	groups      int
}

// NewGroupNorm makes a layer for c channels in the given number of groups.
func NewGroupNorm(p *Params, groups, c int) *GroupNorm {
	return &GroupNorm{Gamma: p.Weight("gamma", Ones, c), Beta: p.Weight("beta", Zeros, c), groups: groups}
}

// Forward keeps the shape of x [N, ..., C].
func (l *GroupNorm) Forward(x *graph.Node) *graph.Node {
	g := x.Graph()
	return graph.GroupNorm(x, g.Var(l.Gamma), g.Var(l.Beta), l.groups, epsilon(l.Eps))
}

// NewInstanceNorm makes a GroupNorm with a group for every channel, which
// normalises each channel of each sample.
// Source: Ulyanov et al. 2016, arXiv:1607.08022.
func NewInstanceNorm(p *Params, c int) *GroupNorm { return NewGroupNorm(p, c, c) }

// LocalResponseNorm is a layer of graph.LocalResponseNorm.
func LocalResponseNorm(o graph.LocalResponseOptions) Layer {
	return Func(func(x *graph.Node) *graph.Node { return graph.LocalResponseNorm(x, o) })
}
