package quant

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
)

// TrainingOptions configure NewTraining. The zero value observes the ranges of
// all layers' operands.
type TrainingOptions struct {
	// Momentum is the share of a new batch in the observed ranges; 0 means 0.1.
	// The first batch sets them.
	Momentum float32
	// Start are ranges to start from. Layers without one are set by the first batch.
	Start Ranges
	// Learned makes the bounds parameters, which the optimiser moves, in place of
	// observing them. Every layer needs a range in Start then.
	Learned bool
	// Skip leaves layers in float32, by name.
	Skip func(name string) bool
}

// Training quantises a model while it is trained.
type Training struct {
	params  *nn.Params
	options TrainingOptions
	bounds  map[string][2]*graph.Variable
}

// NewTraining keeps the bounds of layers in p as "<layer>/lo" and "<layer>/hi";
// they are made when Apply first meets the layer.
func NewTraining(p *nn.Params, o TrainingOptions) *Training {
	if o.Momentum == 0 {
		o.Momentum = 0.1
	}
	return &Training{params: p, options: o, bounds: map[string][2]*graph.Variable{}}
}

// Apply returns outputs with the operands of every layer rounded to their 8-bit
// grids, with straight-through gradients; see graph.FakeQuantize. In a training
// graph the ranges follow the batches; in an inference graph they stay.
func (q *Training) Apply(outputs ...*graph.Node) []*graph.Node {
	names := trace(outputs).names
	return graph.Rewrite(func(n *graph.Node, in []*graph.Node) *graph.Node {
		name := names[n]
		if name == "" || q.options.Skip != nil && q.options.Skip(name) {
			return nil
		}
		x, w := q.activation(name, n, in[0]), graph.FakeQuantizeWeight(in[1])
		var bias *graph.Node
		if len(in) > 2 {
			bias = in[2]
		}
		if a, ok := n.Op().Attrs.(graph.ConvAttrs); ok {
			return conv(x, w, bias, a)
		}
		return graph.Linear(x, w, bias)
	}, outputs...)
}

// conv is the convolution a of other operands.
func conv(x, w, bias *graph.Node, a graph.ConvAttrs) *graph.Node {
	return graph.Conv2D(x, w, bias, graph.ConvOptions{Strides: a.Stride, Dilations: a.Dilation, Pads: a.Pad, Groups: a.Groups})
}

// activation rounds the operand x of layer n.
func (q *Training) activation(name string, n, x *graph.Node) *graph.Node {
	g := x.Graph()
	b, ok := q.bounds[name]
	if !ok {
		start, given := q.options.Start[name]
		if q.options.Learned && !given {
			graph.Fail("Training", []*graph.Node{n}, "learned bounds of %q need a range to start from", name)
		}
		add := q.params.Sub(name).State
		if q.options.Learned {
			add = q.params.Sub(name).Weight
		}
		b = [2]*graph.Variable{add("lo", nn.Constant(start.Lo)), add("hi", nn.Constant(start.Hi))}
		q.bounds[name] = b
	}
	lo, hi := g.Var(b[0]), g.Var(b[1])
	if !q.options.Learned && g.Training() {
		unset := graph.Eq(lo, hi)
		follow := func(v *graph.Variable, old, batch *graph.Node) *graph.Node {
			moved := graph.Add(old, graph.MulScalar(graph.Sub(batch, old), q.options.Momentum))
			now := graph.Where(unset, batch, moved)
			g.Assign(v, now)
			return now
		}
		batch := graph.StopGradient(x)
		lo, hi = follow(b[0], lo, graph.ReduceMin(batch)), follow(b[1], hi, graph.ReduceMax(batch))
	}
	return graph.FakeQuantize(x, lo, hi)
}

// Ranges returns the present ranges of the layers that Apply met.
func (q *Training) Ranges() Ranges {
	r := Ranges{}
	for name, b := range q.bounds {
		r[name] = Range{b[0].Value().Float32s()[0], b[1].Value().Float32s()[0]}
	}
	return r
}
