package optim

import (
	"cmp"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Options configure Apply. The zero value neither clips nor averages.
type Options struct {
	// ClipValue limits every element of the gradients to ±ClipValue, before
	// ClipNorm looks at them; 0 means no limit.
	ClipValue float32
	// ClipNorm scales all gradients down together so that their joint
	// Euclidean norm is at most this; 0 means no limit.
	ClipNorm float32
	// EMA is the decay of an exponential moving average of the parameters and
	// of running statistics, such as 0.999; 0 means none.
	EMA float32
	// DecayAll applies weight decay to vectors (biases, gains) too; by default
	// it acts only on variables of rank 2 and more.
	DecayAll bool
	// Groups treat some variables differently from the others; the first group
	// that takes a variable counts.
	Groups []Group
}

// State is what an optimiser remembers between steps.
type State struct {
	vars   []*graph.Variable
	step   *graph.Node // of this run, from 1; made when a rule asks for it
	shared map[string]*graph.Node
	ema    *EMA
	norm   *graph.Node
}

// Apply adds to loss' graph the update of every trainable variable in params
// by rule: a run of a program compiled from the graph makes one step. lr is a
// float32 node of shape [1], usually an input fed from a schedule.
func Apply(loss *graph.Node, params *nn.Params, rule Rule, lr *graph.Node, o Options) *State {
	g := loss.Graph()
	weights := o.trained(params)
	grads := graph.Grad(loss, nodes(g, weights)...)
	s := &State{}
	fresh := s.update(g, weights, grads, nil, rule, lr, o)
	if o.EMA > 0 {
		s.ema = track(params, o.EMA, func(v *graph.Variable) *graph.Node {
			if now := fresh[v]; now != nil {
				return now
			}
			return g.Assigned(v)
		})
	}
	return s
}

// update adds the updates of weights to g and returns their new values. scale
// [1] multiplies the gradients before anything else; nil means 1.
func (s *State) update(g *graph.Graph, weights []*graph.Variable, grads []*graph.Node, scale *graph.Node, rule Rule, lr *graph.Node, o Options) map[*graph.Variable]*graph.Node {
	if o.ClipValue > 0 {
		for i, d := range grads {
			if scale != nil {
				d = graph.Mul(d, scale)
			}
			grads[i] = graph.Clip(d, -o.ClipValue, o.ClipValue)
		}
		scale = nil
	}
	in := inputs{lr: lr, scale: scale}
	if scale == nil {
		in.scale = g.Const(tensor.Of([]float32{1}, 1))
	}
	if o.ClipNorm > 0 {
		s.norm = globalNorm(grads)
		if scale != nil {
			s.norm = graph.Mul(s.norm, graph.Reshape(scale))
		}
		in.scale = clipScale(s.norm, o.ClipNorm)
		if scale != nil {
			in.scale = graph.Mul(in.scale, scale)
		}
	}
	rates := map[float32]*graph.Node{1: lr}
	fresh := map[*graph.Variable]*graph.Node{}
	for i, w := range weights {
		group := o.group(w)
		factor := cmp.Or(group.LRScale, 1)
		if rates[factor] == nil {
			rates[factor] = graph.MulScalar(lr, factor)
		}
		in.lr = rates[factor]
		in.decay = group.WeightDecay > 0 || group.WeightDecay == 0 && (o.DecayAll || len(w.Shape()) >= 2)
		in.coefficient = group.WeightDecay
		use := rule
		if group.Rule != nil {
			use = group.Rule
		}
		fresh[w] = use.update(s, w, grads[i], in)
	}
	return fresh
}

func nodes(g *graph.Graph, vars []*graph.Variable) []*graph.Node {
	list := make([]*graph.Node, len(vars))
	for i, v := range vars {
		list[i] = g.Var(v)
	}
	return list
}

// globalNorm is the Euclidean norm of all gradients together, a scalar.
func globalNorm(grads []*graph.Node) *graph.Node {
	squares := make([]*graph.Node, len(grads))
	for i, d := range grads {
		squares[i] = sumOfSquares(d)
	}
	return graph.Sqrt(graph.Sum(graph.Concat(0, squares...)))
}

// normOf is the Euclidean norm of x, [1].
func normOf(x *graph.Node) *graph.Node { return graph.Sqrt(sumOfSquares(x)) }

// sumOfSquares is x's, [1], in one pass as a product with itself.
func sumOfSquares(x *graph.Node) *graph.Node {
	row := graph.Reshape(x, graph.Dims(1, -1)...)
	return graph.Reshape(graph.MatMulT(row, row, false, true), graph.Const(1))
}

// clipScale is min(1, limit/norm). Source: Pascanu et al. 2013, arXiv:1211.5063.
func clipScale(norm *graph.Node, limit float32) *graph.Node {
	g := norm.Graph()
	scale := graph.Div(graph.Scalar(g, limit), graph.Max(norm, graph.Scalar(g, limit)))
	return graph.Reshape(scale, graph.Const(1))
}

// count returns the number of this step, int64 [1] from 1.
func (s *State) count(g *graph.Graph) *graph.Node {
	if s.step == nil {
		v := s.add(graph.NewVariable("optimizer/step", tensor.Of([]int64{0}, 1), false))
		s.step = graph.Add(g.Var(v), g.Const(tensor.Of([]int64{1}, 1)))
		g.Assign(v, s.step)
	}
	return s.step
}

// once returns the node that f makes the first time it is asked for name.
func (s *State) once(name string, f func() *graph.Node) *graph.Node {
	if s.shared == nil {
		s.shared = map[string]*graph.Node{}
	}
	if s.shared[name] == nil {
		s.shared[name] = f()
	}
	return s.shared[name]
}

func (s *State) add(v *graph.Variable) *graph.Variable {
	s.vars = append(s.vars, v)
	return v
}

// Variables returns the optimiser's own variables, for checkpoints: moments,
// the step count and moving averages.
func (s *State) Variables() []*graph.Variable {
	vars := append([]*graph.Variable(nil), s.vars...)
	if s.ema != nil {
		vars = append(vars, s.ema.vars()...)
	}
	return vars
}

// Norm returns the node of the gradients' joint norm before clipping, a
// float32 scalar, or nil without ClipNorm.
func (s *State) Norm() *graph.Node { return s.norm }

// EMA returns the moving averages, or nil without Options.EMA.
func (s *State) EMA() *EMA { return s.ema }
