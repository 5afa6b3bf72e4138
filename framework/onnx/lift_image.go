package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["Conv"] = liftConv
	lifters["GlobalAveragePool"] = func(c *lifting) error { return liftGlobalPool(c, graph.MeanKeep) }
	lifters["GlobalMaxPool"] = func(c *lifting) error { return liftGlobalPool(c, graph.ReduceMaxKeep) }
	lifters["BatchNormalization"] = liftBatchNorm
	lifters["LayerNormalization"] = liftLayerNorm
}

// channelwise applies f to the first input with its channels as the last axis.
func (c *lifting) channelwise(f func(*graph.Node) *graph.Node) error {
	if c.in[0].rank() == 4 {
		return c.setLast(f(c.channelsLast(c.in[0])))
	}
	return c.set(channelsAtEnd(c.arg(0), f))
}

// filters returns input i, [K,C,...], as [...,C,K].
func (c *lifting) filters(i int) (*graph.Node, error) {
	perm := append(axesFrom(2, c.in[i].rank()), 1, 0)
	if t := c.in[i].fixed; t != nil { // turned once, here
		t, err := transpose(t, convert[int64](perm))
		if err != nil {
			return nil, err
		}
		return c.g.Const(t), nil
	}
	return graph.Transpose(c.arg(i), perm...), nil
}

// windows resolves the geometry of one to three spatial axes, and how far the last
// window reaches behind the padding for ceil_mode.
func (c *lifting) windows(size []int) (axes []axisWindow, beyond []int, err error) {
	shape := c.in[0].shape()
	if len(shape) != len(size)+2 || len(size) < 1 || len(size) > 3 {
		return nil, nil, noForm("a window %v over %v", size, shape)
	}
	attrs := readWindow(c.call)
	if c.call.err != nil {
		return nil, nil, c.call.err
	}
	spatial, ok := shape[2:].Known()
	if !ok { // a length that gives the same padding as all that the attributes allow
		strided := slices.ContainsFunc(attrs.strides, func(s int64) bool { return s != 1 })
		if strided && (attrs.ceil || attrs.autoPad == "SAME_UPPER" || attrs.autoPad == "SAME_LOWER") {
			return nil, nil, noForm("its padding depends on sizes, which must be fixed")
		}
		spatial = slices.Repeat([]int{1 << 20}, len(size))
	}
	if axes, err = attrs.resolve(spatial, size); err != nil {
		return nil, nil, err
	}
	beyond = make([]int, len(axes))
	for i, a := range axes {
		if need := (a.out-1)*a.stride + a.dilation*(a.size-1) + 1; ok {
			beyond[i] = max(0, need-a.in-a.before-a.after)
		}
	}
	return axes, beyond, nil
}

func liftConv(c *lifting) error {
	kernel, ok := c.in[1].shape().Known()
	if !ok || len(kernel) < 3 {
		return errLift
	}
	a, _, err := c.windows(kernel[2:])
	if err != nil {
		return err
	}
	w, err := c.filters(1)
	if err != nil {
		return err
	}
	var bias *graph.Node
	if c.has(2) {
		bias = c.arg(2)
	}
	groups := int(c.call.int("group", 1))
	return c.channelwise(func(x *graph.Node) *graph.Node {
		switch len(a) {
		case 1:
			return graph.Conv1D(x, w, bias, graph.ConvOptions{Stride: a[0].stride, Dilation: a[0].dilation, Pads: [4]int{2: a[0].before, 3: a[0].after}, Groups: groups})
		case 2:
			return graph.Conv2D(x, w, bias, graph.ConvOptions{Strides: [2]int{a[0].stride, a[1].stride}, Dilations: [2]int{a[0].dilation, a[1].dilation},
				Pads: [4]int{a[0].before, a[0].after, a[1].before, a[1].after}, Groups: groups})
		}
		return graph.Conv3D(x, w, bias, graph.Conv3DOptions{Strides: [3]int{a[0].stride, a[1].stride, a[2].stride},
			Dilations: [3]int{a[0].dilation, a[1].dilation, a[2].dilation},
			Sides:     [6]int{a[0].before, a[0].after, a[1].before, a[1].after, a[2].before, a[2].after}, Groups: groups})
	})
}

func liftGlobalPool(c *lifting, f func(*graph.Node, ...int) *graph.Node) error {
	if c.in[0].rank() != 4 {
		x := c.arg(0)
		return c.set(f(x, axesFrom(2, x.Rank())...))
	}
	return c.setLast(f(c.channelsLast(c.in[0]), 1, 2))
}

func liftBatchNorm(c *lifting) error {
	perPosition := c.call.version < 9 && !c.call.flag("spatial", true)
	if c.call.trainsBatchNorm() && (!c.train || perPosition) {
		return errLift
	}
	if perPosition { // statistics for every position of a channel
		x := c.arg(0)
		of := func(i int) *graph.Node { return graph.Reshape(c.arg(i), x.Shape()[1:]...) }
		return c.set(normalised(x, of(1), of(2), of(3), of(4), c.call.float("epsilon", 1e-5)))
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
	if c.in[0].rank() == 4 {
		return c.setLast(graph.Add(graph.Mul(c.channelsLast(c.in[0]), c.g.Const(s)), c.g.Const(t)))
	}
	beside := func(t *tensor.Tensor) *graph.Node { return perChannel(c.g.Const(t), c.in[0].rank()) }
	return c.set(graph.Add(graph.Mul(c.arg(0), beside(s)), beside(t)))
}

// trainedBatchNorm normalises with parameters that are nodes. Statistics that are
// variables move in a training graph, as ONNX's momentum says.
func (c *lifting) trainedBatchNorm() error {
	gamma, beta, eps := c.arg(1), c.arg(2), c.call.float("epsilon", 1e-5)
	return c.channelwise(func(x *graph.Node) *graph.Node {
		mean, ok := c.in[3].variable()
		variance, ok2 := c.in[4].variable()
		if ok && ok2 && !c.freeze {
			return graph.BatchNorm(x, gamma, beta, mean, variance, graph.BatchNormOptions{Eps: eps, Momentum: 1 - c.call.float("momentum", 0.9)})
		}
		return normalised(x, gamma, beta, c.arg(3), c.arg(4), eps)
	})
}

// normalised is (x-mean)/sqrt(variance+eps)·gamma + beta.
func normalised(x, gamma, beta, mean, variance *graph.Node, eps float32) *graph.Node {
	scale := graph.Mul(gamma, graph.Rsqrt(graph.AddScalar(variance, eps)))
	return graph.Add(graph.Mul(graph.Sub(x, mean), scale), beta)
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
		axes := axesFrom(axis, x.Rank())
		mean := graph.MeanKeep(x, axes...)
		variance := graph.MeanKeep(graph.Square(graph.Sub(x, mean)), axes...)
		if err := c.putAll([]*lifted{nil, {plain: mean}, {plain: graph.Rsqrt(graph.AddScalar(variance, eps))}}[:len(c.st.outs)]); err != nil {
			return err
		}
	}
	return c.put(0, &lifted{plain: graph.Reshape(graph.LayerNorm(flat, scale, bias, eps), x.Shape()...)})
}
