package nn

import "github.com/macaw-ai/macaw/framework/graph"

// Residual adds Body(x) to Skip(x), or to x where Skip is nil.
// Source: He et al. 2016, arXiv:1512.03385, §3.2.
type Residual struct{ Body, Skip Layer }

// Forward applies both branches to x.
func (r Residual) Forward(x *graph.Node) *graph.Node {
	skip := x
	if r.Skip != nil {
		skip = r.Skip.Forward(x)
	}
	return graph.Add(r.Body.Forward(x), skip)
}
