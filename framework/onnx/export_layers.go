package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func windowOf(w graph.Window) Attrs {
	return Attrs{
		"kernel_shape": w.Size[:], "strides": w.Stride[:], "dilations": w.Dilation[:],
		"pads": []int{w.Pad[0], w.Pad[2], w.Pad[1], w.Pad[3]}, // top, left, bottom, right
	}
}

// exportConv brings constant weights [KH,KW,C/g,K] to [K,C/g,KH,KW] at once.
func exportConv(x *exporter, n *graph.Node) error {
	return x.conv(n, n, nil, nil)
}

// conv exports the convolution c as the value of n, its filters scaled and
// shifted when those are given.
func (x *exporter) conv(n, c *graph.Node, scale, shift []float32) error {
	a, in := c.Op().Attrs.(graph.ConvAttrs), c.Inputs()
	attrs := windowOf(a.Window)
	attrs["group"] = a.Groups
	args := []string{x.channelsFirst(in[0])}
	w := constant(in[1])
	if w == nil {
		args = append(args, x.b.Op("Transpose", Attrs{"perm": []int{3, 2, 0, 1}}, x.plain(in[1])))
	} else {
		w, err := transpose(w, []int64{3, 2, 0, 1})
		if err != nil {
			return x.fail(n, "%v", err)
		}
		if scale != nil {
			each := w.Len() / len(scale)
			for i := range w.Float32s() {
				w.Float32s()[i] *= scale[i/each]
			}
		}
		args = append(args, x.b.Const(w))
	}
	switch {
	case shift != nil:
		bias := slices.Clone(shift)
		if len(in) > 2 {
			for i, v := range constant(in[2]).Float32s() {
				bias[i] += v * scale[i]
			}
		}
		args = append(args, x.b.Const(tensor.Of(bias, len(bias))))
	case len(in) > 2:
		args = append(args, x.plain(in[2]))
	}
	x.first[n] = x.b.Op("Conv", attrs, args...)
	return nil
}

func exportPool(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.PoolAttrs)
	attrs := windowOf(a.Window)
	op := "MaxPool"
	if n.Op().Name == "AvgPool2D" {
		op = "AveragePool"
		attrs["count_include_pad"] = a.CountPad
	}
	x.first[n] = x.b.Op(op, attrs, x.channelsFirst(n.Inputs()[0]))
	return nil
}

// exportBatchNorm folds into the convolution before it when nothing else reads
// that, else becomes BatchNormalization (images) or x·scale + shift.
func exportBatchNorm(x *exporter, n *graph.Node) error {
	in := n.Inputs()
	var v [4][]float32
	for i := range v {
		t := constant(in[1+i])
		if t == nil {
			return x.fail(n, "its parameters are not constant")
		}
		v[i] = t.Float32s()
	}
	scale, shift := batchNormAffine(v[0], v[1], v[2], v[3], n.Op().Attrs.(graph.BatchNormAttrs).Eps)
	if x.foldable(in[0]) {
		return x.conv(n, in[0], scale, shift)
	}
	s, t := tensor.Of(scale, len(scale)), tensor.Of(shift, len(shift))
	if x.isImage(in[0]) {
		s, t = s.Reshape(len(scale), 1, 1), t.Reshape(len(shift), 1, 1)
		x.first[n] = x.b.Op("Add", nil, x.b.Op("Mul", nil, x.channelsFirst(in[0]), x.b.Const(s)), x.b.Const(t))
		return nil
	}
	return x.set(n, x.b.Op("Add", nil, x.b.Op("Mul", nil, x.plain(in[0]), x.b.Const(s)), x.b.Const(t)))
}

// foldable reports whether c is a convolution of constants that only one node reads.
func (x *exporter) foldable(c *graph.Node) bool {
	if c.Op().Name != "Conv2D" || x.uses[c] != 1 {
		return false
	}
	return !slices.ContainsFunc(c.Inputs()[1:], func(n *graph.Node) bool { return constant(n) == nil })
}

func exportLayerNorm(x *exporter, n *graph.Node) error {
	in := n.Inputs()
	attrs := Attrs{"axis": -1, "epsilon": n.Op().Attrs.(graph.NormAttrs).Eps}
	return x.set(n, x.b.Op("LayerNormalization", attrs, x.plain(in[0]), x.plain(in[1]), x.plain(in[2])))
}

// exportAttention spells the operator out: readers of operator sets before 23
// know no attention.
func exportAttention(x *exporter, n *graph.Node) error {
	in, a := n.Inputs(), n.Op().Attrs.(graph.AttentionAttrs)
	y := graph.AttentionFormula(in[0], in[1], in[2], graph.AttentionOptions{Scale: a.Scale, Causal: a.Causal, TimeFirst: a.TimeFirst})
	for _, m := range x.reach([]*graph.Node{y}) {
		if err := x.node(m); err != nil {
			return err
		}
	}
	return x.set(n, x.plain(y))
}

func exportRMSNorm(x *exporter, n *graph.Node) error {
	b, v := x.b, x.plain(n.Inputs()[0])
	mean := b.Op("ReduceMean", nil, b.Op("Mul", nil, v, v), b.Ints(-1))
	root := b.Op("Sqrt", nil, b.Op("Add", nil, mean, b.Float(n.Op().Attrs.(graph.NormAttrs).Eps)))
	return x.set(n, b.Op("Mul", nil, b.Op("Div", nil, v, root), x.plain(n.Inputs()[1])))
}

func exportLinear(x *exporter, n *graph.Node) error {
	in := n.Inputs()
	args := []string{x.plain(in[0]), x.plain(in[1])}
	if in[0].Rank() == 2 {
		for _, m := range in[2:] {
			args = append(args, x.plain(m))
		}
		return x.set(n, x.b.Op("Gemm", nil, args...))
	}
	y := x.b.Op("MatMul", nil, args...)
	if len(in) > 2 {
		y = x.b.Op("Add", nil, y, x.plain(in[2]))
	}
	return x.set(n, y)
}

func exportMatMul(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.MatMulAttrs), n.Inputs()
	left, right := x.plain(in[0]), x.plain(in[1])
	if in[0].Rank() == 2 && in[1].Rank() == 2 {
		return x.set(n, x.b.Op("Gemm", Attrs{"transA": a.TransA, "transB": a.TransB}, left, right))
	}
	if a.TransA {
		left = x.swapLast(left, in[0].Rank())
	}
	if a.TransB {
		right = x.swapLast(right, in[1].Rank())
	}
	return x.set(n, x.b.Op("MatMul", nil, left, right))
}

func (x *exporter) swapLast(v string, rank int) string {
	perm := make([]int, rank)
	for i := range perm {
		perm[i] = i
	}
	perm[rank-2], perm[rank-1] = rank-1, rank-2
	return x.b.Op("Transpose", Attrs{"perm": perm}, v)
}

func exportConvTranspose(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.ConvTransposeAttrs), n.Inputs()
	attrs := windowOf(a.Window)
	attrs["group"], attrs["output_padding"] = a.Groups, slices.Clone(a.OutPad[:])
	var w string
	if t := constant(in[1]); t != nil {
		t, err := transpose(t, []int64{3, 2, 0, 1})
		if err != nil {
			return x.fail(n, "%v", err)
		}
		w = x.b.Const(t)
	} else {
		w = x.transposed(x.plain(in[1]), []int{3, 2, 0, 1})
	}
	x.first[n] = x.b.Op("ConvTranspose", attrs, x.channelsFirst(in[0]), w)
	return nil
}
