package onnx

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["Conv"] = liftConv
	lifters["MaxPool"] = func(c *lifting) error { return liftPool(c, true) }
	lifters["AveragePool"] = func(c *lifting) error { return liftPool(c, false) }
	lifters["GlobalAveragePool"] = func(c *lifting) error { return liftGlobalPool(c, graph.MeanKeep) }
	lifters["GlobalMaxPool"] = func(c *lifting) error { return liftGlobalPool(c, graph.ReduceMaxKeep) }
	lifters["BatchNormalization"] = liftBatchNorm
	lifters["LayerNormalization"] = liftLayerNorm
}

// flatImage views [N,C,L] as an image [N,1,L,C].
func (c *lifting) flatImage(v *lifted) *graph.Node {
	return graph.Unsqueeze(graph.Transpose(c.node(v), 0, 2, 1), 1)
}

func unflatten(y *graph.Node) *graph.Node { return graph.Transpose(graph.Squeeze(y, 1), 0, 2, 1) }

// windows resolves the geometry of one to three spatial axes. pool says that
// windows may reach behind the input, where nothing counts.
func (c *lifting) windows(size []int, pool bool) ([]axisWindow, error) {
	shape := c.in[0].shape()
	if len(shape) != len(size)+2 || len(size) < 1 || len(size) > 3 {
		return nil, noForm("a window %v over %v", size, shape)
	}
	attrs := readWindow(c.call)
	if c.call.err != nil {
		return nil, c.call.err
	}
	spatial, ok := shape[2:].Known()
	if !ok { // a length that gives the same padding as all that the attributes allow
		strided := slices.ContainsFunc(attrs.strides, func(s int64) bool { return s != 1 })
		if strided && (attrs.ceil || attrs.autoPad == "SAME_UPPER" || attrs.autoPad == "SAME_LOWER") {
			return nil, noForm("its padding depends on sizes, which must be fixed")
		}
		spatial = slices.Repeat([]int{1 << 20}, len(size))
	}
	axes, err := attrs.resolve(spatial, size)
	if err != nil {
		return nil, err
	}
	for i := range axes { // ceil_mode: padding that makes the last window whole
		a := &axes[i]
		need := (a.out-1)*a.stride + a.dilation*(a.size-1) + 1
		if extra := need - a.in - a.before - a.after; extra > 0 && ok {
			if a.after += extra; !pool || a.after >= a.size {
				return nil, errLift
			}
		}
	}
	return axes, nil
}

// flat is the window of one row.
var flat = axisWindow{size: 1, stride: 1, dilation: 1}

func liftConv(c *lifting) error {
	kernel, ok := c.in[1].shape().Known()
	if !ok || len(kernel) < 3 {
		return errLift
	}
	axes, err := c.windows(kernel[2:], false)
	if err != nil {
		return err
	}
	var bias *graph.Node
	if c.has(2) {
		bias = c.arg(2)
	}
	groups := int(c.call.int("group", 1))
	switch len(axes) {
	case 1:
		w := graph.Unsqueeze(graph.Transpose(c.arg(1), 2, 1, 0), 0)
		return c.set(unflatten(graph.Conv2D(c.flatImage(c.in[0]), w, bias, convOptions(flat, axes[0], groups))))
	case 3:
		return c.conv3D(axes, bias, groups)
	}
	var weights *graph.Node
	if t := c.in[1].fixed; t != nil {
		if t, err = transpose(t, []int64{2, 3, 1, 0}); err != nil {
			return err
		}
		weights = c.g.Const(t)
	} else {
		weights = graph.Transpose(c.arg(1), 2, 3, 1, 0)
	}
	return c.setLast(graph.Conv2D(c.channelsLast(c.in[0]), weights, bias, convOptions(axes[0], axes[1], groups)))
}

func convOptions(h, w axisWindow, groups int) graph.ConvOptions {
	return graph.ConvOptions{Strides: [2]int{h.stride, w.stride}, Dilations: [2]int{h.dilation, w.dilation},
		Pads: [4]int{h.before, h.after, w.before, w.after}, Groups: groups}
}

// conv3D sums, over the depth of the kernel, convolutions of the planes.
func (c *lifting) conv3D(axes []axisWindow, bias *graph.Node, groups int) error {
	d := axes[0]
	x := graph.Transpose(c.arg(0), 0, 2, 3, 4, 1)
	x = graph.Pad(x, []int{0, d.before, 0, 0, 0}, []int{0, d.after, 0, 0, 0}, 0)
	w := graph.Transpose(c.arg(1), 2, 3, 4, 1, 0)
	depth := x.Dim(1).AddInt(-d.dilation*(d.size-1) - 1).Div(graph.Const(d.stride)).AddInt(1)
	var sum *graph.Node
	for k := range d.size {
		span := depth.AddInt(-1).MulInt(d.stride).AddInt(1)
		part := graph.Stride(graph.Narrow(x, 1, graph.Const(k*d.dilation), span), 1, 0, d.stride)
		planes := graph.Reshape(part, part.Dim(0).Mul(depth), part.Dim(2), part.Dim(3), part.Dim(4))
		y := graph.Conv2D(planes, graph.Squeeze(graph.Slice(w, 0, k, k+1), 0), nil, convOptions(axes[1], axes[2], groups))
		if sum == nil {
			sum = y
		} else {
			sum = graph.Add(sum, y)
		}
	}
	if bias != nil {
		sum = graph.Add(sum, bias)
	}
	y := graph.Reshape(sum, x.Dim(0), depth, sum.Dim(1), sum.Dim(2), sum.Dim(3))
	return c.set(graph.Transpose(y, 0, 4, 1, 2, 3))
}

func liftPool(c *lifting, maximum bool) error {
	if len(c.st.outs) > 1 && c.st.outs[1] >= 0 {
		if !c.train {
			return errLift // the host is faster
		}
		return c.indexedMaxPool()
	}
	same := func(x *graph.Node) *graph.Node { return x }
	if maximum {
		return c.pool(graph.MaxPool2D, same, same, true)
	}
	whole := c.call.flag("count_include_pad", false)
	return c.pool(func(x *graph.Node, o graph.PoolOptions) *graph.Node {
		o.CountPad = whole
		return graph.AvgPool2D(x, o)
	}, same, same, !whole)
}

// pool applies f to windows of one to three axes, with before and after around it.
func (c *lifting) pool(f func(*graph.Node, graph.PoolOptions) *graph.Node, before, after func(*graph.Node) *graph.Node, beyond bool) error {
	axes, err := c.windows(convert[int](c.call.ints("kernel_shape")), beyond)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(axes, func(a axisWindow) bool { return a.dilation != 1 }) {
		if c.call.node.OpType != "MaxPool" {
			return noForm("a dilated pooling")
		}
		return c.dilatedMaxPool(axes)
	}
	over := func(x *graph.Node, h, w axisWindow) *graph.Node {
		return f(x, graph.PoolOptions{Sizes: [2]int{h.size, w.size}, Strides: [2]int{h.stride, w.stride}, Pads: [4]int{h.before, h.after, w.before, w.after}})
	}
	switch len(axes) {
	case 1:
		return c.set(unflatten(after(over(before(c.flatImage(c.in[0])), flat, axes[0]))))
	case 2:
		return c.setLast(after(over(before(c.channelsLast(c.in[0])), axes[0], axes[1])))
	}
	// Maxima and means separate: planes first, then depth.
	x := before(graph.Transpose(c.arg(0), 0, 2, 3, 4, 1))
	n, d, ch := x.Dim(0), x.Dim(1), x.Dim(4)
	y := over(graph.Reshape(x, n.Mul(d), x.Dim(2), x.Dim(3), ch), axes[1], axes[2])
	h, w := y.Dim(1), y.Dim(2)
	y = over(graph.Reshape(y, n, d, h.Mul(w), ch), axes[0], flat)
	return c.set(graph.Transpose(after(graph.Reshape(y, n, y.Dim(1), h, w, ch)), 0, 4, 1, 2, 3))
}

// dilatedMaxPool takes the maximum of the input as each tap of the window sees it.
func (c *lifting) dilatedMaxPool(axes []axisWindow) error {
	x := c.arg(0)
	for i, a := range axes {
		before, after := make([]int, x.Rank()), make([]int, x.Rank())
		before[2+i], after[2+i] = a.before, a.after
		if a.before > 0 || a.after > 0 {
			x = graph.Pad(x, before, after, math.Inf(-1))
		}
		out := x.Dim(2 + i).AddInt(-a.dilation*(a.size-1) - 1).Div(graph.Const(a.stride)).AddInt(1)
		var most *graph.Node
		for k := range a.size {
			tap := graph.Narrow(x, 2+i, graph.Const(k*a.dilation), out.AddInt(-1).MulInt(a.stride).AddInt(1))
			if a.stride > 1 {
				tap = graph.Stride(tap, 2+i, 0, a.stride)
			}
			if most == nil {
				most = tap
			} else {
				most = graph.Max(most, tap)
			}
		}
		x = most
	}
	return c.set(x)
}

func liftGlobalPool(c *lifting, f func(*graph.Node, ...int) *graph.Node) error {
	if c.in[0].rank() != 4 {
		x := c.arg(0)
		return c.set(f(x, from(2, x.Rank())...))
	}
	return c.setLast(f(c.channelsLast(c.in[0]), 1, 2))
}

func liftBatchNorm(c *lifting) error {
	if c.call.trainsBatchNorm() && !c.train || c.call.version < 9 && !c.call.flag("spatial", true) {
		return errLift
	}
	if c.call.trainsBatchNorm() && slices.ContainsFunc(c.st.outs[1:], func(o int) bool { return o >= 0 }) {
		return c.batchStatistics()
	}
	if c.in[1].fixed == nil || c.in[2].fixed == nil || c.in[3].fixed == nil || c.in[4].fixed == nil {
		return c.trainedBatchNorm()
	}
	var v [4][]float32
	for i := range v {
		if t := c.in[1+i].fixed; t.DType() == tensor.Float32 {
			v[i] = t.Float32s()
		} else {
			return errLift
		}
	}
	for i := range v {
		if len(v[i]) != len(v[0]) {
			return errLift
		}
	}
	scale, shift := batchNormAffine(v[0], v[1], v[2], v[3], c.call.float("epsilon", 1e-5))
	s, t := tensor.Of(scale, len(scale)), tensor.Of(shift, len(shift))
	rank := c.in[0].rank()
	if rank == 4 {
		return c.setLast(graph.Add(graph.Mul(c.channelsLast(c.in[0]), c.g.Const(s)), c.g.Const(t)))
	}
	for range rank - 2 {
		s, t = s.Reshape(append(s.Shape(), 1)...), t.Reshape(append(t.Shape(), 1)...)
	}
	return c.set(graph.Add(graph.Mul(c.arg(0), c.g.Const(s)), c.g.Const(t)))
}

// trainedBatchNorm normalises with parameters that are nodes. Statistics that are
// variables move in a training graph, as ONNX's momentum says.
func (c *lifting) trainedBatchNorm() error {
	gamma, beta, eps := c.arg(1), c.arg(2), c.call.float("epsilon", 1e-5)
	normalise := func(x *graph.Node) *graph.Node {
		mean, ok := c.in[3].variable()
		variance, ok2 := c.in[4].variable()
		if ok && ok2 && !c.freeze {
			return graph.BatchNorm(x, gamma, beta, mean, variance, graph.BatchNormOptions{Eps: eps, Momentum: 1 - c.call.float("momentum", 0.9)})
		}
		scale := graph.Mul(gamma, graph.Rsqrt(graph.AddScalar(c.arg(4), eps)))
		return graph.Add(graph.Mul(graph.Sub(x, c.arg(3)), scale), beta)
	}
	if c.in[0].rank() == 4 {
		return c.setLast(normalise(c.channelsLast(c.in[0])))
	}
	return c.set(channelsAtEnd(c.arg(0), normalise))
}

// variable returns the variable that v reads, if it is one.
func (v *lifted) variable() (*graph.Variable, bool) {
	if v.plain == nil {
		return nil, false
	}
	a, ok := v.plain.Op().Attrs.(graph.VarAttrs)
	return a.Variable, ok
}

// channelsAtEnd applies f to x [N,C,...] with the channels as the last axis.
func channelsAtEnd(x *graph.Node, f func(*graph.Node) *graph.Node) *graph.Node {
	rank := x.Rank()
	if rank < 3 {
		return f(x)
	}
	there, back := []int{0}, []int{0, rank - 1}
	for i := 2; i < rank; i++ {
		there, back = append(there, i), append(back, i-1)
	}
	return graph.Transpose(f(graph.Transpose(x, append(there, 1)...)), back...)
}

func liftLayerNorm(c *lifting) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", -1), x.Rank())
	if err != nil {
		return err
	}
	flat := graph.Flatten(x, axis)
	eps := c.call.float("epsilon", 1e-5)
	scale := graph.Reshape(c.arg(1), graph.Const(-1))
	bias := graph.Fill(c.g, 0, scale.Shape()...)
	if c.has(2) {
		bias = graph.Reshape(c.arg(2), graph.Const(-1))
	}
	if len(c.st.outs) > 1 { // the statistics, with the normalised axes of length 1
		axes := from(axis, x.Rank())
		mean := graph.MeanKeep(x, axes...)
		variance := graph.MeanKeep(graph.Square(graph.Sub(x, mean)), axes...)
		if err := c.putAll([]*lifted{nil, {plain: mean}, {plain: graph.Rsqrt(graph.AddScalar(variance, eps))}}[:len(c.st.outs)]); err != nil {
			return err
		}
	}
	return c.put(0, &lifted{plain: graph.Reshape(graph.LayerNorm(flat, scale, bias, eps), x.Shape()...)})
}
