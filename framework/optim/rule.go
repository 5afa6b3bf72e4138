package optim

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Rule is how one variable follows its gradient: SGD, Adam, AdamW, RMSProp,
// Adagrad, LAMB, Lion, Muon or Adafactor. In their formulas w is the variable,
// g its gradient after clipping, t the number of the step from 1.
type Rule interface {
	// update adds w's update to the graph of grad and returns w's new value.
	update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node
}

// inputs are shared by all variables of a step; each is of shape [1].
type inputs struct {
	lr, scale   *graph.Node
	decay       bool    // whether weight decay applies to this variable
	coefficient float32 // in place of the rule's weight decay; 0 keeps it
}

// weightDecay is the coefficient for a variable whose rule says rule.
func (in inputs) weightDecay(rule float32) float32 {
	switch {
	case !in.decay:
		return 0
	case in.coefficient > 0:
		return in.coefficient
	}
	return rule
}

// gradient is the scaled gradient.
func (in inputs) gradient(grad *graph.Node) *graph.Node { return graph.Mul(grad, in.scale) }

// coupled is the scaled gradient with weight decay as part of it.
func (in inputs) coupled(w *graph.Variable, grad *graph.Node, rule float32) *graph.Node {
	return in.decoupled(w, in.gradient(grad), rule)
}

// decoupled is the step u with weight decay added to it.
func (in inputs) decoupled(w *graph.Variable, u *graph.Node, rule float32) *graph.Node {
	if decay := in.weightDecay(rule); decay != 0 {
		return graph.Add(u, graph.MulScalar(u.Graph().Var(w), decay))
	}
	return u
}

// descend lessens w by a step and returns its new value.
func descend(g *graph.Graph, w *graph.Variable, by *graph.Node) *graph.Node {
	return assign(w, graph.Sub(g.Var(w), by))
}

// assign leaves x in v and returns it. Factors of shape [1] have made a vector
// of what belongs to a variable of rank 0.
func assign(v *graph.Variable, x *graph.Node) *graph.Node {
	if len(v.Shape()) == 0 {
		x = graph.Reshape(x)
	}
	x.Graph().Assign(v, x)
	return x
}

// SGD is stochastic gradient descent: g' = g + WeightDecay·w,
// v = Momentum·v + g', w -= lr·v, or with Nesterov w -= lr·(g' + Momentum·v).
// Source: Sutskever et al. 2013, ICML, as torch.optim.SGD writes it.
type SGD struct {
	Momentum    float32
	Nesterov    bool
	WeightDecay float32
}

func (o SGD) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	op := chip.SGD{Momentum: o.Momentum, Nesterov: o.Nesterov, Decay: in.weightDecay(o.WeightDecay)}
	var velocity *graph.Variable
	if o.Momentum != 0 {
		velocity = s.slot(w, "velocity")
	}
	return graph.SGD(w, grad, velocity, in.lr, in.scale, op)
}

// slot makes a variable of w's shape for the optimiser, starting at zero.
func (s *State) slot(w *graph.Variable, name string) *graph.Variable {
	return s.slotOf(w, name, w.Shape())
}

// slotOf makes a variable of another shape.
func (s *State) slotOf(w *graph.Variable, name string, shape []int) *graph.Variable {
	return s.add(graph.NewVariable(w.Name()+"/"+name, tensor.New(tensor.Float32, shape...), false))
}
