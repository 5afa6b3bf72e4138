package graph_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// transposedCase checks a transposed convolution of x with w, and a bias.
func transposedCase(o graph.ConvTransposeOptions, x, w []int, bias bool) graphtest.Case {
	c := graphtest.Case{Inputs: tensors{values(1, -1, 1, x...), values(2, -1, 1, w...)}}
	if bias {
		c.Inputs = append(c.Inputs, values(3, -1, 1, w[2]*max(o.Groups, 1)))
	}
	c.Build = func(_ *graph.Graph, in nodes) *node {
		if bias {
			return graph.ConvTranspose2D(in[0], in[1], in[2], o)
		}
		return graph.ConvTranspose2D(in[0], in[1], nil, o)
	}
	return c
}

// images checks a function of one tensor of random values.
func images(f func(x *node) *node, dims ...int) graphtest.Case {
	return of(func(in nodes) *node { return f(in[0]) }, values(1, -1, 1, dims...))
}

func init() {
	type co = graph.ConvOptions
	type to = graph.ConvTransposeOptions
	addRows(gradientCases, map[string]graphtest.Case{
		"Conv2D/depthwise multiplier": convCase(co{Groups: 3, Pad: 1}, []int{2, 4, 4, 3}, []int{3, 3, 1, 6}, true),
		"Conv2D/grouped dilated":      convCase(co{Groups: 2, Dilation: 2, Pad: 2, Stride: 2}, []int{1, 6, 7, 4}, []int{3, 3, 2, 4}, true),
		"Conv2D/dilated uneven":       convCase(co{Dilations: [2]int{1, 3}, Strides: [2]int{2, 1}}, []int{1, 5, 9, 2}, []int{3, 3, 2, 2}, false),
		"Conv1D/depthwise": of(func(in nodes) *node { return graph.Conv1D(in[0], in[1], nil, co{Groups: 4, Dilation: 2, Pad: 2}) },
			values(1, -1, 1, 2, 7, 4), values(2, -1, 1, 3, 1, 4)),

		"ConvTranspose2D/overlap":  transposedCase(to{ConvOptions: co{Stride: 2}}, []int{2, 3, 4, 3}, []int{2, 2, 2, 3}, true),
		"ConvTranspose2D/grouped":  transposedCase(to{ConvOptions: co{Stride: 3, Groups: 2}, OutPad: [2]int{2, 2}}, []int{1, 3, 2, 4}, []int{3, 3, 3, 4}, true),
		"ConvTranspose2D/dilation": transposedCase(to{ConvOptions: co{Dilation: 2, Stride: 2, Pad: 1}}, []int{1, 3, 3, 2}, []int{3, 2, 2, 2}, false),
		"ConvTranspose1D/bias": of(func(in nodes) *node {
			return graph.ConvTranspose1D(in[0], in[1], in[2], to{ConvOptions: co{Stride: 2, Pad: 1}, OutPad: [2]int{0, 1}})
		}, values(1, -1, 1, 2, 4, 3), values(2, -1, 1, 3, 4, 3), values(3, -1, 1, 4)),
		"Conv3D": of(func(in nodes) *node { return graph.Conv3D(in[0], in[1], in[2], graph.Conv3DOptions{Pad: 1, Stride: 2}) },
			values(1, -1, 1, 2, 4, 3, 5, 2), values(2, -1, 1, 3, 3, 3, 2, 3), values(3, -1, 1, 3)),
		"Conv3D/uneven": of(func(in nodes) *node {
			return graph.Conv3D(in[0], in[1], nil, graph.Conv3DOptions{Groups: 2, Strides: [3]int{1, 1, 2}, Dilations: [3]int{2, 1, 1}, Pads: [3]int{1, 0, 0}})
		}, values(1, -1, 1, 1, 4, 3, 5, 2), values(2, -1, 1, 2, 1, 3, 1, 2)),

		"MaxPool2D/dilated": of(func(in nodes) *node {
			return graph.MaxPool2D(in[0], graph.PoolOptions{Size: 2, Dilation: 2, Stride: 1})
		},
			spread(1, 1, 5, 4, 2)),
		"MaxPool1D": of(func(in nodes) *node { return graph.MaxPool1D(in[0], graph.PoolOptions{Size: 3, Stride: 2, Pad: 1}) }, spread(1, 2, 7, 2)),
		"AvgPool1D": images(func(x *node) *node { return graph.AvgPool1D(x, graph.PoolOptions{Size: 2}) }, 2, 7, 2),
		"MaxPool3D": of(func(in nodes) *node { return graph.MaxPool3D(in[0], graph.Pool3DOptions{Size: 2}) }, spread(1, 1, 4, 4, 5, 2)),
		"AvgPool3D": images(func(x *node) *node { return graph.AvgPool3D(x, graph.Pool3DOptions{Size: 2, Stride: 1}) }, 1, 3, 3, 4, 2),
		"LpPool2D": of(func(in nodes) *node { return graph.LpPool2D(in[0], 3, graph.PoolOptions{Size: 2, Stride: 1, Pad: 1}) },
			spread(1, 1, 3, 4, 2)),
		"AdaptiveAvgPool2D":        images(func(x *node) *node { return graph.AdaptiveAvgPool2D(x, 3, 2) }, 2, 5, 4, 3),
		"AdaptiveAvgPool2D/larger": images(func(x *node) *node { return graph.AdaptiveAvgPool2D(x, 3, 5) }, 1, 2, 3, 2),
		"AdaptiveAvgPool1D":        images(func(x *node) *node { return graph.AdaptiveAvgPool1D(x, 3) }, 2, 7, 2),
	})
}

// evaluate runs a function of one tensor with all dimensions symbolic but the last.
func evaluate(t *testing.T, x *tensor.Tensor, f func(x *node) *node) *tensor.Tensor {
	t.Helper()
	g := graph.New(graph.Inference)
	dims := graph.Ints(x.Shape()...)
	for i := range len(dims) - 1 {
		dims[i] = graph.Symbol(string(rune('A' + i)))
	}
	in := g.Input("x", x.DType(), dims...)
	return run(t, cpu.New(cpu.Options{Threads: 2}), nodes{in}, nodes{f(in)}, x)[0]
}

// wantFloats compares with values to six digits.
func wantFloats(t *testing.T, got *tensor.Tensor, want ...float32) {
	t.Helper()
	graphtest.Compare(t, "value", graphtest.ArrayOf(got), graphtest.ArrayOf(tensor.Of(want, len(want))), 1e-6)
}

// sequence is 0, 1, 2, ... in a shape.
func sequence(dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, dims...)
	for i := range t.Float32s() {
		t.Float32s()[i] = float32(i)
	}
	return t
}

func TestAdaptivePoolCells(t *testing.T) {
	// Five elements in three cells: [0,2), [1,4), [3,5).
	got := evaluate(t, sequence(1, 5, 1), func(x *node) *node { return graph.AdaptiveAvgPool1D(x, 3) })
	wantFloats(t, got, 0.5, 2, 3.5)
}

func TestLpPoolValue(t *testing.T) {
	x := tensor.Of([]float32{3, -4, 0, 0}, 1, 2, 2, 1)
	wantFloats(t, evaluate(t, x, func(x *node) *node { return graph.LpPool2D(x, 2, graph.PoolOptions{Size: 2}) }), 5)
}

func TestConvTransposeMistakes(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "H", 4, 3)...)
	w := g.Input("w", tensor.Float32, graph.Ints(2, 2, 5, 3)...)
	for name, o := range map[string]graph.ConvTransposeOptions{
		"output padding": {ConvOptions: graph.ConvOptions{Stride: 2}, OutPad: [2]int{2, 0}}, "groups": {ConvOptions: graph.ConvOptions{Groups: 2}},
		"padding": {ConvOptions: graph.ConvOptions{Pad: 4}},
	} {
		if err := graph.Trace(func() { graph.ConvTranspose2D(x, w, nil, o) }); err == nil {
			t.Errorf("%s %+v was accepted", name, o)
		}
	}
}
