package graph

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// SliceAttrs are the attributes of "Slice": along axis i, element j of the
// result is element Start[i] + j·Step[i].
type SliceAttrs struct {
	Start []Dim
	Len   []Dim
	Step  []int
}

func (a SliceAttrs) start(b *builder) []int {
	s := make([]int, len(a.Start))
	for i, d := range a.Start {
		s[i] = b.dim(d)
	}
	return s
}

var _ = register(operator{
	name:  "Slice",
	shape: func(c *call) []Type { return one(c.in[0].dtype, c.attrs.(SliceAttrs).Len...) },
	vjp: func(c *call, dy []*Node) []*Node {
		return []*Node{on("SliceGrad", sliceGradAttrs{c.attrs.(SliceAttrs), c.in[0].shape}, dy[0])}
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(SliceAttrs)
		return b.emit(&chip.Slice{Start: a.start(b), Step: a.Step}, in, b.types(c)...)
	},
})

// sliceGradAttrs add the shape of the gradient.
type sliceGradAttrs struct {
	SliceAttrs
	shape Shape
}

var _ = register(operator{
	name:  "SliceGrad",
	shape: func(c *call) []Type { return one(tensor.Float32, c.attrs.(sliceGradAttrs).shape...) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(sliceGradAttrs)
		return b.emit(&chip.SliceGrad{Start: a.start(b), Step: a.Step}, in, b.types(c)...)
	},
})

// End, as the end of Slice, stands for the axis' length.
const End = math.MaxInt

// Slice takes elements start, start+1, ... before end along axis. Negative
// positions count from the end of the axis.
func Slice(x *Node, axis, start, end int) *Node {
	axis = x.axis("Slice", axis)
	n := x.shape[axis]
	from, to := position(n, start), n
	if end != End {
		to = position(n, end)
	}
	if length, ok := n.Known(); ok {
		lo, _ := from.Known()
		hi, _ := to.Known()
		if lo < 0 || hi > length || lo > hi {
			Fail("Slice", []*Node{x}, "%d:%d lies outside of axis %d", start, end, axis)
		}
	}
	return sliceDims(x, axis, from, to)
}

func position(n Dim, i int) Dim {
	if i < 0 {
		return n.AddInt(i)
	}
	return Const(i)
}

// Narrow takes length elements from start along axis; both may be symbolic.
func Narrow(x *Node, axis int, start, length Dim) *Node {
	axis = x.axis("Narrow", axis)
	if n, ok := x.shape[axis].Sub(start).Sub(length).Known(); ok && n < 0 {
		Fail("Narrow", []*Node{x}, "%v elements from %v lie outside of axis %d", length, start, axis)
	}
	return sliceDims(x, axis, start, start.Add(length))
}

func sliceDims(x *Node, axis int, from, to Dim) *Node {
	length := to.Sub(from)
	if from.Is(0) && length.Equal(x.shape[axis]) {
		return x
	}
	return strided(x, axis, from, length, 1)
}

// strided takes n elements along axis, from start by step.
func strided(x *Node, axis int, start, n Dim, step int) *Node {
	a := SliceAttrs{Start: make([]Dim, x.Rank()), Len: slices.Clone(x.shape), Step: slices.Repeat([]int{1}, x.Rank())}
	a.Start[axis], a.Len[axis], a.Step[axis] = start, n, step
	return on("Slice", a, x)
}

// Stride takes every step-th element along axis, from position start. With a
// negative step it goes backwards, so that Stride(x, axis, -1, -1) reverses.
func Stride(x *Node, axis, start, step int) *Node {
	axis = x.axis("Stride", axis)
	if step == 0 {
		Fail("Stride", []*Node{x}, "the step is 0")
	}
	n := x.shape[axis]
	from := position(n, start)
	if length, ok := n.Known(); ok {
		if i, _ := from.Known(); i < 0 || i > length || i == length && step < 0 {
			Fail("Stride", []*Node{x}, "start %d lies outside of axis %d", start, axis)
		}
	}
	length := n.Sub(from).AddInt(step - 1).Div(Const(step))
	if step < 0 {
		length = from.Div(Const(-step)).AddInt(1)
	}
	return strided(x, axis, from, length, step)
}

// Split cuts x along axis into parts of the given lengths, which must add up.
func Split(x *Node, axis int, lengths ...int) []*Node {
	axis = x.axis("Split", axis)
	parts, at := make([]*Node, len(lengths)), 0
	for i, n := range lengths {
		parts[i] = Slice(x, axis, at, at+n)
		at += n
	}
	if !x.shape[axis].Is(at) {
		Fail("Split", []*Node{x}, "lengths %v do not add up to axis %d", lengths, axis)
	}
	return parts
}
