package chip

import "slices"

func (c checker) gemm(op *Gemm) {
	c.count(2+btoi(op.Bias), 1)
	c.factors()
	a, b, out := c.ins[0], c.ins[1], c.outs[0]
	c.rank(a, 2)
	c.rank(b, 2)
	c.rank(out, 2)
	m, k := lastTwo(a, op.TransA)
	kb, n := lastTwo(b, op.TransB)
	mo, no := lastTwo(out, false)
	c.need(k == kb && m == mo && n == no, "%v times %v does not give %v (transA=%v transB=%v)", a, b, out, op.TransA, op.TransB)
	ba, bb, bo := batch(a), batch(b), batch(out)
	c.need(slices.Equal(ba, bo) && (len(bb) == 0 || slices.Equal(ba, bb)), "the batch axes of %v, %v and %v differ", a, b, out)
	if op.Bias {
		c.length("bias", c.ins[2], n)
	}
}

func batch(v Value) []int { return v.Shape[:len(v.Shape)-2] }

func lastTwo(v Value, swap bool) (rows, cols int) {
	rows, cols = v.Shape[len(v.Shape)-2], v.Shape[len(v.Shape)-1]
	if swap {
		return cols, rows
	}
	return rows, cols
}

func (c checker) conv(g Window, groups int, x, w, y Value) {
	c.need(len(w.Shape) == 4, "weights %v should have four axes", w)
	c.windowGeometry(g, x, y)
	c.need(groups >= 1, "groups is %d", groups)
	ch, k := x.Shape[3], y.Shape[3]
	c.need(ch%groups == 0 && k%groups == 0, "%d and %d channels are not multiples of %d groups", ch, k, groups)
	want := []int{g.KH, g.KW, ch / groups, k}
	c.need(slices.Equal(w.Shape, want), "weights %v should be %v", w, want)
}

// window checks pooling, where channels stay.
func (c checker) window(g Window, x, y Value) {
	c.windowGeometry(g, x, y)
	c.need(x.Shape[3] == y.Shape[3], "channels of %v and %v differ", x, y)
}

func (c checker) windowGeometry(g Window, x, y Value) {
	c.need(len(x.Shape) == 4 && len(y.Shape) == 4, "images %v and %v should have four axes", x, y)
	c.need(g.KH > 0 && g.KW > 0 && g.StrideH > 0 && g.StrideW > 0 && g.DilationH > 0 && g.DilationW > 0, "sizes, strides and dilations must be positive: %+v", g)
	c.need(g.PadTop >= 0 && g.PadBottom >= 0 && g.PadLeft >= 0 && g.PadRight >= 0, "negative padding: %+v", g)
	h, w := x.Shape[1]+g.PadTop+g.PadBottom, x.Shape[2]+g.PadLeft+g.PadRight
	c.need(h > g.DilationH*(g.KH-1) && w > g.DilationW*(g.KW-1), "the window %+v is larger than the padded image %v", g, x)
	oh, ow := g.Out(x.Shape[1], x.Shape[2])
	c.need(x.Shape[0] == y.Shape[0] && y.Shape[1] == oh && y.Shape[2] == ow, "%v should be [%d %d %d ...]", y, x.Shape[0], oh, ow)
}

func (c checker) maxPool(op *MaxPool) {
	c.need(len(c.ins) == 1 && (len(c.outs) == 1 || len(c.outs) == 2), "wants one argument and one or two outputs")
	c.dtype(Float32, c.ins[0], c.outs[0])
	c.window(op.Window, c.ins[0], c.outs[0])
	if len(c.outs) == 2 {
		c.dtype(Int32, c.outs[1])
		c.same("index", c.outs[1], c.outs[0])
	}
}

func (c checker) crossEntropy() {
	c.count(2, 2)
	c.dtype(Float32, c.ins[0], c.outs[0], c.outs[1])
	c.dtype(Int64, c.ins[1])
	c.need(len(c.ins[0].Shape) == 2, "logits %v should have two axes", c.ins[0])
	c.length("label", c.ins[1], c.ins[0].Shape[0])
	c.length("loss", c.outs[0], c.ins[0].Shape[0])
	c.same("softmax", c.outs[1], c.ins[0])
}

func (c checker) crossEntropyGrad() {
	c.count(3, 1)
	c.dtype(Float32, c.ins[0], c.ins[2], c.outs[0])
	c.dtype(Int64, c.ins[1])
	c.need(len(c.ins[0].Shape) == 2, "softmax %v should have two axes", c.ins[0])
	c.length("label", c.ins[1], c.ins[0].Shape[0])
	c.length("dloss", c.ins[2], c.ins[0].Shape[0])
	c.same("output", c.outs[0], c.ins[0])
}

func (c checker) layerNorm(op *LayerNorm) {
	c.count(3-btoi(op.RMS), 3)
	c.floats()
	x := c.ins[0]
	c.rank(x, 1)
	c.vectors(x, c.ins[1:])
	c.same("y", c.outs[0], x)
	c.rows(x, c.outs[1], c.outs[2])
}

func (c checker) layerNormGrad(op *LayerNormGrad) {
	c.count(5, 3-btoi(op.RMS))
	c.floats()
	x := c.ins[0]
	c.rank(x, 1)
	c.vectors(x, append(slices.Clone(c.ins[1:2]), c.outs[1:]...))
	c.rows(x, c.ins[2], c.ins[3])
	c.same("dy", c.ins[4], x)
	c.same("dx", c.outs[0], x)
}

// rows checks values with one element for each row of x.
func (c checker) rows(x Value, vs ...Value) {
	n := Value{Shape: x.Shape[:len(x.Shape)-1]}.Len()
	for _, v := range vs {
		c.length("statistic", v, n)
	}
}
