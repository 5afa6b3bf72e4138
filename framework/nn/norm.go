package nn

import "github.com/macaw-ai/macaw/framework/graph"

// BatchNorm normalises each channel over the batch; see graph.BatchNorm.
type BatchNorm struct {
	Gamma, Beta   *graph.Variable // [C], trained
	Mean, Var     *graph.Variable // [C], running statistics
	Eps, Momentum float32         // 0 means 1e-5 and 0.1
}

// NewBatchNorm makes a layer for c channels.
func NewBatchNorm(p *Params, c int) *BatchNorm {
	return &BatchNorm{Gamma: p.Weight("gamma", Ones, c), Beta: p.Weight("beta", Zeros, c),
		Mean: p.State("mean", Zeros, c), Var: p.State("var", Ones, c)}
}

// Forward keeps the shape of x [..., C].
func (l *BatchNorm) Forward(x *graph.Node) *graph.Node {
	g := x.Graph()
	return graph.BatchNorm(x, g.Var(l.Gamma), g.Var(l.Beta), l.Mean, l.Var, graph.BatchNormOptions{Eps: l.Eps, Momentum: l.Momentum})
}

// LayerNorm normalises the last axis; see graph.LayerNorm.
type LayerNorm struct {
	Gamma, Beta *graph.Variable // [C]
	Eps         float32         // 0 means 1e-5
}

// NewLayerNorm makes a layer for c features.
func NewLayerNorm(p *Params, c int) *LayerNorm {
	return &LayerNorm{Gamma: p.Weight("gamma", Ones, c), Beta: p.Weight("beta", Zeros, c)}
}

// Forward keeps the shape of x [..., C].
func (l *LayerNorm) Forward(x *graph.Node) *graph.Node {
	g := x.Graph()
	return graph.LayerNorm(x, g.Var(l.Gamma), g.Var(l.Beta), epsilon(l.Eps))
}

// RMSNorm scales the last axis to mean square 1; see graph.RMSNorm.
type RMSNorm struct {
	Gamma *graph.Variable // [C]
	Eps   float32         // 0 means 1e-5
}

// NewRMSNorm makes a layer for c features.
func NewRMSNorm(p *Params, c int) *RMSNorm { return &RMSNorm{Gamma: p.Weight("gamma", Ones, c)} }

// Forward keeps the shape of x [..., C].
func (l *RMSNorm) Forward(x *graph.Node) *graph.Node {
	return graph.RMSNorm(x, x.Graph().Var(l.Gamma), epsilon(l.Eps))
}

func epsilon(eps float32) float32 {
	if eps == 0 {
		return 1e-5
	}
	return eps
}
