package chip

import "slices"

// move checks the operators that move, make or select elements.
func (c checker) move(op Op) {
	switch op := op.(type) {
	case *Transpose:
		c.unary()
		c.transpose(op.Perm)
	case *Concat:
		c.concat(op.Axis)
	case *Slice:
		c.unary()
		c.slice(c.ins[0], c.outs[0], op.Start, op.Step)
	case *SliceGrad:
		c.unary()
		c.slice(c.outs[0], c.ins[0], op.Start, op.Step)
	case *Pad:
		c.unary()
		c.pad(op)
	case *Broadcast:
		c.unary()
		c.broadcasts(c.ins[0], c.outs[0])
	case *Copy:
		c.unary()
		c.length("output", c.outs[0], c.ins[0].Len())
	case *Cast:
		c.count(1, 1)
		c.length("output", c.outs[0], c.ins[0].Len())
	case *Gather:
		c.gather(op.Axis)
	case *GatherGrad:
		c.gatherGrad()
	case *OneHot:
		c.count(1, 1)
		c.dtype(Int64, c.ins[0])
		c.dtype(Float32, c.outs[0])
		c.rank(c.outs[0], 1)
		c.rows(c.outs[0], c.ins[0])
	case *Random:
		c.count(1, 1)
		c.dtype(Int64, c.ins[0])
		c.dtype(Float32, c.outs[0])
		c.length("counter", c.ins[0], 1)
	case *Resize:
		c.count(1, 1)
		c.floats()
		x, y := c.ins[0], c.outs[0]
		c.need(len(x.Shape) == 4 && len(y.Shape) == 4 && x.Shape[0] == y.Shape[0] && x.Shape[3] == y.Shape[3], "%v does not resize to %v", x, y)
		c.need(y.Len() == 0 || x.Len() > 0, "%v is empty", x)
	default:
		c.need(false, "unknown operator %T", op)
	}
}

func (c checker) unary() {
	c.count(1, 1)
	c.dtype(c.ins[0].DType, c.outs[0])
}

func (c checker) transpose(perm []int) {
	x, y := c.ins[0], c.outs[0]
	c.need(len(perm) == len(x.Shape) && len(perm) == len(y.Shape), "permutation %v does not fit %v", perm, x)
	seen := slices.Sorted(slices.Values(perm))
	for i, p := range seen {
		c.need(p == i, "%v is not a permutation", perm)
	}
	for i, p := range perm {
		c.need(y.Shape[i] == x.Shape[p], "%v by %v is not %v", x, perm, y)
	}
}

func (c checker) concat(axis int) {
	c.need(len(c.outs) == 1 && len(c.ins) > 0, "wants arguments and one output")
	out, sum := c.outs[0], 0
	c.need(axis >= 0 && axis < len(out.Shape), "no axis %d in %v", axis, out)
	for _, v := range c.ins {
		c.dtype(out.DType, v)
		want := slices.Clone(out.Shape)
		c.need(len(v.Shape) == len(want), "%v does not fit %v", v, out)
		want[axis] = v.Shape[axis]
		c.need(slices.Equal(v.Shape, want), "%v does not fit %v", v, out)
		sum += v.Shape[axis]
	}
	c.need(sum == out.Shape[axis], "the arguments have %d along axis %d of %v", sum, axis, out)
}

func (c checker) slice(x, part Value, start, step []int) {
	n := len(x.Shape)
	c.need(len(part.Shape) == n && len(start) == n && len(step) == n, "start %v and step %v do not fit %v", start, step, x)
	for i, d := range part.Shape {
		if d == 0 {
			continue
		}
		last := start[i] + (d-1)*step[i]
		c.need(start[i] >= 0 && start[i] < x.Shape[i] && last >= 0 && last < x.Shape[i], "%v from %v by %v leaves %v", part, start, step, x)
	}
}

func (c checker) pad(op *Pad) {
	x, y := c.ins[0], c.outs[0]
	n := len(x.Shape)
	c.need(len(y.Shape) == n && len(op.Before) == n && len(op.After) == n, "padding %v %v does not fit %v", op.Before, op.After, x)
	for i, d := range x.Shape {
		c.need(op.Before[i] >= 0 && op.After[i] >= 0 && y.Shape[i] == d+op.Before[i]+op.After[i], "%v padded by %v and %v is not %v", x, op.Before, op.After, y)
	}
}

// broadcasts checks that x repeats to the shape of y.
func (c checker) broadcasts(x, y Value) {
	skip := len(y.Shape) - len(x.Shape)
	ok := skip >= 0
	for i, d := range x.Shape {
		ok = ok && (d == 1 || d == y.Shape[skip+i])
	}
	c.need(ok, "%v does not broadcast to %v", x, y.Shape)
}

func (c checker) gather(axis int) {
	c.count(2, 1)
	x, index, out := c.ins[0], c.ins[1], c.outs[0]
	c.integers(index)
	c.dtype(x.DType, out)
	c.need(axis >= 0 && axis < len(x.Shape), "no axis %d in %v", axis, x)
	want := slices.Concat(x.Shape[:axis], index.Shape, x.Shape[axis+1:])
	c.need(slices.Equal(out.Shape, want), "output %v should be %v", out, want)
}

func (c checker) gatherGrad() {
	c.count(2, 1)
	dy, index, dx := c.ins[0], c.ins[1], c.outs[0]
	c.integers(index)
	c.dtype(Float32, dy, dx)
	c.rank(dx, 1)
	want := slices.Concat(index.Shape, dx.Shape[1:])
	c.need(slices.Equal(dy.Shape, want), "dy %v should be %v", dy, want)
}

func (c checker) mapped(op *Map) {
	c.need(len(op.Outs) == len(c.outs) && len(c.outs) > 0, "has %d outputs, want %d", len(c.outs), len(op.Outs))
	wide, half := false, false
	for _, v := range c.ins {
		wide = wide || v.DType == Int64 || v.DType == Int32
		c.broadcasts(v, c.outs[0])
		half = half || v.DType == BFloat16
		c.need(v.DType != Float64 && v.DType != Int8, "does not compute on %v", v)
	}
	for _, v := range c.outs {
		c.same("output", v, c.outs[0])
		if wide {
			c.need(v.DType == Int64 || v.DType == Int32 || v.DType == Bool, "output %v of an integer map", v)
		} else {
			c.need(v.DType == Float32 || v.DType == BFloat16 || v.DType == Bool || v.DType == Uint8, "output %v of a float map", v)
		}
	}
	c.need(!wide || !half, "computes on integers and bfloat16")
	for i, in := range op.Code {
		have := len(c.ins) + i
		c.need(int(in.Fn) < len(mapFnNames), "unknown function %d", in.Fn)
		for j, r := range []int{in.A, in.B, in.C}[:in.Fn.Arity()] {
			c.need(r >= 0 && r < have, "operand %d of step %d (%v) is %d", j, i, in.Fn, r)
		}
	}
	for _, r := range op.Outs {
		c.need(r >= 0 && r < len(c.ins)+len(op.Code), "no operand %d", r)
	}
}

// update checks the optimiser steps: p, g and states of one length, then scalars.
func (c checker) update(op Op) {
	tensors, scalars, outs := 2, 2, 1
	switch op := op.(type) {
	case *SGD:
		if op.Momentum != 0 {
			tensors, outs = 3, 2
		}
	case *AdamW:
		tensors, scalars, outs = 4, 3, 3
	case *Lerp:
		scalars = 0
	}
	c.count(tensors+scalars, outs)
	for i, v := range c.ins {
		if _, adam := op.(*AdamW); adam && i == tensors+1 {
			c.dtype(Int64, v)
		} else {
			c.dtype(Float32, v)
		}
		if i < tensors {
			c.length("argument", v, c.ins[0].Len())
		} else {
			c.length("scalar", v, 1)
		}
	}
	for _, v := range c.outs {
		c.dtype(Float32, v)
		c.length("output", v, c.ins[0].Len())
	}
}
