package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// state joins the results so that every gradient passes through all of them.
func state(y *node, last ...*node) *node {
	for i, s := range last {
		y = graph.Concat(1, y, graph.MulScalar(graph.Unsqueeze(s, 1), float32(i+2)))
	}
	return y
}

// rowLengths are full, short and empty rows in turn.
func rowLengths(n, t int) *tensor.Tensor {
	l := tensor.New(tensor.Int64, n)
	for i := range l.Int64s() {
		l.Int64s()[i] = []int64{int64(t), 1, 0, int64(t) - 1}[i%4]
	}
	return l
}

func lstmCase(n, t, h int, reverse, peephole, lengths bool) graphtest.Case {
	in := tensors{values(1, -1, 1, n, t, 4*h), values(2, -1, 1, h, 4*h), values(3, -1, 1, n, h), values(4, -1, 1, n, h), rowLengths(n, t)}
	if peephole {
		in = append(in, values(5, -1, 1, 3*h))
	}
	return of(func(in nodes) *node {
		o := graph.LSTMOptions{Reverse: reverse}
		if peephole {
			o.Peephole = in[5]
		}
		if lengths {
			o.Lengths = in[4]
		}
		return state(graph.LSTM(in[0], in[1], in[2], in[3], o))
	}, in...)
}

func gruCase(n, t, h int, reverse, after, lengths bool) graphtest.Case {
	in := tensors{values(1, -1, 1, n, t, 3*h), values(2, -1, 1, h, 3*h), values(3, -1, 1, n, h), rowLengths(n, t)}
	if after {
		in = append(in, values(4, -1, 1, h))
	}
	return of(func(in nodes) *node {
		o := graph.GRUOptions{Reverse: reverse}
		if after {
			o.ResetAfter = in[4]
		}
		if lengths {
			o.Lengths = in[3]
		}
		return state(graph.GRU(in[0], in[1], in[2], o))
	}, in...)
}

func init() {
	addRows(gradientCases, map[string]graphtest.Case{
		"LSTM":                  lstmCase(2, 4, 3, false, false, false),
		"LSTM/reverse":          lstmCase(2, 4, 3, true, false, false),
		"LSTM/peephole":         lstmCase(2, 3, 2, false, true, false),
		"LSTM/reverse peephole": lstmCase(4, 3, 2, true, true, true),
		"LSTM/lengths":          lstmCase(4, 4, 2, false, false, true),
		"LSTM/one step":         lstmCase(1, 1, 5, false, false, false),
		"LSTM/last alone": of(func(in nodes) *node {
			_, h, _ := graph.LSTM(in[0], in[1], nil, nil, graph.LSTMOptions{})
			return h
		}, values(1, -1, 1, 2, 3, 8), values(2, -1, 1, 2, 8)),
		"GRU":                 gruCase(2, 4, 3, false, false, false),
		"GRU/reverse lengths": gruCase(4, 4, 2, true, false, true),
		"GRU/after":           gruCase(2, 4, 3, false, true, false),
		"GRU/after lengths":   gruCase(4, 3, 3, true, true, true),
	})
}

// TestRecurrentSizes compares values alone where the products have several
// tiles, blocks and workers, and where there are no steps.
func TestRecurrentSizes(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range map[string]graphtest.Case{
		"LSTM wide": lstmCase(13, 3, 37, false, true, true), "LSTM deep": lstmCase(3, 2, 400, true, false, false), "LSTM no steps": lstmCase(2, 0, 3, false, false, false),
		"GRU wide": gruCase(13, 3, 37, false, false, true), "GRU deep": gruCase(3, 2, 400, true, true, false), "GRU no steps": gruCase(2, 0, 3, false, true, false),
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.New(graph.Inference)
			in, feeds := make(nodes, len(c.Inputs)), map[*node]graphtest.Array{}
			for i, v := range c.Inputs {
				in[i] = g.Input(string(rune('a'+i)), v.DType(), graph.Ints(v.Shape()...)...)
				feeds[in[i]] = graphtest.ArrayOf(v)
			}
			y := c.Build(g, in)
			got := run(t, dev, in, nodes{y}, c.Inputs...)
			graphtest.Compare(t, "value", graphtest.ArrayOf(got[0]), graphtest.NewInterpreter(feeds).Value(y), 1e-4)
		})
	}
}
