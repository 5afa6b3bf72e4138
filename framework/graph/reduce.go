package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ReduceAttrs are the attributes of "ReduceSum" and its kin: the axes,
// ascending, and whether they stay with length 1.
type ReduceAttrs struct {
	Axes     []int
	KeepDims bool
}

func reduceShape(c *call) []Type {
	x, a := c.in[0], c.attrs.(ReduceAttrs)
	if x.dtype != tensor.Float32 && x.dtype != tensor.Int64 {
		c.fail("%v cannot be reduced; use Cast", x.dtype)
	}
	var out Shape
	for i, d := range x.shape {
		switch {
		case !slices.Contains(a.Axes, i):
			out = append(out, d)
		case a.KeepDims:
			out = append(out, Const(1))
		}
	}
	return one(x.dtype, out...)
}

// reduction registers a reduction; grad gives dx from x, and y and dy broadcast to it.
func reduction(name string, kind chip.ReduceKind, grad func(c *call, x, y, dy *Node) *Node) *operator {
	op := operator{name: name, shape: reduceShape, lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.Reduce{Kind: kind, Axes: c.attrs.(ReduceAttrs).Axes}, in, b.types(c)...)
	}}
	if grad != nil {
		op.vjp = func(c *call, dy []*Node) []*Node {
			kept := slices.Clone(c.in[0].shape)
			for _, a := range c.attrs.(ReduceAttrs).Axes {
				kept[a] = Const(1)
			}
			return []*Node{grad(c, c.in[0], Reshape(c.out[0], kept...), Reshape(dy[0], kept...))}
		}
	}
	return register(op)
}

var (
	_ = reduction("ReduceSum", chip.Sum, func(c *call, x, y, dy *Node) *Node { return Broadcast(dy, x.shape...) })
	_ = reduction("ReduceMean", chip.Mean, func(c *call, x, y, dy *Node) *Node {
		n := Const(1)
		for _, a := range c.attrs.(ReduceAttrs).Axes {
			n = n.Mul(x.shape[a])
		}
		return Broadcast(Div(dy, Size(x.Graph(), n)), x.shape...)
	})
	_ = reduction("ReduceMax", chip.Max, pickGrad)
	_ = reduction("ReduceMin", chip.Min, pickGrad)
	_ = reduction("ReduceProd", chip.Prod, prodGrad)
)

// prodGrad gives each element the product of the others: y/x, and where there
// are zeros the product of the rest to the only one.
func prodGrad(c *call, x, y, dy *Node) *Node {
	axes, g := c.attrs.(ReduceAttrs).Axes, x.Graph()
	zero := Eq(x, Scalar(g, 0))
	zeros := keep("ReduceSum", Cast(zero, tensor.Float32), axes)
	safe := Where(zero, Scalar(g, 1), x)
	rest := keep("ReduceProd", safe, axes)
	none := Cast(Eq(zeros, Scalar(g, 0)), tensor.Float32)
	single := Cast(Eq(zeros, Scalar(g, 1)), tensor.Float32)
	others := Where(zero, Broadcast(Mul(rest, single), x.shape...), Div(Mul(rest, none), safe))
	return Mul(dy, others)
}

// pickGrad gives dy to the elements that equal the extreme, shared equally
// among ties.
func pickGrad(c *call, x, y, dy *Node) *Node {
	hit := Cast(Eq(x, Broadcast(y, x.shape...)), tensor.Float32)
	ties := keep("ReduceSum", hit, c.attrs.(ReduceAttrs).Axes)
	return Mul(hit, Div(dy, ties))
}

func reduce(op string, x *Node, axes []int, keepDims bool) *Node {
	a := ReduceAttrs{KeepDims: keepDims}
	for _, axis := range axes {
		a.Axes = append(a.Axes, x.axis(op, axis))
	}
	if len(axes) == 0 {
		for i := range x.shape {
			a.Axes = append(a.Axes, i)
		}
	}
	slices.Sort(a.Axes)
	if len(slices.Compact(slices.Clone(a.Axes))) != len(a.Axes) {
		Fail(op, []*Node{x}, "axes %v name one twice", axes)
	}
	if len(a.Axes) == 0 {
		return x
	}
	return on(op, a, x)
}

func keep(op string, x *Node, axes []int) *Node { return reduce(op, x, axes, true) }

// Sum adds up along axes, which vanish; with no axes, over all of them.
func Sum(x *Node, axes ...int) *Node { return reduce("ReduceSum", x, axes, false) }

// Mean averages along axes, which vanish; with no axes, over all of them.
func Mean(x *Node, axes ...int) *Node { return reduce("ReduceMean", x, axes, false) }

// ReduceMax is the maximum along axes, which vanish; with no axes, over all.
func ReduceMax(x *Node, axes ...int) *Node { return reduce("ReduceMax", x, axes, false) }

// ReduceMin is the minimum along axes, which vanish; with no axes, over all.
func ReduceMin(x *Node, axes ...int) *Node { return reduce("ReduceMin", x, axes, false) }

// ReduceProd multiplies along axes, which vanish; with no axes, over all.
func ReduceProd(x *Node, axes ...int) *Node { return reduce("ReduceProd", x, axes, false) }

// SumKeep is Sum that keeps the axes with length 1.
func SumKeep(x *Node, axes ...int) *Node { return keep("ReduceSum", x, axes) }

// MeanKeep is Mean that keeps the axes with length 1.
func MeanKeep(x *Node, axes ...int) *Node { return keep("ReduceMean", x, axes) }

// ReduceMaxKeep is ReduceMax that keeps the axes with length 1.
func ReduceMaxKeep(x *Node, axes ...int) *Node { return keep("ReduceMax", x, axes) }

// ReduceMinKeep is ReduceMin that keeps the axes with length 1.
func ReduceMinKeep(x *Node, axes ...int) *Node { return keep("ReduceMin", x, axes) }

// ArgMaxAttrs are the attributes of "ArgMax".
type ArgMaxAttrs struct {
	Axis int
	Min  bool
}

var _ = register(operator{
	name: "ArgMax",
	shape: func(c *call) []Type {
		x, axis := c.want(0, tensor.Float32), c.attrs.(ArgMaxAttrs).Axis
		if x.shape[axis].Is(0) {
			c.fail("axis %d is empty and has no maximum or minimum", axis)
		}
		return one(tensor.Int64, slices.Delete(slices.Clone(x.shape), axis, axis+1)...)
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(ArgMaxAttrs)
		return b.emit(&chip.ArgMax{Axis: a.Axis, Min: a.Min}, in, b.types(c)...)
	},
})

// ArgMax returns the position of the first maximum along axis as int64.
func ArgMax(x *Node, axis int) *Node {
	return on("ArgMax", ArgMaxAttrs{Axis: x.axis("ArgMax", axis)}, x)
}

// ArgMin returns the position of the first minimum along axis as int64.
func ArgMin(x *Node, axis int) *Node {
	return on("ArgMax", ArgMaxAttrs{Axis: x.axis("ArgMin", axis), Min: true}, x)
}
