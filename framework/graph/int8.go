package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Int8 are the constants of an integer product of an operand x Uint8 with
// weights Int8, symmetric per output channel.
type Int8 struct {
	X      Affine
	Weight *tensor.Tensor // Int8, [in, out] or [KH, KW, C/groups, K]
	Scales []float32      // of the weights, one for each output channel
	Bias   []int32        // in units of X.Scale·Scales[k]; one for each output channel
	Add    Affine         // of what is added, where that is Uint8
	Relu   bool
	Out    *Affine // of a Uint8 result; nil gives a float32 one
}

// LinearInt8Attrs are the attributes of "LinearInt8".
type LinearInt8Attrs struct{ Int8 Int8 }

// ConvInt8Attrs are the attributes of "Conv2DInt8".
type ConvInt8Attrs struct {
	Conv ConvAttrs
	Int8 Int8
}

// result fails unless the constants fit k output channels and what is added, if
// anything is, has the result's shape; it returns the result's type.
func (q Int8) result(c *call, k int, shape ...Dim) []Type {
	c.want(0, tensor.Uint8)
	if len(c.in) > 1 {
		if a := c.in[1]; !a.shape.Equal(shape) || a.dtype != tensor.Uint8 && a.dtype != tensor.Float32 {
			c.fail("what is added should be uint8 or float32 of the shape %v", Shape(shape))
		}
	}
	if q.Weight.DType() != tensor.Int8 || len(q.Scales) != k || len(q.Bias) != k {
		c.fail("the weights %v need %d scales and biases, not %d and %d", q.Weight, k, len(q.Scales), len(q.Bias))
	}
	if q.Weight.Len()/max(k, 1) > chip.MaxInt8Terms {
		c.fail("sums of %d products could leave int32", q.Weight.Len()/k)
	}
	if q.Out != nil {
		return one(tensor.Uint8, shape...)
	}
	return one(tensor.Float32, shape...)
}

// args places the constants; the scales are those from sums to results.
func (q Int8) args(b *builder, in []value) []value {
	scales := make([]float32, len(q.Scales))
	for k, s := range q.Scales {
		if scales[k] = q.X.Scale * s; q.Out != nil {
			scales[k] /= q.Out.Scale
		}
	}
	n := len(scales)
	args := []value{in[0], b.constant(q.Weight), b.constant(tensor.Of(q.Bias, n)), b.constant(tensor.Of(scales, n))}
	return append(args, in[1:]...)
}

func (q Int8) integer(c *call) chip.Integer {
	e := chip.Integer{ZeroX: q.X.Zero}
	if e.Add = len(c.in) > 1; e.Add {
		e.AddScale = 1
		if c.in[1].dtype == tensor.Uint8 {
			e.AddScale, e.ZeroAdd = q.Add.Scale, q.Add.Zero
		}
		if q.Out != nil {
			e.AddScale /= q.Out.Scale
		}
	}
	if q.Relu {
		e.Act = chip.ReLU
	}
	if q.Out != nil {
		e.ZeroY = q.Out.Zero
	}
	return e
}

var _ = register(operator{
	name: "LinearInt8",
	shape: func(c *call) []Type {
		x, q := c.in[0], c.attrs.(LinearInt8Attrs).Int8
		w := q.Weight.Shape()
		if len(w) != 2 || x.Rank() < 2 || !x.Dim(-1).Is(w[0]) {
			c.fail("the operand does not fit the weights %v", q.Weight)
		}
		return q.result(c, w[1], append(append(Shape(nil), x.shape[:x.Rank()-1]...), Const(w[1]))...)
	},
	lower: func(b *builder, c *call, in []value) []value {
		q := c.attrs.(LinearInt8Attrs).Int8
		return b.emit(&chip.GemmInt8{Integer: q.integer(c)}, q.args(b, in), b.types(c)...)
	},
})

var _ = register(operator{
	name: "Conv2DInt8",
	shape: func(c *call) []Type {
		x, at := c.in[0], c.attrs.(ConvInt8Attrs)
		a, w := at.Conv, at.Int8.Weight.Shape()
		if x.Rank() != 4 || len(w) != 4 || a.Groups < 1 || !x.Dim(3).Is(w[2]*a.Groups) || w[3]%a.Groups != 0 || [2]int{w[0], w[1]} != a.Size {
			c.fail("the operand does not fit the weights %v in %d groups", at.Int8.Weight, a.Groups)
		}
		a.check(c, x)
		return at.Int8.result(c, w[3], x.Dim(0), a.out(0, x.Dim(1)), a.out(1, x.Dim(2)), Const(w[3]))
	},
	lower: func(b *builder, c *call, in []value) []value {
		at := c.attrs.(ConvInt8Attrs)
		op := &chip.ConvInt8{Window: at.Conv.chip(), Groups: at.Conv.Groups, Integer: at.Int8.integer(c)}
		return b.emit(op, at.Int8.args(b, in), b.types(c)...)
	},
})

// LinearInt8 returns act(X.Scale·Scales·((x-X.Zero)·Weight + Bias) + add), the
// product computed in integers, for x Uint8 [..., in]; the result [..., out] is
// float32, or Uint8 requantised to Out. add, which may be nil, has the result's
// shape and is float32, or Uint8 that stands for Add.Scale·(add - Add.Zero). It
// has no gradient.
func LinearInt8(x, add *Node, q Int8) *Node {
	return on("LinearInt8", LinearInt8Attrs{q}, withoutNil(x, add)...)
}

// Conv2DInt8 is the convolution a of x Uint8 [N,H,W,C] in integers, with the
// epilogue of LinearInt8. Padding counts as the real number 0.
func Conv2DInt8(x, add *Node, a ConvAttrs, q Int8) *Node {
	return on("Conv2DInt8", ConvInt8Attrs{a, q}, withoutNil(x, add)...)
}

// withoutNil are the operands of which the second may be missing.
func withoutNil(x, add *Node) []*Node {
	if add == nil {
		return []*Node{x}
	}
	return []*Node{x, add}
}
