package graph_test

import (
	"maps"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
)

func init() {
	up := func(o graph.ConvTransposeOptions, x, w []int) graphtest.Case {
		return of(func(in nodes) *node { return graph.ConvTranspose2D(in[0], in[1], in[2], o) },
			values(1, -1, 1, x...), values(2, -1, 1, w...), values(3, -1, 1, w[2]*max(1, o.Groups)))
	}
	strided := graph.ConvTransposeOptions{ConvOptions: graph.ConvOptions{Stride: 2, Pad: 1}, OutPad: [2]int{1, 0}}
	odd := graph.ConvTransposeOptions{ConvOptions: graph.ConvOptions{Groups: 2, Dilation: 2, Pads: [4]int{0, 1, 2, 0}, Strides: [2]int{1, 3}}}
	maps.Copy(gradientCases, map[string]graphtest.Case{
		"ConvTranspose2D":         up(graph.ConvTransposeOptions{}, []int{2, 3, 4, 3}, []int{3, 2, 2, 3}),
		"ConvTranspose2D/strided": up(strided, []int{2, 3, 4, 3}, []int{3, 3, 2, 3}),
		"ConvTranspose2D/odd":     up(odd, []int{1, 3, 3, 4}, []int{2, 3, 3, 4}),
		"ConvTranspose1D": of(func(in nodes) *node { return graph.ConvTranspose1D(in[0], in[1], nil, strided) },
			values(1, -1, 1, 2, 5, 3), values(2, -1, 1, 4, 2, 3)),
	})
}
