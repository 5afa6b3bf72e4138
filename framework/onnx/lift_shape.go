package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"Shape": liftShape, "Transpose": liftTranspose, "Reshape": liftReshape, "Flatten": liftReshape, "Squeeze": liftReshape,
		"Unsqueeze": liftReshape, "Concat": liftConcat, "Slice": liftSlice, "Split": liftSplit, "Gather": liftGather, "Expand": liftExpand,
		"Pad": liftPad, "ArgMax": func(c *lifting) error { return liftArgMax(c, graph.ArgMax) },
		"ArgMin": func(c *lifting) error { return liftArgMax(c, graph.ArgMin) }, "Size": liftSize,
	} {
		lifters[name] = f
	}
	floatOnly["ArgMax"], floatOnly["ArgMin"] = true, true
}

func liftShape(c *lifting) error {
	shape := c.in[0].shape()
	at := make([]int, len(shape))
	for i := range at {
		at[i] = i
	}
	part, err := shapePart(c.call, at)
	if err != nil {
		return err
	}
	var dims graph.Shape
	for _, i := range part.Int64s() {
		dims = append(dims, shape[i])
	}
	return c.put(0, sizesOf(dims))
}

func liftSize(c *lifting) error {
	s := &sizeTensor{values: []ratio{wholeRatio(c.in[0].shape().Size())}, dtype: tensor.Int64}
	return c.put(0, s.lifted())
}

func liftTranspose(c *lifting) error {
	var perm []int
	for _, p := range c.call.ints("perm") {
		perm = append(perm, int(p))
	}
	if slices.Equal(perm, toLast) && c.in[0].rank() == 4 { // the very layout that the graph keeps
		return c.put(0, &lifted{plain: c.channelsLast(c.in[0])})
	}
	x := c.arg(0)
	if perm == nil {
		for i := range x.Rank() {
			perm = append(perm, x.Rank()-1-i)
		}
	}
	if slices.Equal(perm, toFirst) {
		return c.put(0, &lifted{last: x})
	}
	return c.set(graph.Transpose(x, perm...))
}

func liftReshape(c *lifting) error {
	shape, err := c.newShape()
	if err != nil {
		return err
	}
	if n, ok := shape.Size().Sub(c.in[0].shape().Size()).Known(); ok && n != 0 && !slices.ContainsFunc(shape, func(d graph.Dim) bool { return d.Is(-1) }) {
		return noForm("shape %v does not fit %v", shape, c.in[0].shape())
	}
	return c.set(graph.Reshape(c.arg(0), shape...))
}

// newShape gives the shape that Reshape and its kin ask for; one dimension may be -1.
func (c *lifting) newShape() (graph.Shape, error) {
	from := c.in[0].shape()
	args, err := c.dims(1)
	if err != nil {
		return nil, err
	}
	switch c.call.node.OpType {
	case "Reshape":
		if !c.has(1) {
			args = graph.Ints(convert[int](c.call.ints("shape"))...)
		}
		keepZero := c.call.flag("allowzero", false)
		for i, d := range args {
			if d.Is(0) && !keepZero && i < len(from) {
				args[i] = from[i]
			}
		}
		return args, nil
	case "Flatten":
		axis := c.call.int("axis", 1)
		if axis < 0 {
			axis += int64(len(from))
		}
		if axis < 0 || axis > int64(len(from)) {
			return nil, errLift
		}
		return graph.Shape{from[:axis].Size(), from[axis:].Size()}, nil
	}
	raw, err := c.vals(1)
	if err != nil {
		return nil, err
	}
	if !c.has(1) {
		raw = c.call.ints("axes")
	}
	if c.call.node.OpType == "Squeeze" {
		return squeezedDims(from, raw)
	}
	axes, err := axesOf(raw, len(from)+len(raw))
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(from)
	for _, a := range axes {
		shape = slices.Insert(shape, a, graph.Const(1))
	}
	return shape, nil
}

// squeezedDims drops the axes raw; nil drops those that are known to be 1.
func squeezedDims(from graph.Shape, raw []int64) (graph.Shape, error) {
	axes, err := axesOf(raw, len(from))
	if err != nil {
		return nil, err
	}
	var shape graph.Shape
	for i, d := range from {
		if raw == nil && !d.Is(1) || raw != nil && !slices.Contains(axes, i) {
			shape = append(shape, d)
		}
	}
	return shape, nil
}

func liftConcat(c *lifting) error {
	rank := c.in[0].rank()
	axis, err := axisOf(c.call.int("axis", 1), rank)
	if err != nil {
		return err
	}
	image := rank == 4 && !slices.ContainsFunc(c.in, func(v *lifted) bool { return !v.isImage() })
	var in []*graph.Node
	for _, v := range c.in {
		if image {
			in = append(in, c.channelsLast(v))
		} else {
			in = append(in, c.node(v))
		}
	}
	at := axis
	if image {
		at = slices.Index(toLast, axis)
	}
	for i, x := range in[1:] {
		for a := range min(x.Rank(), in[0].Rank()) {
			if a != at {
				in[1+i] = withDim(in[1+i], a, in[0].Dim(a))
			}
		}
	}
	if image {
		return c.setLast(graph.Concat(at, in...))
	}
	return c.set(graph.Concat(at, in...))
}

func liftSlice(c *lifting) error {
	starts, ends, axes, steps, err := c.sliceArgs()
	if err != nil {
		return err
	}
	x := c.arg(0)
	for i, axis := range axes {
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return err
		}
		if x, err = sliceNode(x, a, starts[i], ends[i], steps[i]); err != nil {
			return err
		}
	}
	return c.set(x)
}

// sliceArgs reads what Slice is told, with all that is left out filled in.
func (c *lifting) sliceArgs() (starts, ends graph.Shape, axes, steps []int64, err error) {
	if c.call.version < 10 {
		starts, ends = graph.Ints(convert[int](c.call.ints("starts"))...), graph.Ints(convert[int](c.call.ints("ends"))...)
		axes = c.call.ints("axes")
	} else {
		if starts, err = c.dims(1); err != nil {
			return
		}
		if ends, err = c.dims(2); err != nil {
			return
		}
		if axes, err = c.vals(3); err != nil {
			return
		}
		if steps, err = c.vals(4); err != nil {
			return
		}
	}
	for i := range starts {
		if len(axes) <= i {
			axes = append(axes, int64(i))
		}
		if len(steps) <= i {
			steps = append(steps, 1)
		}
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		err = noForm("starts, ends, axes and steps differ in length")
	}
	return
}

// sliceNode takes start to end by step of an axis. On a symbolic axis, positions
// are taken to lie within it.
func sliceNode(x *graph.Node, axis int, start, end graph.Dim, step int64) (*graph.Node, error) {
	n := x.Dim(axis)
	if length, ok := n.Known(); ok {
		from, ok1 := start.Known()
		to, ok2 := end.Known()
		if ok1 && ok2 {
			r, err := sliceAxis(int64(length), int64(from), int64(to), step)
			if err != nil {
				return nil, err
			}
			if r.n == 0 {
				return graph.Slice(x, axis, 0, 0), nil
			}
			if r.step == 1 {
				return graph.Slice(x, axis, r.start, r.start+r.n), nil
			}
			return graph.Slice(graph.Stride(x, axis, r.start, r.step), axis, 0, r.n), nil
		}
	}
	from, to := slicePosition(start, n), slicePosition(end, n)
	switch {
	case step > 0:
		x = graph.Narrow(x, axis, from, to.Sub(from))
		if step != 1 {
			x = graph.Stride(x, axis, 0, int(min(step, maxOutput)))
		}
	case step < 0:
		if from.Equal(n) {
			from = n.AddInt(-1)
		}
		if e, ok := end.Known(); ok && e < -maxOutput {
			to = graph.Const(-1)
		}
		x = graph.Narrow(x, axis, to.AddInt(1), from.Sub(to))
		x = graph.Stride(x, axis, -1, int(max(step, -maxOutput)))
	default:
		return nil, noForm("the step is 0")
	}
	return x, nil
}

// slicePosition resolves a position that may count from the end n or lie behind it.
func slicePosition(p, n graph.Dim) graph.Dim {
	if v, ok := p.Known(); ok {
		switch {
		case v < -maxOutput:
			return graph.Const(0)
		case v < 0:
			return n.AddInt(v)
		case v > maxOutput:
			return n
		}
	}
	return p
}

func liftSplit(c *lifting) error {
	shape := c.in[0].shape()
	axis, err := axisOf(c.call.int("axis", 0), len(shape))
	if err != nil {
		return err
	}
	lens, err := c.dims(1)
	if err != nil {
		return err
	}
	if lens == nil {
		if attr := c.call.ints("split"); attr != nil {
			lens = graph.Ints(convert[int](attr)...)
		} else {
			lens = evenDims(shape[axis], len(c.st.outs))
		}
	}
	if len(lens) != len(c.st.outs) {
		return errLift
	}
	at := graph.Const(0)
	for i, n := range lens {
		c.put(i, &lifted{plain: graph.Narrow(c.arg(0), axis, at, n)})
		at = at.Add(n)
	}
	return nil
}

// evenDims cuts n into equal parts, the last of which may be smaller.
func evenDims(n graph.Dim, parts int) graph.Shape {
	each := n.AddInt(parts - 1).Div(graph.Const(parts))
	lens := slices.Repeat(graph.Shape{each}, parts)
	lens[parts-1] = n.Sub(each.MulInt(parts - 1))
	return lens
}

func liftGather(c *lifting) error {
	axis, err := axisOf(c.call.int("axis", 0), c.in[0].rank())
	if err != nil {
		return err
	}
	return c.set(graph.Gather(c.arg(0), c.arg(1), axis))
}

func liftExpand(c *lifting) error {
	want, err := c.dims(1)
	if err != nil {
		return err
	}
	x := c.arg(0)
	shape := append(slices.Repeat(graph.Shape{graph.Const(1)}, max(0, len(want)-x.Rank())), x.Shape()...)
	for i, d := range want {
		if at := len(shape) - len(want) + i; !d.Is(1) {
			if !shape[at].Is(1) && !shape[at].Equal(d) {
				return noForm("%v does not expand to %v", x.Shape(), want)
			}
			shape[at] = d
		}
	}
	return c.set(graph.Broadcast(x, shape...))
}

func liftArgMax(c *lifting, f func(*graph.Node, int) *graph.Node) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	y := f(x, axis)
	if c.call.flag("select_last_index", false) { // the first one from the end
		y = graph.Sub(graph.IntSize(c.g, x.Dim(axis).AddInt(-1)), f(graph.Flip(x, axis), axis))
	}
	if c.call.flag("keepdims", true) {
		y = graph.Unsqueeze(y, axis)
	}
	return c.set(y)
}
