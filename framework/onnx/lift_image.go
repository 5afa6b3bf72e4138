package onnx

import (
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

// window resolves the geometry for an image of two spatial axes. pool says that
// windows may reach behind the input, where nothing counts.
func (c *lifting) window(size []int, pool bool) (h, w axisWindow, err error) {
	shape := c.in[0].shape()
	if len(shape) != 4 || len(size) != 2 {
		return h, w, errLift
	}
	attrs := readWindow(c.call)
	if c.call.err != nil {
		return h, w, c.call.err
	}
	spatial, ok := shape[2:].Known()
	if !ok { // a length that gives the same padding as all that the attributes allow
		strided := slices.ContainsFunc(attrs.strides, func(s int64) bool { return s != 1 })
		if strided && (attrs.ceil || attrs.autoPad == "SAME_UPPER" || attrs.autoPad == "SAME_LOWER") {
			return h, w, noForm("its padding depends on the height and width, which must be fixed")
		}
		spatial = []int{1 << 20, 1 << 20}
	}
	axes, err := attrs.resolve(spatial, size)
	if err != nil {
		return h, w, err
	}
	for i := range axes { // ceil_mode: padding that makes the last window whole
		a := &axes[i]
		need := (a.out-1)*a.stride + a.dilation*(a.size-1) + 1
		if extra := need - a.in - a.before - a.after; extra > 0 && ok {
			if a.after += extra; !pool || a.after >= a.size {
				return h, w, errLift
			}
		}
	}
	return axes[0], axes[1], nil
}

func liftConv(c *lifting) error {
	kernel, ok := c.in[1].shape().Known()
	if !ok || len(kernel) != 4 {
		return errLift
	}
	h, w, err := c.window(kernel[2:], false)
	if err != nil {
		return err
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
	var bias *graph.Node
	if c.has(2) {
		bias = c.arg(2)
	}
	return c.setLast(graph.Conv2D(c.channelsLast(c.in[0]), weights, bias, graph.ConvOptions{
		Strides: [2]int{h.stride, w.stride}, Dilations: [2]int{h.dilation, w.dilation},
		Pads: [4]int{h.before, h.after, w.before, w.after}, Groups: int(c.call.int("group", 1)),
	}))
}

func liftPool(c *lifting, maximum bool) error {
	whole := c.call.flag("count_include_pad", false) && !maximum
	h, w, err := c.window(convert[int](c.call.ints("kernel_shape")), !whole)
	if err != nil {
		return err
	}
	if h.dilation != 1 || w.dilation != 1 || len(c.st.outs) > 1 && c.st.outs[1] >= 0 {
		return errLift
	}
	o := graph.PoolOptions{
		Sizes: [2]int{h.size, w.size}, Strides: [2]int{h.stride, w.stride}, Pads: [4]int{h.before, h.after, w.before, w.after},
		CountPad: whole,
	}
	if maximum {
		return c.setLast(graph.MaxPool2D(c.channelsLast(c.in[0]), o))
	}
	return c.setLast(graph.AvgPool2D(c.channelsLast(c.in[0]), o))
}

func liftGlobalPool(c *lifting, f func(*graph.Node, ...int) *graph.Node) error {
	if c.in[0].rank() != 4 {
		return errLift
	}
	return c.setLast(f(c.channelsLast(c.in[0]), 1, 2))
}

func liftBatchNorm(c *lifting) error {
	if c.call.version < 9 && !c.call.flag("spatial", true) {
		return errLift
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
	scale := graph.Reshape(c.arg(1), graph.Const(-1))
	bias := graph.Fill(c.g, 0, scale.Shape()...)
	if c.has(2) {
		bias = graph.Reshape(c.arg(2), graph.Const(-1))
	}
	return c.set(graph.Reshape(graph.LayerNorm(flat, scale, bias, c.call.float("epsilon", 1e-5)), x.Shape()...))
}
