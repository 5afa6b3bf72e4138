package onnx

import (
	"strings"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, gates := range map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4} {
		lifters[name], floatOnly[name] = func(c *lifting) error { return liftRecurrent(c, gates) }, true
	}
}

// liftedCell is one direction of a recurrent operator: x·Wᵀ plus its bias is
// computed for all steps at once, what depends on the state step by step.
type liftedCell struct {
	op        string
	hidden    int
	r, rb     *graph.Node // [H, G·H] and [G·H], nil without bias
	peep      [3]*graph.Node
	acts      []func(*graph.Node) *graph.Node
	clip      float32
	coupled   bool // input_forget
	afterward bool // linear_before_reset
}

// liftRecurrent unrolls the steps, whose number must be known. See recurrent for
// the shapes.
func liftRecurrent(c *lifting, gates int) error {
	x := c.arg(0)
	hidden, ok := c.in[2].shape()[2].Known()
	batchFirst := c.call.flag("layout", false)
	if batchFirst {
		x = graph.Transpose(x, 1, 0, 2)
	}
	if c.plainCells() {
		return c.wholeRecurrent(x, hidden, gates, batchFirst)
	}
	steps, known := x.Dim(0).Known()
	if !ok || !known || steps < 1 || steps > maxUnrolled {
		return noForm("%v steps of %v units; the length must be fixed", x.Dim(0), c.in[2].shape()[2])
	}
	turns := map[string][]bool{"forward": {false}, "reverse": {true}, "bidirectional": {false, true}}[c.call.str("direction", "forward")]
	acts, err := c.cellActivations(len(turns), map[int]int{1: 1, 3: 2, 4: 3}[gates])
	if err != nil {
		return err
	}
	var all []*graph.Node // by step, the outputs of the directions so far [B,H]
	var lastH, lastC []*graph.Node
	for d, reversed := range turns {
		k := c.cell(d, hidden, gates, acts[d])
		w := graph.Transpose(c.direction(1, d), 1, 0)
		var wb *graph.Node
		if c.has(3) {
			wb = graph.Slice(c.direction(3, d), 0, 0, gates*hidden)
		}
		xs := graph.Linear(x, w, wb) // [T,B,G·H]
		h, cell := c.state(5, d, x.Dim(1), hidden, batchFirst), c.state(6, d, x.Dim(1), hidden, batchFirst)
		ys := make([]*graph.Node, steps)
		for i := range steps {
			t := i
			if reversed {
				t = steps - 1 - i
			}
			nextH, nextC := k.step(element(xs, 0, t), h, cell)
			ys[t] = nextH
			if c.has(4) { // past its length a sequence keeps its state and gives zeros
				going := graph.Gt(graph.Unsqueeze(graph.Cast(c.arg(4), tensor.Int64), 1), c.g.Const(tensor.Scalar(int64(t))))
				ys[t] = graph.Where(going, nextH, graph.Scalar(c.g, 0))
				nextH, nextC = graph.Where(going, nextH, h), graph.Where(going, nextC, cell)
			}
			h, cell = nextH, nextC
		}
		for t, y := range ys {
			y = graph.Unsqueeze(y, 0, 1)
			if d == 0 {
				all = append(all, y)
			} else {
				all[t] = graph.Concat(1, all[t], y)
			}
		}
		lastH, lastC = append(lastH, graph.Unsqueeze(h, 0)), append(lastC, graph.Unsqueeze(cell, 0))
	}
	y, h, cell := graph.Concat(0, all...), graph.Concat(0, lastH...), graph.Concat(0, lastC...)
	if batchFirst {
		y, h, cell = graph.Transpose(y, 2, 0, 1, 3), graph.Transpose(h, 1, 0, 2), graph.Transpose(cell, 1, 0, 2)
	}
	return c.putAll([]*lifted{{plain: y}, {plain: h}, {plain: cell}})
}

// plainCells reports whether the graph's LSTM and GRU compute the same cells.
func (c *lifting) plainCells() bool {
	var def []string
	switch c.call.node.OpType {
	case "LSTM":
		def = []string{"sigmoid", "tanh", "tanh"}
	case "GRU":
		def = []string{"sigmoid", "tanh"}
	default:
		return false
	}
	for i, name := range c.call.strs("activations") {
		if strings.ToLower(name) != def[i%len(def)] {
			return false
		}
	}
	return c.call.float("clip", 0) == 0 && !c.call.flag("input_forget", false)
}

// wholeRecurrent traces x [T,B,I] through the graph's LSTM or GRU, one operator
// for each direction.
func (c *lifting) wholeRecurrent(x *graph.Node, hidden, gates int, batchFirst bool) error {
	x = graph.Transpose(x, 1, 0, 2) // the graph has the batch first
	var lengths *graph.Node
	if c.has(4) {
		lengths = graph.Cast(c.arg(4), tensor.Int64)
	}
	var ys, hs, cells []*graph.Node
	for d, reversed := range map[string][]bool{"forward": {false}, "reverse": {true}, "bidirectional": {false, true}}[c.call.str("direction", "forward")] {
		k := c.cell(d, hidden, gates, nil)
		var bias *graph.Node
		if c.has(3) {
			bias = graph.Slice(c.direction(3, d), 0, 0, gates*hidden)
		}
		var y, h, cell *graph.Node
		first := c.state(5, d, x.Dim(0), hidden, batchFirst)
		if k.op == "LSTM" {
			if bias != nil {
				bias = graph.Add(bias, k.rb)
			}
			var peep *graph.Node
			if c.has(7) {
				peep = c.direction(7, d)
			}
			xw := graph.Linear(x, graph.Transpose(c.direction(1, d), 1, 0), bias)
			y, h, cell = graph.LSTM(xw, k.r, first, c.state(6, d, x.Dim(0), hidden, batchFirst), graph.LSTMOptions{Reverse: reversed, Peephole: peep, Lengths: lengths})
			cells = append(cells, graph.Unsqueeze(cell, 0))
		} else {
			var after *graph.Node
			if k.afterward {
				after = graph.Fill(c.g, 0, graph.Const(hidden))
			}
			if bias != nil { // what the recurrent product adds to z and r may be added at once
				both := graph.Add(graph.Slice(bias, 0, 0, 2*hidden), graph.Slice(k.rb, 0, 0, 2*hidden))
				last, own := graph.Slice(bias, 0, 2*hidden, 3*hidden), graph.Slice(k.rb, 0, 2*hidden, 3*hidden)
				if k.afterward {
					after = own
				} else {
					last = graph.Add(last, own)
				}
				bias = graph.Concat(0, both, last)
			}
			xw := graph.Linear(x, graph.Transpose(c.direction(1, d), 1, 0), bias)
			y, h = graph.GRU(xw, k.r, first, graph.GRUOptions{Reverse: reversed, ResetAfter: after, Lengths: lengths})
		}
		ys, hs = append(ys, graph.Unsqueeze(y, 2)), append(hs, graph.Unsqueeze(h, 0))
	}
	y, h := graph.Concat(2, ys...), graph.Concat(0, hs...) // [B,T,D,H] and [D,B,H]
	if !batchFirst {
		y = graph.Transpose(y, 1, 2, 0, 3)
	} else {
		h = graph.Transpose(h, 1, 0, 2)
	}
	out := []*lifted{{plain: y}, {plain: h}}
	if cells != nil {
		cell := graph.Concat(0, cells...)
		if batchFirst {
			cell = graph.Transpose(cell, 1, 0, 2)
		}
		out = append(out, &lifted{plain: cell})
	}
	return c.putAll(out)
}

// direction is the part of input i that belongs to direction d.
func (c *lifting) direction(i, d int) *graph.Node {
	return element(c.arg(i), 0, d)
}

// state is an initial state [B,H]; zeros when it is left out.
func (c *lifting) state(i, d int, batch graph.Dim, hidden int, batchFirst bool) *graph.Node {
	switch {
	case !c.has(i):
		return graph.Fill(c.g, 0, batch, graph.Const(hidden))
	case batchFirst:
		return element(c.arg(i), 1, d)
	}
	return c.direction(i, d)
}

func (c *lifting) cell(d, hidden, gates int, acts []func(*graph.Node) *graph.Node) *liftedCell {
	k := &liftedCell{op: c.call.node.OpType, hidden: hidden, acts: acts, clip: c.call.float("clip", 0),
		coupled: c.call.flag("input_forget", false), afterward: c.call.flag("linear_before_reset", false)}
	k.r = graph.Transpose(c.direction(2, d), 1, 0)
	if c.has(3) {
		k.rb = graph.Slice(c.direction(3, d), 0, gates*hidden, 2*gates*hidden)
	}
	if c.has(7) {
		for i := range k.peep {
			k.peep[i] = graph.Slice(c.direction(7, d), 0, i*hidden, (i+1)*hidden)
		}
	}
	return k
}

// gate is the part of v that belongs to gate i.
func (k *liftedCell) gate(v *graph.Node, i int) *graph.Node {
	return graph.Slice(v, 1, i*k.hidden, (i+1)*k.hidden)
}

func (k *liftedCell) act(a int, v *graph.Node) *graph.Node {
	if k.clip > 0 {
		v = graph.Clip(v, -k.clip, k.clip)
	}
	return k.acts[a](v)
}

// looking adds the peephole i on the cell state.
func (k *liftedCell) looking(v, cell *graph.Node, i int) *graph.Node {
	if k.peep[i] == nil {
		return v
	}
	return graph.Add(v, graph.Mul(cell, k.peep[i]))
}

// step gives the next states from x·Wᵀ + wb [B,G·H] and the states [B,H]. The
// equations stand at cell's methods.
func (k *liftedCell) step(x, h, cell *graph.Node) (nextH, nextC *graph.Node) {
	if k.op == "GRU" {
		return k.gru(x, h), cell
	}
	sum := graph.Add(x, graph.Linear(h, k.r, k.rb))
	if k.op == "RNN" {
		return k.act(0, sum), cell
	}
	in := k.act(0, k.looking(k.gate(sum, 0), cell, 0))
	forget := graph.AddScalar(graph.Neg(in), 1)
	if !k.coupled {
		forget = k.act(0, k.looking(k.gate(sum, 2), cell, 2))
	}
	next := graph.Add(graph.Mul(forget, cell), graph.Mul(in, k.act(1, k.gate(sum, 3))))
	out := k.act(0, k.looking(k.gate(sum, 1), next, 1))
	return graph.Mul(out, k.acts[2](next)), next
}

func (k *liftedCell) gru(x, h *graph.Node) *graph.Node {
	n := k.hidden
	part := func(v *graph.Node, axis, lo, hi int) *graph.Node {
		if v == nil {
			return nil
		}
		return graph.Slice(v, axis, lo*n, hi*n)
	}
	both := graph.Add(part(x, 1, 0, 2), graph.Linear(h, part(k.r, 1, 0, 2), part(k.rb, 0, 0, 2)))
	z, reset := k.act(0, part(both, 1, 0, 1)), k.act(0, part(both, 1, 1, 2))
	rh, rb := part(k.r, 1, 2, 3), part(k.rb, 0, 2, 3)
	var v *graph.Node
	if k.afterward {
		v = graph.Mul(reset, graph.Linear(h, rh, rb))
	} else {
		v = graph.Linear(graph.Mul(reset, h), rh, rb)
	}
	fresh := k.act(1, graph.Add(part(x, 1, 2, 3), v))
	return graph.Add(fresh, graph.Mul(z, graph.Sub(h, fresh)))
}

// cellActivations is readActivations for nodes.
func (c *lifting) cellActivations(directions, n int) ([][]func(*graph.Node) *graph.Node, error) {
	names := c.call.strs("activations")
	if names == nil {
		for range directions {
			names = append(names, [][]string{{"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}}[n-1]...)
		}
	}
	next := func(values []float32) func(def float32) float32 {
		return func(def float32) float32 {
			if len(values) > 0 {
				def, values = values[0], values[1:]
			}
			return def
		}
	}
	alpha, beta := next(c.call.floats("activation_alpha")), next(c.call.floats("activation_beta"))
	out := make([][]func(*graph.Node) *graph.Node, directions)
	for i, name := range names {
		f := cellActivationNode(strings.ToLower(name), alpha, beta)
		if f == nil || i/n >= directions {
			return nil, noForm("activation %q", name)
		}
		out[i/n] = append(out[i/n], f)
	}
	return out, nil
}

func cellActivationNode(name string, alpha, beta func(def float32) float32) func(*graph.Node) *graph.Node {
	switch name {
	case "tanh":
		return graph.Tanh
	case "sigmoid":
		return graph.Sigmoid
	case "relu":
		return graph.Relu
	case "softsign":
		return graph.Softsign
	case "softplus":
		return graph.Softplus
	case "affine":
		a, b := alpha(1), beta(0)
		return func(x *graph.Node) *graph.Node { return graph.AddScalar(graph.MulScalar(x, a), b) }
	case "scaledtanh":
		a, b := alpha(1), beta(1)
		return func(x *graph.Node) *graph.Node { return graph.MulScalar(graph.Tanh(graph.MulScalar(x, b)), a) }
	case "hardsigmoid":
		a, b := alpha(0.2), beta(0.5)
		return func(x *graph.Node) *graph.Node { return graph.HardSigmoidOf(x, a, b) }
	case "leakyrelu":
		a := alpha(0.01)
		return func(x *graph.Node) *graph.Node { return graph.LeakyRelu(x, a) }
	case "thresholdedrelu":
		a := alpha(1)
		return func(x *graph.Node) *graph.Node { return graph.ThresholdedRelu(x, a) }
	case "elu":
		a := alpha(1)
		return func(x *graph.Node) *graph.Node { return graph.ELU(x, a) }
	}
	return nil
}
