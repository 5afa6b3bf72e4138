package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// recurrentCall is what the operators LSTM and GRU share.
type recurrentCall struct {
	op             string
	gates          int
	reverse, after bool
	peep, lengths  *graph.Node
	states         []*graph.Node // [N,H]
}

func exportLSTM(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.LSTMAttrs), n.Inputs()
	k := recurrentCall{op: "LSTM", gates: 4, reverse: a.Reverse, states: in[2:4]}
	rest := in[4:]
	if a.Peephole {
		k.peep, rest = rest[0], rest[1:]
	}
	if a.Lengths {
		k.lengths = rest[0]
	}
	return x.recurrent(n, k, nil)
}

func exportGRU(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.GRUAttrs), n.Inputs()
	k := recurrentCall{op: "GRU", gates: 3, reverse: a.Reverse, after: a.ResetAfter, states: in[2:3]}
	rest := in[3:]
	var bias *graph.Node
	if a.ResetAfter {
		bias, rest = rest[0], rest[1:]
	}
	if a.Lengths {
		k.lengths = rest[0]
	}
	return x.recurrent(n, k, bias)
}

// recurrent writes one direction. What the graph computes ahead, x·W + b, goes
// back into the operator where it is a Linear; other values pass an identity.
func (x *exporter) recurrent(n *graph.Node, k recurrentCall, after *graph.Node) error {
	b, in := x.b, n.Inputs()
	hidden, ok := in[1].Dim(0).Known()
	if !ok {
		return x.fail(n, "the number of units is not known")
	}
	width := k.gates * hidden
	lead := func(v string) string { return b.Op("Unsqueeze", nil, v, b.Ints(0)) }
	data, weights, bias := in[0], "", b.Const(tensor.New(tensor.Float32, width))
	if l := in[0]; l.Op().Name == "Linear" {
		data = l.Inputs()[0]
		if err := x.node(data); err != nil {
			return err
		}
		weights = x.transposed(x.plain(l.Inputs()[1]), []int{1, 0})
		if t := constant(l.Inputs()[1]); t != nil {
			turned, err := transpose(t, []int64{1, 0})
			if err != nil {
				return x.fail(n, "%v", err)
			}
			weights = b.Const(turned)
		}
		if len(l.Inputs()) > 2 {
			bias = x.plain(l.Inputs()[2])
		}
	} else {
		eye := tensor.New(tensor.Float32, width, width)
		for i := range width {
			eye.Float32s()[i*width+i] = 1
		}
		weights = b.Const(eye)
	}
	own := b.Const(tensor.New(tensor.Float32, width)) // the bias of h·R
	if after != nil {
		own = b.Op("Concat", Attrs{"axis": 0}, b.Const(tensor.New(tensor.Float32, 2*hidden)), x.plain(after))
	}
	recur := x.transposed(x.plain(in[1]), []int{1, 0})
	args := []string{x.transposed(x.plain(data), []int{1, 0, 2}), lead(weights), lead(recur), lead(b.Op("Concat", Attrs{"axis": 0}, bias, own)), ""}
	if k.lengths != nil {
		args[4] = b.Op("Cast", Attrs{"to": tensor.Int32}, x.plain(k.lengths))
	}
	for _, s := range k.states {
		args = append(args, lead(x.plain(s)))
	}
	if k.peep != nil {
		args = append(args, lead(x.plain(k.peep)))
	}
	attrs := Attrs{"hidden_size": hidden}
	if k.reverse {
		attrs["direction"] = "reverse"
	}
	if k.after {
		attrs["linear_before_reset"] = 1
	}
	results := n.Results()
	outs := b.OpN(1+len(k.states), k.op, attrs, args...)
	x.last[results[0]] = b.Op("Transpose", Attrs{"perm": []int{1, 0, 2}}, b.Op("Squeeze", nil, outs[0], b.Ints(1)))
	for i := range k.states {
		x.last[results[1+i]] = b.Op("Squeeze", nil, outs[1+i], b.Ints(0))
	}
	return nil
}
