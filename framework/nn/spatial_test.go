package nn_test

import (
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestSpatialLayers checks shapes for a symbolic batch, and values and gradients
// against the interpreter.
func TestSpatialLayers(t *testing.T) {
	p := nn.NewParams(1)
	cases := map[string]struct {
		layer   nn.Layer
		in, out []int
	}{
		"transpose":   {nn.NewConvTranspose2D(p.Sub("up"), 3, 4, 2, nn.ConvTransposeOptions{Stride: 2}), []int{2, 3, 2, 3}, []int{2, 6, 4, 4}},
		"transpose 1": {nn.NewConvTranspose1D(p.Sub("up1"), 4, 2, 3, nn.ConvTransposeOptions{Stride: 2, Pad: 1, OutputPad: 1, Groups: 2, NoBias: true}), []int{2, 4, 4}, []int{2, 8, 2}},
		"depthwise":   {nn.NewConv2D(p.Sub("depthwise"), 4, 4, 3, nn.ConvOptions{Pad: 2, Groups: 4, Dilation: 2}), []int{2, 4, 3, 4}, []int{2, 4, 3, 4}},
		"causal 1":    {nn.NewConv1D(p.Sub("dilated"), 4, 6, 2, nn.ConvOptions{Groups: 2, Dilation: 3}), []int{2, 7, 4}, []int{2, 4, 6}},
		"volume":      {nn.NewConv3D(p.Sub("volume"), 2, 3, 3, nn.ConvOptions{Pad: 1, Stride: 2}), []int{2, 4, 3, 4, 2}, []int{2, 2, 2, 2, 3}},
		"group norm":  {nn.NewGroupNorm(p.Sub("gn"), 2, 6), []int{2, 3, 2, 6}, []int{2, 3, 2, 6}},
		"instance":    {nn.NewInstanceNorm(p.Sub("in"), 3), []int{2, 3, 2, 3}, []int{2, 3, 2, 3}},
		"response":    {nn.LocalResponseNorm(graph.LocalResponseOptions{Size: 3}), []int{2, 2, 2, 5}, []int{2, 2, 2, 5}},
		"max 1":       {nn.MaxPool1D(graph.PoolOptions{Size: 2}), []int{2, 5, 3}, []int{2, 2, 3}},
		"average 1":   {nn.AvgPool1D(graph.PoolOptions{Size: 3, Stride: 1}), []int{2, 5, 3}, []int{2, 3, 3}},
		"max 3":       {nn.MaxPool3D(2, 0), []int{1, 2, 4, 4, 2}, []int{1, 1, 2, 2, 2}},
		"average 3":   {nn.AvgPool3D(2, 1), []int{1, 3, 2, 3, 2}, []int{1, 2, 1, 2, 2}},
		"lp":          {nn.LpPool(2, graph.PoolOptions{Size: 2}), []int{1, 4, 2, 2}, []int{1, 2, 1, 2}},
		"adaptive":    {nn.AdaptiveAvgPool(2, 3), []int{2, 5, 4, 2}, []int{2, 2, 3, 2}},
		"global max":  {nn.GlobalMaxPool, []int{2, 3, 3, 2}, []int{2, 2}},
		"upsample":    {nn.Upsample(2, graph.InterpolateOptions{Mode: graph.Bilinear}), []int{2, 2, 3, 2}, []int{2, 4, 6, 2}},
		"upsample 1":  {nn.Upsample(3, graph.InterpolateOptions{}), []int{2, 4, 2}, []int{2, 12, 2}},
		"interpolate": {nn.Interpolate(graph.InterpolateOptions{Mode: graph.Bicubic}, 3, 5), []int{1, 4, 3, 2}, []int{1, 3, 5, 2}},
		"shuffle":     {nn.PixelShuffle(2), []int{1, 2, 3, 8}, []int{1, 4, 6, 2}},
		"unshuffle":   {nn.PixelUnshuffle(2), []int{1, 4, 2, 2}, []int{1, 2, 1, 8}},
		"prelu":       {nn.NewPReLU(p.Sub("prelu"), 4), []int{3, 4}, []int{3, 4}},
		"residual": {nn.Residual{Body: nn.NewLinear(p.Sub("body"), 4, 3), Skip: nn.NewLinear(p.Sub("skip"), 4, 3)},
			[]int{3, 4}, []int{3, 3}},
		"residual plain": {nn.Residual{Body: nn.Act("tanh")}, []int{3, 4}, []int{3, 4}},
		"batch norm 1":   {nn.NewBatchNorm(p.Sub("bn"), 4), []int{6, 4}, []int{6, 4}},
		"batch norm 2":   {nn.NewBatchNorm(p.Sub("bn1"), 4), []int{3, 2, 4}, []int{3, 2, 4}},
	}
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var shape graph.Shape
			graphtest.Check(t, dev, graphtest.Case{Mode: graph.Train, Inputs: []*tensor.Tensor{values(3, c.in...)}, Symbolic: 1,
				Build: func(_ *graph.Graph, in []*node) *node {
					y := c.layer.Forward(in[0])
					shape = y.Shape()
					return y
				}})
			if got, ok := shape[1:].Known(); !ok || !slices.Equal(got, c.out[1:]) {
				t.Errorf("shape %v, want %v", shape, c.out)
			}
		})
	}
}

func TestBilinear(t *testing.T) {
	l := nn.NewBilinear(nn.NewParams(1), 3, 2, 4)
	graphtest.Check(t, cpu.New(cpu.Options{Threads: 1}), graphtest.Case{Inputs: []*tensor.Tensor{values(1, 5, 3), values(2, 5, 2)}, Symbolic: 2,
		Build: func(_ *graph.Graph, in []*node) *node { return l.Forward(in[0], in[1]) }})
}

// TestConvTransposeUndoesStride: a convolution that takes every second pixel and
// the transposed one with the same single weight put the pixels back between zeros.
func TestConvTransposeUndoesStride(t *testing.T) {
	one := nn.ConvTransposeOptions{Stride: 2, OutputPad: 1, NoBias: true, Init: nn.Dirac}
	l := nn.NewConvTranspose1D(nn.NewParams(1), 2, 2, 1, one)
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", "L", 2)...)
	got, err := graph.Eval(cpu.New(cpu.Options{Threads: 1}), l.Forward(x), map[*node]*tensor.Tensor{x: floats([]int{1, 2, 2}, 1, 2, 3, 4)})
	if err != nil {
		t.Fatal(err)
	}
	if want := floats([]int{1, 4, 2}, 1, 2, 0, 0, 3, 4, 0, 0); !tensor.Equal(got, want) {
		t.Errorf("%v, want %v", got.Float32s(), want.Float32s())
	}
}
