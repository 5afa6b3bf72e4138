package chip

import (
	"fmt"
	"slices"
)

// Check reports whether op's comment is kept by these values: their number,
// element types and shapes. Shapes of vectors such as a bias, statistics or a
// learning rate are compared by length alone.
func Check(op Op, ins, outs []Value) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case mismatch:
			err = fmt.Errorf("%s: %s", op.Name(), string(r))
		default:
			panic(r)
		}
	}()
	c := checker{ins, outs}
	for _, vs := range [2][]Value{ins, outs} {
		for _, v := range vs {
			c.need(v.DType.OnDevice(), "no device computes on %v", v.DType)
		}
	}
	switch op := op.(type) {
	case *Gemm:
		c.gemm(op)
	case *GemmInt8:
		c.gemmInt8(op)
	case *ConvInt8:
		c.convInt8(op)
	case *Conv:
		c.count(2+btoi(op.Bias), 1)
		c.factors()
		c.conv(op.Window, op.Groups, ins[0], ins[1], outs[0])
		if op.Bias {
			c.length("bias", ins[2], outs[0].Shape[3])
		}
	case *ConvGradInput:
		c.count(2, 1)
		c.factors()
		c.conv(op.Window, op.Groups, outs[0], ins[1], ins[0])
	case *ConvGradWeight:
		c.count(2, 1)
		c.factors()
		c.conv(op.Window, op.Groups, ins[0], outs[0], ins[1])
	case *MaxPool:
		c.maxPool(op)
	case *MaxPoolGrad:
		c.count(2, 1)
		c.dtype(Float32, ins[0], outs[0])
		c.dtype(Int32, ins[1])
		c.same("index", ins[1], ins[0])
		c.window(op.Window, outs[0], ins[0])
	case *AvgPool:
		c.count(1, 1)
		c.floats()
		c.window(op.Window, ins[0], outs[0])
	case *AvgPoolGrad:
		c.count(1, 1)
		c.floats()
		c.window(op.Window, outs[0], ins[0])
	case *Reduce:
		c.count(1, 1)
		c.numbers(ins[0])
		c.dtype(ins[0].DType, outs[0])
		c.reduced(ins[0], outs[0], op.Axes)
	case *ArgMax:
		c.count(1, 1)
		c.numbers(ins[0])
		c.dtype(Int64, outs[0])
		c.reduced(ins[0], outs[0], []int{op.Axis})
		c.need(ins[0].Shape[op.Axis] > 0, "the axis is empty")
	case *CumSum:
		c.cumSum(op)
	case *TopK:
		c.topK()
	default:
		c.rest(op)
	}
	return nil
}

// rest checks the operators over rows, those that move elements and the updates.
func (c checker) rest(op Op) {
	ins, outs := c.ins, c.outs
	switch op := op.(type) {
	case *Softmax:
		c.count(1, 1)
		c.floats()
		c.rank(ins[0], 1)
		c.same("output", outs[0], ins[0])
	case *SoftmaxGrad:
		c.count(2, 1)
		c.floats()
		c.rank(ins[0], 1)
		c.same("dy", ins[1], ins[0])
		c.same("output", outs[0], ins[0])
	case *CrossEntropy:
		c.crossEntropy()
	case *CrossEntropyGrad:
		c.crossEntropyGrad()
	case *CTC:
		c.ctc(op)
	case *LayerNorm:
		c.layerNorm(op)
	case *LayerNormGrad:
		c.layerNormGrad(op)
	case *BatchNorm:
		c.count(5, 5)
		c.floats()
		c.rank(ins[0], 1)
		c.same("y", outs[0], ins[0])
		c.vectors(ins[0], append(slices.Clone(ins[1:]), outs[1:]...))
		c.need(op.Act == NoActivation || op.Act == ReLU, "the activation must be none or ReLU")
	case *BatchNormGrad:
		c.count(5+btoi(op.Act == ReLU), 3)
		c.floats()
		c.rank(ins[0], 1)
		c.same("dy", ins[4], ins[0])
		c.same("dx", outs[0], ins[0])
		c.vectors(ins[0], append(slices.Clone(ins[1:4]), outs[1:]...))
		if op.Act == ReLU {
			c.same("y", ins[5], ins[0])
		}
	case *Map:
		c.mapped(op)
	case *Insert:
		c.insert(op)
	case *SGD, *AdamW, *Lerp:
		c.update(op)
	default:
		if !c.recurrent(op) && !c.attention(op) {
			c.move(op)
		}
	}
}

// mismatch is what a checker panics with.
type mismatch string

type checker struct{ ins, outs []Value }

func (c checker) need(ok bool, format string, args ...any) {
	if !ok {
		panic(mismatch(fmt.Sprintf(format, args...)))
	}
}

func (c checker) count(ins, outs int) {
	c.need(len(c.ins) == ins && len(c.outs) == outs, "has %d arguments and %d outputs, want %d and %d", len(c.ins), len(c.outs), ins, outs)
}

func (c checker) dtype(dt DType, vs ...Value) {
	for _, v := range vs {
		c.need(v.DType == dt, "%v should be %v", v, dt)
	}
}

func (c checker) floats() {
	c.dtype(Float32, c.ins...)
	c.dtype(Float32, c.outs...)
}

// factors checks a product: its two operands are Float32 or BFloat16, all else Float32.
func (c checker) factors() {
	for _, v := range c.ins[:2] {
		c.need(v.DType == Float32 || v.DType == BFloat16, "%v should be float32 or bfloat16", v)
	}
	c.dtype(Float32, c.ins[2:]...)
	c.dtype(Float32, c.outs...)
}

func (c checker) numbers(v Value) {
	c.need(v.DType == Float32 || v.DType == Int64, "%v should be float32 or int64", v)
}

func (c checker) integers(v Value) {
	c.need(v.DType == Int64 || v.DType == Int32, "index %v should be int64 or int32", v)
}

func (c checker) rank(v Value, atLeast int) {
	c.need(len(v.Shape) >= atLeast, "%v should have at least %d axes", v, atLeast)
}

func (c checker) same(what string, v, as Value) {
	c.need(slices.Equal(v.Shape, as.Shape), "%s %v should have the shape %v", what, v, as.Shape)
}

func (c checker) length(what string, v Value, n int) {
	c.need(v.Len() == n, "%s %v should have %d elements", what, v, n)
}

// vectors checks values with one element for each channel of x.
func (c checker) vectors(x Value, vs []Value) {
	for _, v := range vs {
		c.length("vector", v, x.Shape[len(x.Shape)-1])
	}
}

// reduced checks that out is x with the axes of length 1 or left out.
func (c checker) reduced(x, out Value, axes []int) {
	var kept, short []int
	for i, d := range x.Shape {
		if slices.Contains(axes, i) {
			kept = append(kept, 1)
		} else {
			kept, short = append(kept, d), append(short, d)
		}
	}
	for i, a := range axes {
		c.need(a >= 0 && a < len(x.Shape) && (i == 0 || a > axes[i-1]), "axes %v do not fit %v", axes, x)
	}
	c.need(slices.Equal(out.Shape, kept) || slices.Equal(out.Shape, short), "output %v should be %v or %v", out, kept, short)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
