package onnx

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{"MaxUnpool": liftMaxUnpool, "Col2Im": liftCol2Im} {
		lifters[name], floatOnly[name], forTraining[name] = f, true, true
	}
	lifters["CenterCropPad"], floatOnly["CenterCropPad"] = liftCenterCropPad, true
}

// indexedMaxPool lays the input as each tap of the window sees it side by side: the
// number of the largest says where it stands in the input, flattened.
func (c *lifting) indexedMaxPool() error {
	axes, beyond, err := c.windows(convert[int](c.call.ints("kernel_shape")))
	if err != nil {
		return err
	}
	x := c.arg(0)
	spatial := x.Shape()[2:]
	rank := len(axes)
	before, after := make([]int, rank+2), make([]int, rank+2)
	taps := 1
	for i, a := range axes {
		before[2+i], after[2+i] = a.before, a.after+beyond[i]
		taps *= a.size
	}
	padded := graph.Pad(x, before, after, math.Inf(-1))
	var seen []*graph.Node
	offsets := make([]*tensor.Tensor, rank) // of each tap along each axis
	for i := range offsets {
		offsets[i] = tensor.New(tensor.Int64, taps)
	}
	for k := range taps {
		y, rest := padded, k
		for i := rank - 1; i >= 0; i-- {
			a := axes[i]
			at := rest % a.size
			rest /= a.size
			offsets[i].Int64s()[k] = int64(at*a.dilation - a.before)
			out := padded.Dim(2 + i).AddInt(-a.dilation*(a.size-1) - 1).Div(graph.Const(a.stride)).AddInt(1)
			y = graph.Narrow(y, 2+i, graph.Const(at*a.dilation), out.AddInt(-1).MulInt(a.stride).AddInt(1))
			if a.stride > 1 {
				y = graph.Stride(y, 2+i, 0, a.stride)
			}
		}
		seen = append(seen, graph.Unsqueeze(y, -1))
	}
	all := graph.Concat(rank+2, seen...)
	top := graph.ArgMax(all, -1)
	value := graph.Squeeze(graph.GatherElements(all, graph.Unsqueeze(top, -1), -1), -1)
	plane := spatial.Size()
	n, ch := graph.PositionsAlong(c.g, x.Dim(0), 0, rank+2), graph.PositionsAlong(c.g, x.Dim(1), 1, rank+2)
	index := graph.Add(graph.Mul(n, graph.IntSize(c.g, x.Dim(1).Mul(plane))), graph.Mul(ch, graph.IntSize(c.g, plane)))
	for i, a := range axes {
		at := graph.PositionsAlong(c.g, top.Dim(2+i), 2+i, rank+2)
		at = graph.Add(graph.Mul(at, c.g.Const(tensor.Scalar(int64(a.stride)))), graph.Gather(c.g.Const(offsets[i]), top, 0))
		step := spatial[i+1:].Size()
		if c.call.flag("storage_order", false) {
			step = spatial[:i].Size()
		}
		index = graph.Add(index, graph.Mul(at, graph.IntSize(c.g, step)))
	}
	return c.putAll([]*lifted{{plain: value}, {plain: index}})
}

// liftMaxUnpool adds the elements to zeros and divides by how many came to a place,
// for overlapping windows take one element more than once.
func liftMaxUnpool(c *lifting) error {
	w := readPool(c.call)
	if c.call.err != nil {
		return c.call.err
	}
	x := c.arg(0)
	rank := x.Rank() - 2
	if rank < 1 || len(w.kernel) != rank {
		return noForm("a window %v over %v", w.kernel, x.Shape())
	}
	shape := slices.Clone(x.Shape())
	for i := range rank {
		stride, pads := 1, 0
		if w.strides != nil {
			stride = int(w.strides[i])
		}
		if w.pads != nil {
			pads = int(w.pads[i] + w.pads[rank+i])
		}
		shape[2+i] = shape[2+i].AddInt(-1).MulInt(stride).AddInt(int(w.kernel[i]) - pads)
	}
	index := graph.Reshape(c.arg(1), graph.Const(-1))
	put := func(v *graph.Node) *graph.Node {
		return graph.ScatterElements(graph.Fill(c.g, 0, shape.Size()), index, v, 0, true)
	}
	count := put(graph.Fill(c.g, 1, x.Shape().Size()))
	y := graph.Div(put(graph.Reshape(x, x.Shape().Size())), graph.Max(count, graph.Scalar(c.g, 1)))
	y = graph.Reshape(y, shape...)
	if !c.has(2) {
		return c.set(y)
	}
	want, err := c.dims(2)
	if err != nil {
		return err
	}
	y, err = c.fitted(y, axesFrom(0, y.Rank()), want, func(int) int { return 0 })
	if err != nil {
		return err
	}
	return c.set(y)
}

// fitted crops axes of x, or pads them with 0, to the lengths want; before says how
// much of a difference comes in front.
func (c *lifting) fitted(x *graph.Node, axes []int, want graph.Shape, before func(total int) int) (*graph.Node, error) {
	if len(want) != len(axes) {
		return nil, noForm("axes %v of length %v", axes, want)
	}
	low, high := make([]int, x.Rank()), make([]int, x.Rank())
	for i, a := range axes {
		total, ok := want[i].Sub(x.Dim(a)).Known()
		if !ok {
			return nil, noForm("%v becomes %v", x.Dim(a), want[i])
		}
		low[a] = before(total)
		high[a] = total - low[a]
		if total < 0 {
			x = graph.Narrow(x, a, graph.Const(-low[a]), want[i])
			low[a], high[a] = 0, 0
		}
	}
	return graph.Pad(x, low, high, 0), nil
}

func liftCenterCropPad(c *lifting) error {
	x := c.arg(0)
	want, err := c.dims(1)
	if err != nil {
		return err
	}
	axes := axesFrom(0, x.Rank())
	if c.call.has("axes") {
		axes = nil
		for _, raw := range c.call.ints("axes") { // in the order of the lengths
			a, err := axisOf(raw, x.Rank())
			if err != nil {
				return err
			}
			axes = append(axes, a)
		}
	}
	y, err := c.fitted(x, axes, want, func(total int) int { return total / 2 })
	if err != nil {
		return err
	}
	return c.set(y)
}

// liftCol2Im adds each element to its place in the image, flattened; those in the
// padding go to one place behind it.
func liftCol2Im(c *lifting) error {
	image, err := c.vals(1)
	if err != nil {
		return noForm("the size of the image depends on values")
	}
	block, err := c.vals(2)
	if err != nil {
		return noForm("the size of the block depends on values")
	}
	attrs := readWindow(c.call)
	attrs.autoPad = "NOTSET"
	axes, err := attrs.resolve(convert[int](image), convert[int](block))
	if err != nil {
		return err
	}
	plane, area, size := sizes(axes)
	x := c.arg(0)
	channels, ok := x.Dim(1).Known()
	if !ok || x.Rank() != 3 || channels%size != 0 || !x.Dim(2).Is(area) {
		return noForm("%v as %d columns of blocks of %d", x.Shape(), area, size)
	}
	place := tensor.New(tensor.Int64, size*area, 1)
	for i := range place.Int64s() {
		k, l, at, step := i/area, i%area, 0, 1
		for _, a := range slices.Backward(axes) {
			p := l%a.out*a.stride - a.before + k%a.size*a.dilation
			k, l = k/a.size, l/a.out
			if p < 0 || p >= a.in || at < 0 {
				at = -1
			} else {
				at += p * step
			}
			step *= a.in
		}
		if at < 0 {
			at = plane
		}
		place.Int64s()[i] = int64(at)
	}
	lines := x.Dim(0).MulInt(channels / size)
	columns := graph.Transpose(graph.Reshape(x, lines, graph.Const(size*area)), 1, 0)
	y := graph.ScatterND(graph.Fill(c.g, 0, graph.Const(plane+1), lines), c.g.Const(place), columns, true)
	y = graph.Transpose(graph.Slice(y, 0, 0, plane), 1, 0)
	return c.set(graph.Reshape(y, append(graph.Shape{x.Dim(0), graph.Const(channels / size)}, graph.Ints(convert[int](image)...)...)...))
}
