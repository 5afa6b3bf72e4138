package optim

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Accumulator sums gradients over micro-batches, so that a batch that does not
// fit into memory is trained on in parts. It takes two programs: each run of
// the one with the loss adds a micro-batch's gradients, each run of the one
// with Apply updates the variables and begins anew.
//
// n micro-batches of equal size and one Apply give the step of one batch n
// times as large, up to rounding, for a loss that is a mean over its rows.
// Batch normalisation sees micro-batches, in its statistics too.
type Accumulator struct {
	loss    *graph.Graph
	params  *nn.Params
	options Options
	weights []*graph.Variable
	sums    []*graph.Variable
	count   *graph.Variable
}

// Accumulate adds to loss' graph the sums of the gradients of params. What o
// says of clipping and averaging is for Apply.
func Accumulate(loss *graph.Node, params *nn.Params, o Options) *Accumulator {
	g := loss.Graph()
	a := &Accumulator{loss: g, params: params, options: o, weights: o.trained(params),
		count: graph.NewVariable("accumulator/count", tensor.New(tensor.Float32, 1), false)}
	count := g.Var(a.count)
	// The first micro-batch overwrites the old sums, which so need no clearing.
	first, zero := graph.Eq(count, graph.Scalar(g, 0)), graph.Scalar(g, 0)
	for i, d := range graph.Grad(loss, nodes(g, a.weights)...) {
		w := a.weights[i]
		sum := graph.NewVariable(w.Name()+"/sum", tensor.New(tensor.Float32, w.Shape()...), false)
		assign(sum, graph.Add(graph.Where(first, zero, g.Var(sum)), d))
		a.sums = append(a.sums, sum)
	}
	assign(a.count, graph.AddScalar(count, 1))
	return a
}

// Apply adds to g, which is not the loss' graph, the update of the variables by
// the mean of the gradients summed since its last run; see the function Apply.
// It must run after at least one micro-batch.
func (a *Accumulator) Apply(g *graph.Graph, rule Rule, lr *graph.Node) *State {
	if g == a.loss {
		graph.Fail("Accumulator.Apply", []*graph.Node{lr}, "the update needs a graph of its own")
	}
	s := &State{}
	fresh := s.update(g, a.weights, nodes(g, a.sums), graph.Recip(g.Var(a.count)), rule, lr, a.options)
	if a.options.EMA > 0 {
		s.ema = track(a.params, a.options.EMA, func(v *graph.Variable) *graph.Node {
			if now := fresh[v]; now != nil || a.loss.Assigned(v) == nil {
				return now
			}
			return g.Var(v)
		})
	}
	assign(a.count, g.Const(tensor.New(tensor.Float32, 1)))
	return s
}

// Variables returns the sums and the number of micro-batches in them, for
// checkpoints between two updates.
func (a *Accumulator) Variables() []*graph.Variable {
	return append(append([]*graph.Variable(nil), a.sums...), a.count)
}
