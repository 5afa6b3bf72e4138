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
		"Pad": liftPad, "ArgMax": liftArgMax,
		"ReduceSum":  func(c *lifting) error { return liftReduce(c, graph.Sum, graph.SumKeep) },
		"ReduceMean": func(c *lifting) error { return liftReduce(c, graph.Mean, graph.MeanKeep) },
		"ReduceMax":  func(c *lifting) error { return liftReduce(c, graph.ReduceMax, graph.ReduceMaxKeep) },
		"ReduceMin":  func(c *lifting) error { return liftReduce(c, graph.ReduceMin, graph.ReduceMinKeep) },
		"ReduceL2": func(c *lifting) error {
			return liftReduce(c, nil, func(x *graph.Node, axes ...int) *graph.Node {
				return graph.Sqrt(graph.SumKeep(graph.Square(x), axes...))
			})
		},
		"ReduceSumSquare": func(c *lifting) error {
			return liftReduce(c, nil, func(x *graph.Node, axes ...int) *graph.Node { return graph.SumKeep(graph.Square(x), axes...) })
		},
	} {
		lifters[name] = f
	}
	for _, name := range []string{"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare", "ArgMax"} {
		floatOnly[name] = true
	}
}

func liftShape(c *lifting) error {
	t, err := shapePart(c.call, c.in[0].shape())
	if err != nil {
		return err
	}
	return c.put(0, c.known(t))
}

func liftTranspose(c *lifting) error {
	var perm []int
	for _, p := range c.call.ints("perm") {
		perm = append(perm, int(p))
	}
	if slices.Equal(perm, toLast) && len(c.in[0].shape()) == 4 { // the very layout that the graph keeps
		return c.put(0, &lifted{plain: c.channelsLast(c.in[0])})
	}
	x := c.arg(0)
	if slices.Equal(perm, toFirst) {
		return c.put(0, &lifted{last: x})
	}
	return c.set(graph.Transpose(x, perm...))
}

// liftReshape lets the host kernel work out the new shape on an empty stand-in.
func liftReshape(c *lifting) error {
	shape, err := c.newShape()
	if err != nil {
		return err
	}
	if tensor.Size(shape) != tensor.Size(c.in[0].shape()) {
		return errLift
	}
	return c.set(graph.Reshape(c.arg(0), graph.Ints(shape...)...))
}

func (c *lifting) newShape() ([]int, error) {
	from := c.in[0].shape()
	args, err := c.vals(1)
	if err != nil {
		return nil, err
	}
	switch c.call.node.OpType {
	case "Reshape":
		if !c.has(1) {
			args = c.call.ints("shape")
		}
		return reshapeDims(from, args, c.call.flag("allowzero", false))
	case "Flatten":
		axis := c.call.int("axis", 1)
		if axis < 0 {
			axis += int64(len(from))
		}
		if axis < 0 || axis > int64(len(from)) {
			return nil, errLift
		}
		return []int{tensor.Size(from[:axis]), tensor.Size(from[axis:])}, nil
	}
	if !c.has(1) {
		args = c.call.ints("axes")
	}
	if c.call.node.OpType == "Squeeze" {
		return squeezed(from, args)
	}
	return unsqueezed(from, args)
}

func liftConcat(c *lifting) error {
	rank := len(c.in[0].shape())
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
	if image {
		return c.setLast(graph.Concat(slices.Index(toLast, axis), in...))
	}
	return c.set(graph.Concat(axis, in...))
}

func liftSlice(c *lifting) error {
	var args [4][]int64
	if c.call.version < 10 {
		args = [4][]int64{c.call.ints("starts"), c.call.ints("ends"), c.call.ints("axes"), nil}
	} else {
		for i := range args {
			var err error
			if args[i], err = c.vals(1 + i); err != nil {
				return err
			}
		}
	}
	shape := c.in[0].shape()
	ranges, err := sliceRanges(shape, args[0], args[1], args[2], args[3])
	if err != nil {
		return err
	}
	x := c.arg(0)
	for a, r := range ranges {
		if r.n == 0 {
			return errLift
		}
		if r.step != 1 {
			x = graph.Stride(x, a, r.start, r.step)
			x = graph.Slice(x, a, 0, r.n)
		} else {
			x = graph.Slice(x, a, r.start, r.start+r.n)
		}
	}
	return c.set(x)
}

func liftSplit(c *lifting) error {
	shape := c.in[0].shape()
	axis, err := axisOf(c.call.int("axis", 0), len(shape))
	if err != nil {
		return err
	}
	lens, err := c.vals(1)
	if err != nil {
		return err
	}
	if lens == nil {
		if lens = c.call.ints("split"); lens == nil {
			lens = evenParts(shape[axis], len(c.st.outs))
		}
	}
	if len(lens) != len(c.st.outs) {
		return errLift
	}
	for i, part := range graph.Split(c.arg(0), axis, convert[int](lens)...) {
		c.put(i, &lifted{plain: part})
	}
	return nil
}

func liftGather(c *lifting) error {
	axis, err := axisOf(c.call.int("axis", 0), len(c.in[0].shape()))
	if err != nil {
		return err
	}
	return c.set(graph.Gather(c.arg(0), c.arg(1), axis))
}

func liftExpand(c *lifting) error {
	dims, err := c.vals(1)
	if err != nil {
		return err
	}
	want, err := toDims(dims)
	if err != nil {
		return err
	}
	shape, err := broadcastShapes(c.in[0].shape(), want)
	if err != nil {
		return err
	}
	return c.set(graph.Broadcast(c.arg(0), graph.Ints(shape...)...))
}

func liftPad(c *lifting) error {
	rank := len(c.in[0].shape())
	pads, value := c.call.padsAttr(), float64(c.call.float("value", 0))
	if c.call.str("mode", "constant") != "constant" || c.in[0].dtype() != tensor.Float32 {
		return errLift
	}
	var axes *tensor.Tensor
	if c.has(1) {
		var err error
		if pads, err = c.vals(1); err != nil {
			return err
		}
		for i := 2; i <= 3; i++ {
			if c.has(i) && c.in[i].fixed == nil {
				return errLift
			}
		}
		if c.has(2) {
			value = float64(c.in[2].fixed.Float32s()[0])
		}
		if c.has(3) {
			axes = c.in[3].fixed
		}
	}
	before, after, err := padAmounts(rank, pads, axes)
	if err != nil {
		return err
	}
	if slices.Min(append([]int{0}, before...)) < 0 || slices.Min(append([]int{0}, after...)) < 0 {
		return errLift
	}
	if c.in[0].isImage() {
		pick := func(v []int) []int { return []int{v[0], v[2], v[3], v[1]} }
		return c.setLast(graph.Pad(c.channelsLast(c.in[0]), pick(before), pick(after), value))
	}
	return c.set(graph.Pad(c.arg(0), before, after, value))
}

func liftArgMax(c *lifting) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	if c.call.flag("select_last_index", false) {
		return errLift
	}
	y := graph.ArgMax(x, axis)
	if c.call.flag("keepdims", true) {
		y = graph.Unsqueeze(y, axis)
	}
	return c.set(y)
}

// liftReduce uses keep and, without keepdims, drop; a nil drop is keep and a reshape.
func liftReduce(c *lifting, drop, keep func(*graph.Node, ...int) *graph.Node) error {
	raw, err := c.vals(1)
	if err != nil {
		return err
	}
	if !c.has(1) {
		raw = c.call.ints("axes")
	}
	shape := c.in[0].shape()
	axes, err := axesOf(raw, len(shape))
	if err != nil {
		return err
	}
	if len(axes) == 0 {
		if c.call.flag("noop_with_empty_axes", false) {
			return errLift
		}
		for i := range shape {
			axes = append(axes, i)
		}
	}
	kept := c.call.flag("keepdims", true)
	if c.in[0].isImage() && slices.Equal(axes, []int{2, 3}) {
		y := keep(c.channelsLast(c.in[0]), 1, 2)
		if kept {
			return c.setLast(y)
		}
		return c.set(graph.Reshape(y, graph.Const(shape[0]), graph.Const(shape[1])))
	}
	x := c.arg(0)
	switch {
	case kept:
		return c.set(keep(x, axes...))
	case drop != nil:
		return c.set(drop(x, axes...))
	}
	var to []int
	for i, d := range shape {
		if !slices.Contains(axes, i) {
			to = append(to, d)
		}
	}
	return c.set(graph.Reshape(keep(x, axes...), graph.Ints(to...)...))
}
