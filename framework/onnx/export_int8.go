package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Integer operators are written as float ones between DequantizeLinear and
// QuantizeLinear, which runtimes fuse again; weights stay int8 and biases int32.

// affineArgs are the scale and zero point of a tensor.
func (b *Builder) affineArgs(a graph.Affine) []string {
	return []string{b.Float(a.Scale), b.Const(tensor.Scalar(a.Zero))}
}

func exportAffine(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.AffineAttrs).Affine, n.Inputs()[0]
	op, args := n.Op().Name, x.b.affineArgs(a)
	if x.isImage(in) {
		x.first[n] = x.b.Op(op, nil, x.channelsFirst(in), args[0], args[1])
		return nil
	}
	return x.set(n, x.b.Op(op, nil, x.plain(in), args[0], args[1]))
}

// dequantised is the float form of constants q along axis.
func (b *Builder) dequantised(q *tensor.Tensor, scales []float32, axis int) string {
	return b.Op("DequantizeLinear", Attrs{"axis": axis}, b.Const(q), b.Const(tensor.Of(scales, len(scales))))
}

// int8Operands are the float forms of x, the weights, in the layout of ONNX with
// output channels along axis, and the bias.
func (x *exporter) int8Operands(in string, q graph.Int8, w *tensor.Tensor, axis int) []string {
	args := x.b.affineArgs(q.X)
	units := make([]float32, len(q.Scales))
	for k, s := range q.Scales {
		units[k] = q.X.Scale * s
	}
	return []string{x.b.Op("DequantizeLinear", nil, in, args[0], args[1]), x.b.dequantised(w, q.Scales, axis),
		x.b.dequantised(tensor.Of(q.Bias, len(q.Bias)), units, 0)}
}

// epilogue adds what follows the product of n: the operand add, if there is one,
// ReLU and rounding.
func (x *exporter) epilogue(n *graph.Node, y, add string, q graph.Int8) string {
	b := x.b
	if len(n.Inputs()) > 1 {
		if n.Inputs()[1].DType() == tensor.Uint8 {
			args := b.affineArgs(q.Add)
			add = b.Op("DequantizeLinear", nil, add, args[0], args[1])
		}
		y = b.Op("Add", nil, y, add)
	}
	if q.Relu {
		y = b.Op("Relu", nil, y)
	}
	if q.Out != nil {
		args := b.affineArgs(*q.Out)
		y = b.Op("QuantizeLinear", nil, y, args[0], args[1])
	}
	return y
}

func exportLinearInt8(x *exporter, n *graph.Node) error {
	q, in := n.Op().Attrs.(graph.LinearInt8Attrs).Int8, n.Inputs()[0]
	args, add := x.int8Operands(x.plain(in), q, q.Weight, 1), ""
	if len(n.Inputs()) > 1 {
		add = x.plain(n.Inputs()[1])
	}
	if in.Rank() == 2 {
		return x.set(n, x.epilogue(n, x.b.Op("Gemm", nil, args...), add, q))
	}
	return x.set(n, x.epilogue(n, x.b.Op("Add", nil, x.b.Op("MatMul", nil, args[:2]...), args[2]), add, q))
}

func exportConvInt8(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.ConvInt8Attrs)
	w, err := transpose(a.Int8.Weight, []int64{3, 2, 0, 1})
	if err != nil {
		return x.fail(n, "%v", err)
	}
	attrs := windowOf(a.Conv.Window)
	attrs["group"] = a.Conv.Groups
	args, add := x.int8Operands(x.channelsFirst(n.Inputs()[0]), a.Int8, w, 0), ""
	if len(n.Inputs()) > 1 {
		add = x.channelsFirst(n.Inputs()[1])
	}
	x.first[n] = x.epilogue(n, x.b.Op("Conv", attrs, args...), add, a.Int8)
	return nil
}
