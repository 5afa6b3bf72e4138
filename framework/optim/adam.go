package optim

import (
	"cmp"
	"fmt"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Adam follows the gradient's first moment in units of its second:
//
//	g' = g + WeightDecay·w
//	m = Beta1·m + (1-Beta1)·g',  v = Beta2·v + (1-Beta2)·g'²
//	w -= lr·m/(1-Beta1ᵗ) / (sqrt(v/(1-Beta2ᵗ)) + Eps)
//
// Zero fields mean Beta1 0.9, Beta2 0.999, Eps 1e-8; WeightDecay 0 means none.
// With AMSGrad the largest v so far takes the place of v in the last line.
// Sources: Kingma and Ba 2015, arXiv:1412.6980; Reddi et al. 2018,
// arXiv:1904.09237, with the bias correction of torch.optim.Adam.
type Adam struct {
	Beta1, Beta2, Eps, WeightDecay float32
	AMSGrad                        bool
}

func (o Adam) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	if in.weightDecay(o.WeightDecay) == 0 && !o.AMSGrad {
		return AdamW{Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps}.update(s, w, grad, in)
	}
	d := in.coupled(w, grad, o.WeightDecay)
	m := moments{beta1: cmp.Or(o.Beta1, 0.9), beta2: cmp.Or(o.Beta2, 0.999), eps: cmp.Or(o.Eps, 1e-8), amsgrad: o.AMSGrad}
	return descend(grad.Graph(), w, graph.Mul(m.direction(s, w, d), in.lr))
}

// AdamW is Adam with decoupled weight decay: w -= lr·WeightDecay·w in place of
// the term in g'. Zero fields mean Beta1 0.9, Beta2 0.999, Eps 1e-8;
// WeightDecay 0 means none. AMSGrad is as in Adam.
// Source: Loshchilov and Hutter 2019, arXiv:1711.05101.
type AdamW struct {
	Beta1, Beta2, Eps, WeightDecay float32
	AMSGrad                        bool
}

func (o AdamW) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	g := grad.Graph()
	op := chip.AdamW{Beta1: cmp.Or(o.Beta1, 0.9), Beta2: cmp.Or(o.Beta2, 0.999), Eps: cmp.Or(o.Eps, 1e-8), Decay: in.weightDecay(o.WeightDecay)}
	if !o.AMSGrad {
		return graph.AdamW(w, grad, s.slot(w, "m"), s.slot(w, "v"), in.lr, s.count(g), in.scale, op)
	}
	m := moments{beta1: op.Beta1, beta2: op.Beta2, eps: op.Eps, amsgrad: true}
	u := m.direction(s, w, in.gradient(grad))
	return descend(g, w, graph.Mul(in.decoupled(w, u, o.WeightDecay), in.lr))
}

// moments are the running averages of Adam and LAMB as a composition, for what
// the chip's AdamW does not do.
type moments struct {
	beta1, beta2, eps float32
	amsgrad           bool
}

// direction moves w's averages towards d and returns the bias-corrected
// m/(sqrt(v)+eps).
func (o moments) direction(s *State, w *graph.Variable, d *graph.Node) *graph.Node {
	m := s.average(w, "m", d, o.beta1)
	v := s.average(w, "v", graph.Square(d), o.beta2)
	if o.amsgrad {
		largest := s.slot(w, "vmax")
		v = graph.Max(d.Graph().Var(largest), v)
		assign(largest, v)
	}
	c1, c2 := s.correction(d.Graph(), o.beta1), s.correction(d.Graph(), o.beta2)
	return graph.Div(graph.Mul(m, c1), graph.AddScalar(graph.Sqrt(graph.Mul(v, c2)), o.eps))
}

// average keeps beta·a + (1-beta)·x in w's slot of that name and returns it.
func (s *State) average(w *graph.Variable, name string, x *graph.Node, beta float32) *graph.Node {
	a := s.slot(w, name)
	now := graph.Add(graph.MulScalar(x.Graph().Var(a), beta), graph.MulScalar(x, 1-beta))
	assign(a, now)
	return now
}

// correction is 1/(1-betaᵗ), [1].
func (s *State) correction(g *graph.Graph, beta float32) *graph.Node {
	return s.once(fmt.Sprint("correction ", beta), func() *graph.Node {
		base := g.Const(tensor.Of([]float32{beta}, 1))
		return graph.Recip(graph.Sub(g.Const(tensor.Of([]float32{1}, 1)), graph.Pow(base, s.time(g))))
	})
}

// time is the number of this step as float32 [1].
func (s *State) time(g *graph.Graph) *graph.Node {
	return s.once("time", func() *graph.Node { return graph.Cast(s.count(g), tensor.Float32) })
}
