package nn

import "github.com/macaw-ai/macaw/framework/graph"

// PReLU is x where x > 0 and slope·x elsewhere, the slopes being trained; see
// graph.PReLU.
type PReLU struct {
	Slope *graph.Variable // [C], or [1] for one slope
}

// NewPReLU makes a layer of c slopes that start at 0.25.
func NewPReLU(p *Params, c int) *PReLU { return &PReLU{Slope: p.Weight("slope", Constant(0.25), c)} }

// Forward keeps the shape of x [..., C].
func (l *PReLU) Forward(x *graph.Node) *graph.Node {
	return graph.PReLU(x, x.Graph().Var(l.Slope))
}
