package graph_test

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
)

func init() {
	strided := graph.ConvTransposeOptions{ConvOptions: graph.ConvOptions{Stride: 2, Pad: 1}, OutPad: [2]int{1, 0}}
	odd := graph.ConvTransposeOptions{ConvOptions: graph.ConvOptions{Groups: 2, Dilation: 2, Pads: [4]int{0, 1, 2, 0}, Strides: [2]int{1, 3}}}
	addRows(gradientCases, map[string]graphtest.Case{
		"ConvTranspose2D":         transposedCase(graph.ConvTransposeOptions{}, []int{2, 3, 4, 3}, []int{3, 2, 2, 3}, true),
		"ConvTranspose2D/strided": transposedCase(strided, []int{2, 3, 4, 3}, []int{3, 3, 2, 3}, true),
		"ConvTranspose2D/odd":     transposedCase(odd, []int{1, 3, 3, 4}, []int{2, 3, 3, 4}, true),
		"ConvTranspose1D": of(func(in nodes) *node { return graph.ConvTranspose1D(in[0], in[1], nil, strided) },
			values(1, -1, 1, 2, 5, 3), values(2, -1, 1, 4, 2, 3)),
	})
}
