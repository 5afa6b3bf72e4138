package optim

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Rule is how one variable follows its gradient: SGD or AdamW.
type Rule interface {
	// update adds w's update to the graph of grad and returns w's new value.
	update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node
}

// inputs are shared by all variables of a step; each is of shape [1].
type inputs struct {
	lr, scale *graph.Node
	decay     bool // whether weight decay applies to this variable
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
	op := chip.SGD{Momentum: o.Momentum, Nesterov: o.Nesterov}
	if in.decay {
		op.Decay = o.WeightDecay
	}
	var velocity *graph.Variable
	if o.Momentum != 0 {
		velocity = s.slot(w, "velocity")
	}
	return graph.SGD(w, grad, velocity, in.lr, in.scale, op)
}

// AdamW is Adam with decoupled weight decay. Zero fields mean Beta1 0.9,
// Beta2 0.999, Eps 1e-8; WeightDecay 0 means none.
// Source: Loshchilov and Hutter 2019, arXiv:1711.05101.
type AdamW struct {
	Beta1, Beta2, Eps, WeightDecay float32
}

func (o AdamW) update(s *State, w *graph.Variable, grad *graph.Node, in inputs) *graph.Node {
	op := chip.AdamW{Beta1: or(o.Beta1, 0.9), Beta2: or(o.Beta2, 0.999), Eps: or(o.Eps, 1e-8)}
	if in.decay {
		op.Decay = o.WeightDecay
	}
	return graph.AdamW(w, grad, s.slot(w, "m"), s.slot(w, "v"), in.lr, s.count(grad.Graph()), in.scale, op)
}

func or(v, def float32) float32 {
	if v == 0 {
		return def
	}
	return v
}

// slot makes a variable of w's shape for the optimiser, starting at zero.
func (s *State) slot(w *graph.Variable, name string) *graph.Variable {
	return s.add(graph.NewVariable(w.Name()+"/"+name, tensor.New(tensor.Float32, w.Shape()...), false))
}
