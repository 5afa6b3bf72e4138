package graph_test

import (
	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	addRows(plants, map[string]func(d *garden) *node{
		"Asinh": func(d *garden) *node { return graph.Asinh(d.any()) }, "Atan": func(d *garden) *node { return graph.Atan(d.any()) },
		"Expm1": func(d *garden) *node { return graph.Expm1(graph.Tanh(d.any())) }, "Log1p": func(d *garden) *node { return graph.Log1p(positive(d.any())) },
		"ConvTranspose2D": func(d *garden) *node {
			x, o := d.any(4), graph.ConvTransposeOptions{ConvOptions: graph.ConvOptions{Stride: d.int("stride", 1, 2), Pad: d.int("pad", 0, 1)}}
			w := d.weights(graph.Const(d.int("kh", 1, 3)), graph.Const(d.int("kw", 1, 3)), graph.Const(d.int("filters", 1, 4)), x.Dim(3))
			return graph.Tanh(graph.ConvTranspose2D(x, w, nil, o))
		},
		"ScatterAdd": func(d *garden) *node {
			x := d.any(2, 3, 4)
			return graph.ScatterAdd(graph.Positions(d.g, x.Dim(0)), x, x.Shape()...)
		},
		"CumSum": func(d *garden) *node {
			x := d.any(1, 2, 3, 4)
			return graph.Tanh(graph.CumSum(x, d.axis(x), graph.CumSumOptions{Exclusive: d.flag("exclusive"), Reverse: d.flag("reverse")}))
		},
		"LSTM": func(d *garden) *node {
			x := d.any(3)
			h := graph.Const(d.int("units", 1, 4))
			y, last, _ := graph.LSTM(graph.Linear(x, d.weights(x.Dim(2), h.MulInt(4)), nil), d.weights(h, h.MulInt(4)), nil, nil, graph.LSTMOptions{Reverse: d.flag("reverse")})
			if d.flag("last") {
				return last
			}
			return y
		},
		"GRU": func(d *garden) *node {
			x := d.any(3)
			h := graph.Const(d.int("units", 1, 4))
			y, _ := graph.GRU(graph.Linear(x, d.weights(x.Dim(2), h.MulInt(3)), nil), d.weights(h, h.MulInt(3)), nil, graph.GRUOptions{Reverse: d.flag("reverse")})
			return y
		},
	})
}
