package nn

import (
	"math/rand/v2"

	"github.com/macaw-ai/macaw/framework/graph"
)

// RecurrentOptions configure NewLSTM and NewGRU. The zero value is one forward layer.
type RecurrentOptions struct {
	Layers        int // stacked, each on the results of the one below; 0 means 1
	Bidirectional bool
	Dropout       float32     // between layers, in training
	Peephole      bool        // LSTM: the gates see the cell
	ResetAfter    bool        // GRU: the reset gate acts behind the recurrent product, as in cuDNN
	Init          Initialiser // of the weights; nil means GlorotUniform
}

func (o RecurrentOptions) defaults(p *Params) RecurrentOptions {
	if o.Layers == 0 {
		o.Layers = 1
	}
	if o.Layers < 0 {
		graph.Fail("Recurrent", nil, "%s cannot have %d layers", p.prefix, o.Layers)
	}
	if o.Init == nil {
		o.Init = GlorotUniform
	}
	return o
}

func (o RecurrentOptions) directions() int {
	if o.Bidirectional {
		return 2
	}
	return 1
}

// RecurrentState is the state of all layers and directions, forward before
// backward: [Layers·directions, N, hidden]. A nil node means zeros.
type RecurrentState struct {
	H *graph.Node
	C *graph.Node // of an LSTM
}

// RecurrentInput is what a recurrent layer may be given beside the sequences.
type RecurrentInput struct {
	State   RecurrentState // before the first step
	Lengths *graph.Node    // int64 [N]: steps that count; nil means all. Results behind them are 0
}

// stack runs a recurrent layer: direction gives the results of number i of the
// layers and directions.
func (o RecurrentOptions) stack(x *graph.Node, in RecurrentInput, direction func(i int, reverse bool, x, h, c *graph.Node) (y, lastH, lastC *graph.Node)) (*graph.Node, RecurrentState) {
	if x.Rank() != 3 {
		graph.Fail("Recurrent", []*graph.Node{x}, "the operand must be [N T C]")
	}
	part := func(state *graph.Node, i int) *graph.Node {
		if state == nil {
			return nil
		}
		return graph.Squeeze(graph.Slice(state, 0, i, i+1), 0)
	}
	var hs, cs []*graph.Node
	for layer := range o.Layers {
		if layer > 0 {
			x = graph.Dropout(x, o.Dropout)
		}
		var ys []*graph.Node
		for d := range o.directions() {
			i := layer*o.directions() + d
			y, h, c := direction(i, d == 1, x, part(in.State.H, i), part(in.State.C, i))
			ys, hs = append(ys, y), append(hs, graph.Unsqueeze(h, 0))
			if c != nil {
				cs = append(cs, graph.Unsqueeze(c, 0))
			}
		}
		x = graph.Concat(-1, ys...)
	}
	state := RecurrentState{H: graph.Concat(0, hs...)}
	if len(cs) > 0 {
		state.C = graph.Concat(0, cs...)
	}
	return x, state
}

// RecurrentWeights are the weights of one direction of one layer.
type RecurrentWeights struct {
	Input     *Linear         // [in, gates·hidden]
	Recurrent *graph.Variable // [hidden, gates·hidden]
	Extra     *graph.Variable // peepholes or the bias behind ResetAfter; nil without
}

func newRecurrentWeights(p *Params, in, hidden, gates int, o RecurrentOptions) (all []RecurrentWeights) {
	for layer := range o.Layers {
		if layer > 0 {
			in = hidden * o.directions()
		}
		for d := range o.directions() {
			q := p.Subf("layer%d", layer+1).Sub([]string{"forward", "backward"}[d])
			input, bias := q.Sub("input"), Initialiser(Zeros)
			if gates == 4 {
				bias = forgetOpen
			}
			w := RecurrentWeights{Input: &Linear{Weight: input.Weight("weight", o.Init, in, gates*hidden), Bias: input.Weight("bias", bias, gates*hidden)},
				Recurrent: q.Weight("recurrent", o.Init, hidden, gates*hidden)}
			switch {
			case gates == 4 && o.Peephole:
				w.Extra = q.Weight("peephole", Zeros, 3*hidden)
			case gates == 3 && o.ResetAfter:
				w.Extra = q.Weight("hidden_bias", Zeros, hidden)
			}
			all = append(all, w)
		}
	}
	return all
}

// forgetOpen makes an LSTM's biases 1 at the forget gates, the third quarter,
// and 0 elsewhere.
func forgetOpen(values []float32, _ []int, _ *rand.Rand) {
	h := len(values) / 4
	fill(values[2*h:3*h], 1)
}

// LSTM is a stack of long short-term memories; see graph.LSTM.
type LSTM struct {
	Weights []RecurrentWeights // of each layer and direction; gates i, o, f, c
	options RecurrentOptions
}

// NewLSTM makes a layer from in features to hidden ones for each direction. The
// forget gates' biases start at 1 (Jozefowicz et al. 2015, ICML, §2.2).
func NewLSTM(p *Params, in, hidden int, o RecurrentOptions) *LSTM {
	o = o.defaults(p)
	return &LSTM{Weights: newRecurrentWeights(p, in, hidden, 4, o), options: o}
}

// Forward maps x [N,T,in] to [N,T,hidden·directions] from a state of zeros.
func (l *LSTM) Forward(x *graph.Node) *graph.Node {
	y, _ := l.Run(x, RecurrentInput{})
	return y
}

// Run is Forward with a first state, lengths and the last state.
func (l *LSTM) Run(x *graph.Node, in RecurrentInput) (*graph.Node, RecurrentState) {
	return l.options.stack(x, in, func(i int, reverse bool, x, h, c *graph.Node) (y, lastH, lastC *graph.Node) {
		w := l.Weights[i]
		return graph.LSTM(w.Input.Forward(x), x.Graph().Var(w.Recurrent), h, c,
			graph.LSTMOptions{Reverse: reverse, Peephole: optional(x, w.Extra), Lengths: in.Lengths})
	})
}

// GRU is a stack of gated recurrent units; see graph.GRU.
type GRU struct {
	Weights []RecurrentWeights // of each layer and direction; gates z, r, h
	options RecurrentOptions
}

// NewGRU makes a layer from in features to hidden ones for each direction.
func NewGRU(p *Params, in, hidden int, o RecurrentOptions) *GRU {
	o = o.defaults(p)
	return &GRU{Weights: newRecurrentWeights(p, in, hidden, 3, o), options: o}
}

// Forward maps x [N,T,in] to [N,T,hidden·directions] from a state of zeros.
func (l *GRU) Forward(x *graph.Node) *graph.Node {
	y, _ := l.Run(x, RecurrentInput{})
	return y
}

// Run is Forward with a first state, lengths and the last state.
func (l *GRU) Run(x *graph.Node, in RecurrentInput) (*graph.Node, RecurrentState) {
	return l.options.stack(x, in, func(i int, reverse bool, x, h, _ *graph.Node) (y, lastH, lastC *graph.Node) {
		w := l.Weights[i]
		y, lastH = graph.GRU(w.Input.Forward(x), x.Graph().Var(w.Recurrent), h,
			graph.GRUOptions{Reverse: reverse, ResetAfter: optional(x, w.Extra), Lengths: in.Lengths})
		return y, lastH, nil
	})
}
