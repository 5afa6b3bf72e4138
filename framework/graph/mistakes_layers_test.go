package graph_test

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Compositions are blamed by the operator of theirs that refuses its operands.
func init() {
	for name, f := range map[string]func(*node) *node{
		"SELU": graph.SELU, "HardSigmoid": graph.HardSigmoid, "HardSwish": graph.HardSwish, "Hardtanh": graph.Hardtanh, "Relu6": graph.Relu6,
		"Tan": graph.Tan, "Sinh": graph.Sinh, "Cosh": graph.Cosh, "Atan": graph.Atan, "Asin": graph.Asin, "Acos": graph.Acos, "Asinh": graph.Asinh,
		"Acosh": graph.Acosh, "Atanh": graph.Atanh, "Log1p": graph.Log1p, "Expm1": graph.Expm1, "Mish": graph.Mish, "Softsign": graph.Softsign,
		"LogSigmoid": graph.LogSigmoid, "GELUTanh": graph.GELUTanh,
	} {
		mistakes[name] = wrong(func(b *bench) { f(b.text(3)) }, "bool[3]")
	}
	for name, f := range map[string]func(*node) *node{
		"ELU": func(x *node) *node { return graph.ELU(x, 1) }, "CELU": func(x *node) *node { return graph.CELU(x, 1) },
		"ThresholdedRelu": func(x *node) *node { return graph.ThresholdedRelu(x, 1) }, "HardShrink": func(x *node) *node { return graph.HardShrink(x, 1) },
		"SoftShrink": func(x *node) *node { return graph.SoftShrink(x, 1) }, "L1Norm": func(x *node) *node { return graph.L1Norm(x) },
		"L2Norm": func(x *node) *node { return graph.L2Norm(x) }, "LogSumExp": func(x *node) *node { return graph.LogSumExp(x) },
		"Normalize": func(x *node) *node { return graph.Normalize(x, 0, 1e-5) }, "PReLU": func(x *node) *node { return graph.PReLU(x, x) },
		"QuantizeLinear":   func(x *node) *node { return graph.QuantizeLinear(x, graph.Affine{Scale: 1}) },
		"DequantizeLinear": func(x *node) *node { return graph.DequantizeLinear(x, graph.Affine{Scale: 1}) },
		"FakeQuantize":     func(x *node) *node { return graph.FakeQuantize(x, x, x) },
	} {
		mistakes[name] = mistake{func(b *bench) { f(b.text(3)) }, []string{"bool[3]"}, f}
	}
	addRows(mistakes, map[string]mistake{
		"FakeQuantizeWeight": wrong(func(b *bench) { graph.FakeQuantizeWeight(b.text(3, 2)) }, "bool[3 2]"),
		"AdaptiveAvgPool2D":  wrong(func(b *bench) { graph.AdaptiveAvgPool2D(b.f(2, 3), 1, 1) }, "AdaptiveAvgPool2D(float32[2 3])"),
		"AdaptiveAvgPool1D":  wrong(func(b *bench) { graph.AdaptiveAvgPool1D(b.f(2, 3), 1) }, "AdaptiveAvgPool", "float32[2 3"),
		"Attention":          wrong(func(b *bench) { graph.Attention(b.f(2, 3), b.f(2, 3), b.f(2, 3), graph.AttentionOptions{}) }, "Attention(float32[2 3], float32[2 3], float32[2 3])"),
		"AttentionFormula": wrong(func(b *bench) {
			graph.AttentionFormula(b.f(2, 4, 3, 8), b.f(2, 3, 3, 8), b.f(2, 3, 3, 8), graph.AttentionOptions{})
		}, "Attention(float32[2 4 3 8], float32[2 3 3 8], float32[2 3 3 8])", "3 heads of keys do not divide 4"),
		"Conv3D": wrong(func(b *bench) { graph.Conv3D(b.f(1, 2, 3, 4), b.f(1, 1, 1, 4, 2), nil, graph.Conv3DOptions{}) }, "Conv3D(float32[1 2 3 4]"),
		"ConvTranspose2D": wrong(func(b *bench) {
			graph.ConvTranspose2D(b.f(1, 4, 4, 3), b.f(2, 2, 2, 4), nil, graph.ConvTransposeOptions{})
		}, "ConvTranspose2D(float32[1 4 4 3], float32[2 2 2 4])", "channels"),
		"ConvTranspose1D": wrong(func(b *bench) { graph.ConvTranspose1D(b.f(1, 4), b.f(2, 2, 4), nil, graph.ConvTransposeOptions{}) }, "ConvTranspose1D(float32[1 4]"),
		"CTC":             wrong(func(b *bench) { graph.CTC(b.f(2, 3), b.ints(2, 2), b.ints(2), 0) }, "CTC(float32[2 3]"),
		"CumSum":          wrong(func(b *bench) { graph.CumSum(b.f(2, 3), 4, graph.CumSumOptions{}) }, "CumSum(float32[2 3])", "axis 4"),
		"Einsum":          wrong(func(b *bench) { graph.Einsum("ij,jk->ik", b.f(2, 3)) }, "Einsum(float32[2 3])", "2 terms"),
		"Flip":            wrong(func(b *bench) { graph.Flip(b.f(3), 2) }, "float32[3]", "axis 2"),
		"Roll":            wrong(func(b *bench) { graph.Roll(b.f(3), 2, 1) }, "float32[3]", "axis 2"),
		"Triu":            wrong(func(b *bench) { graph.Triu(b.f(3), 0) }, "Triu(float32[3])"),
		"Tril":            wrong(func(b *bench) { graph.Tril(b.f(3), 0) }, "Tril(float32[3])"),
		"GridSample":      wrong(func(b *bench) { graph.GridSample(b.f(1, 4, 4, 2), b.f(1, 3, 3, 3), graph.GridSampleOptions{}) }, "GridSample(float32[1 4 4 2], float32[1 3 3 3])"),
		"GridSample/wrap": wrong(func(b *bench) {
			graph.GridSample(b.f(1, 4, 4, 2), b.f(1, 3, 3, 2), graph.GridSampleOptions{Padding: graph.PadWrap})
		}, "GridSample(float32[1 4 4 2], float32[1 3 3 2])", "wrap"),
		"AffineGrid":   wrong(func(b *bench) { graph.AffineGrid(b.f(1, 3, 3), graph.Ints(2, 2), false) }, "AffineGrid(float32[1 3 3])"),
		"Det":          wrong(func(b *bench) { graph.Det(b.f(2, 3)) }, "Det(float32[2 3])"),
		"GroupNorm":    wrong(func(b *bench) { graph.GroupNorm(b.f(1, 4, 6), b.f(6), b.f(6), 4, 1e-5) }, "GroupNorm(float32[1 4 6]", "4"),
		"InstanceNorm": wrong(func(b *bench) { graph.InstanceNorm(b.f(6), b.f(6), b.f(6), 1e-5) }, "float32[6]"),
		"GRU":          wrong(func(b *bench) { graph.GRU(b.f(2, 3, 9), b.f(4, 12), nil, graph.GRUOptions{}) }, "GRU(float32[2 3 9], float32[4 12]"),
		"LSTM":         wrong(func(b *bench) { graph.LSTM(b.f(2, 3, 9), b.f(4, 16), nil, nil, graph.LSTMOptions{}) }, "LSTM(float32[2 3 9], float32[4 16]"),
		"FloorDiv":     wrongBinaryOf(graph.FloorDiv),
		"Insert":       wrong(func(b *bench) { graph.Insert(variable(4, 2), b.f(1, 3), b.ints(1), 0) }, "Insert(float32[4 2], float32[1 3], int64[1])", "axis 1"),
		"LinearInt8":   wrong(func(b *bench) { graph.LinearInt8(b.f(2, 3), nil, graph.Int8{Weight: tensor.New(tensor.Int8, 3, 2)}) }, "LinearInt8(float32[2 3])"),
		"Conv2DInt8": wrong(func(b *bench) {
			graph.Conv2DInt8(b.f(2, 3, 3, 1), nil, graph.ConvAttrs{}, graph.Int8{Weight: tensor.New(tensor.Int8, 1, 1, 1, 2)})
		}, "Conv2DInt8(float32[2 3 3 1])"),
		"Interpolate":       wrong(func(b *bench) { graph.Interpolate(b.f(2, 3), graph.InterpolateOptions{}, graph.Const(2)) }, "Interpolate(float32[2 3])"),
		"LocalResponseNorm": wrong(func(b *bench) { graph.LocalResponseNorm(b.text(2, 3), graph.LocalResponseOptions{Size: 3}) }, "bool[2 3]"),
		"PadWith":           wrong(func(b *bench) { graph.PadWith(b.f(3), []int{3}, []int{0}, graph.PadReflect) }, "Pad", "float32[3]"),
		"PixelShuffle":      wrong(func(b *bench) { graph.PixelShuffle(b.f(1, 2, 2, 3), 2) }, "PixelShuffle(float32[1 2 2 3])"),
		"DepthToSpace":      wrong(func(b *bench) { graph.DepthToSpace(b.f(1, 2, 2, 3), 2) }, "DepthToSpace(float32[1 2 2 3])"),
		"PixelUnshuffle":    wrong(func(b *bench) { graph.PixelUnshuffle(b.f(1, 3, 2, 3), 2) }, "PixelUnshuffle(float32[1 3 2 3])"),
		"SpaceToDepth":      wrong(func(b *bench) { graph.SpaceToDepth(b.f(1, 3, 2, 3), 2) }, "SpaceToDepth(float32[1 3 2 3])"),
		"MaxPool1D":         wrong(func(b *bench) { graph.MaxPool1D(b.f(2, 3), graph.PoolOptions{Size: 2}) }, "MaxPool1D(float32[2 3])"),
		"AvgPool1D":         wrong(func(b *bench) { graph.AvgPool1D(b.f(2, 3), graph.PoolOptions{Size: 2}) }, "AvgPool1D(float32[2 3])"),
		"MaxPool3D":         wrong(func(b *bench) { graph.MaxPool3D(b.f(2, 3), graph.Pool3DOptions{Size: 2}) }, "MaxPool3D(float32[2 3])"),
		"AvgPool3D":         wrong(func(b *bench) { graph.AvgPool3D(b.f(2, 3), graph.Pool3DOptions{Size: 2}) }, "AvgPool3D(float32[2 3])"),
		"LpPool2D":          wrong(func(b *bench) { graph.LpPool2D(b.f(2, 3), 2, graph.PoolOptions{Size: 2}) }, "float32[2 3]"),
		"GLU":               wrong(func(b *bench) { graph.GLU(b.f(2, 3), 1) }, "GLU(float32[2 3])"),
		"Repeat":            wrong(func(b *bench) { graph.Repeat(b.f(2, 3), 2, 2) }, "float32[2 3]", "axis 2"),
		"Tile":              wrong(func(b *bench) { graph.Tile(b.f(2, 3), 2) }, "Tile(float32[2 3])"),
		"Stack":             wrong(func(b *bench) { graph.Stack(0, b.f(2), b.f(3)) }, "float32[1 2]", "float32[1 3]"),
		"Rotary":            wrong(func(b *bench) { graph.Rotary(b.f(2, 3), b.ints(3), graph.RotaryOptions{}) }, "Rotary(float32[2 3], int64[3])"),
		"GatherElements":    wrong(func(b *bench) { graph.GatherElements(b.f(2, 3), b.ints(2), 0) }, "GatherElements(float32[2 3], int64[2])", "as many axes"),
		"GatherND":          wrong(func(b *bench) { graph.GatherND(b.f(2, 3), b.ints(2, 3), 0) }, "GatherND(float32[2 3], int64[2 3])", "1 to 2 positions"),
		"ScatterElements":   wrong(func(b *bench) { graph.ScatterElements(b.f(2, 3), b.ints(2, 1), b.f(2, 2), 0, false) }, "ScatterElements(float32[2 3], int64[2 1], float32[2 2])", "one shape"),
		"ScatterND":         wrong(func(b *bench) { graph.ScatterND(b.f(2, 3), b.ints(2, 3), b.f(2), false) }, "ScatterND(float32[2 3], int64[2 3])", "1 to 2 positions"),
		"ScatterAdd":        wrong(func(b *bench) { graph.ScatterAdd(b.ints(2), b.f(3, 4), graph.Ints(5, 4)...) }, "ScatterAdd(int64[2], float32[3 4])"),
		"Narrow":            wrong(func(b *bench) { graph.Narrow(b.f(3), 0, graph.Const(2), graph.Const(2)) }, "Narrow(float32[3])", "outside of axis 0"),
		"TopK":              wrong(func(b *bench) { graph.TopK(b.f(3), graph.Const(4), 0, false) }, "TopK(float32[3])", "no 4 elements"),
		"Sort":              wrong(func(b *bench) { graph.Sort(b.text(3), 0, false) }, "TopK(bool[3])", "float32 or int64"),
		"Rewrite": wrong(func(b *bench) {
			graph.Rewrite(func(n *node, in []*node) *node { return nil }, nil)
		}, "Rewrite"),
	})
}

func wrongBinaryOf(f func(a, c *node) *node) mistake {
	return wrong(func(b *bench) { f(b.f("N", 3), b.f("N", 4)) }, "float32[N 3]", "float32[N 4]", "broadcast")
}
