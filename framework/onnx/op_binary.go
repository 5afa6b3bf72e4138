package onnx

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

type number interface {
	float32 | float64 | int32 | int64 | uint8 | int8
}

// arith is one binary operator over every number type.
type arith struct {
	f32 func(a, b float32) float32
	f64 func(a, b float64) float64
	i32 func(a, b int32) int32
	i64 func(a, b int64) int64
	u8  func(a, b uint8) uint8
	i8  func(a, b int8) int8
}

func add[T number](a, b T) T  { return a + b }
func sub2[T number](a, b T) T { return a - b }
func mul[T number](a, b T) T  { return a * b }

func div[T number](a, b T) T { return a / b }

// divInt avoids the trap of a division by zero; ONNX leaves its result open.
func divInt[T int32 | int64 | uint8 | int8](a, b T) T {
	if b == 0 {
		return 0
	}
	return a / b
}

// maxNaN and minNaN give NaN when either operand is.
func maxNaN[T number](a, b T) T {
	if a != a || a > b {
		return a
	}
	return b
}

func minNaN[T number](a, b T) T {
	if a != a || a < b {
		return a
	}
	return b
}

func powFloat[T float32 | float64](a, b T) T { return T(math.Pow(float64(a), float64(b))) }

func powInt[T int32 | int64 | uint8 | int8](a, b T) T {
	return T(int64(math.Pow(float64(a), float64(b))))
}

// modInt has the sign of the divisor, as Python's %.
func modInt[T int32 | int64 | uint8 | int8](a, b T) T {
	if b == 0 {
		return 0
	}
	r := a % b
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

func remInt[T int32 | int64 | uint8 | int8](a, b T) T {
	if b == 0 {
		return 0
	}
	return a % b
}

func modFloat[T float32 | float64](a, b T) T { return T(math.Mod(float64(a), float64(b))) }

var (
	addOp = arith{add[float32], add[float64], add[int32], add[int64], add[uint8], add[int8]}
	subOp = arith{sub2[float32], sub2[float64], sub2[int32], sub2[int64], sub2[uint8], sub2[int8]}
	mulOp = arith{mul[float32], mul[float64], mul[int32], mul[int64], mul[uint8], mul[int8]}
	divOp = arith{div[float32], div[float64], divInt[int32], divInt[int64], divInt[uint8], divInt[int8]}
	maxOp = arith{maxNaN[float32], maxNaN[float64], maxNaN[int32], maxNaN[int64], maxNaN[uint8], maxNaN[int8]}
	minOp = arith{minNaN[float32], minNaN[float64], minNaN[int32], minNaN[int64], minNaN[uint8], minNaN[int8]}
	powOp = arith{powFloat[float32], powFloat[float64], powInt[int32], powInt[int64], powInt[uint8], powInt[int8]}
	modOp = arith{modFloat[float32], modFloat[float64], modInt[int32], modInt[int64], modInt[uint8], modInt[int8]}
	remOp = arith{modFloat[float32], modFloat[float64], remInt[int32], remInt[int64], remInt[uint8], remInt[int8]}
)

func (f arith) apply(a, b *tensor.Tensor) (*tensor.Tensor, error) {
	if a.DType() != b.DType() {
		return nil, fmt.Errorf("operands differ in type: %v and %v", a, b)
	}
	switch a.DType() {
	case tensor.Float32:
		return broadcast(a, b, f.f32)
	case tensor.Float64:
		return broadcast(a, b, f.f64)
	case tensor.Int32:
		return broadcast(a, b, f.i32)
	case tensor.Int64:
		return broadcast(a, b, f.i64)
	case tensor.Uint8:
		return broadcast(a, b, f.u8)
	case tensor.Int8:
		return broadcast(a, b, f.i8)
	}
	return nil, errType(a)
}

func (f arith) kernel() kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return f.apply(in[0], in[1]) })
}

// variadic folds f over all inputs.
func (f arith) variadic() kernel {
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		acc := in[0]
		var err error
		for _, t := range in[1:] {
			if t == nil {
				continue
			}
			if acc, err = f.apply(acc, t); err != nil {
				return nil, err
			}
		}
		return acc, nil
	})
}

// relation is one comparison over every type; b and s may be nil.
type relation struct {
	f32 func(a, b float32) bool
	f64 func(a, b float64) bool
	i32 func(a, b int32) bool
	i64 func(a, b int64) bool
	u8  func(a, b uint8) bool
	i8  func(a, b int8) bool
	b   func(a, b bool) bool
	s   func(a, b string) bool
}

func eq[T comparable](a, b T) bool  { return a == b }
func lt[T cmp.Ordered](a, b T) bool { return a < b }
func le[T cmp.Ordered](a, b T) bool { return a <= b }
func gt[T cmp.Ordered](a, b T) bool { return a > b }
func ge[T cmp.Ordered](a, b T) bool { return a >= b }
func logicAnd(a, b bool) bool       { return a && b }
func logicOr(a, b bool) bool        { return a || b }
func logicXor(a, b bool) bool       { return a != b }

var (
	eqOp = relation{eq[float32], eq[float64], eq[int32], eq[int64], eq[uint8], eq[int8], eq[bool], eq[string]}
	ltOp = relation{lt[float32], lt[float64], lt[int32], lt[int64], lt[uint8], lt[int8], nil, nil}
	leOp = relation{le[float32], le[float64], le[int32], le[int64], le[uint8], le[int8], nil, nil}
	gtOp = relation{gt[float32], gt[float64], gt[int32], gt[int64], gt[uint8], gt[int8], nil, nil}
	geOp = relation{ge[float32], ge[float64], ge[int32], ge[int64], ge[uint8], ge[int8], nil, nil}
)

func (f relation) apply(a, b *tensor.Tensor) (*tensor.Tensor, error) {
	if a.DType() != b.DType() {
		return nil, fmt.Errorf("operands differ in type: %v and %v", a, b)
	}
	switch {
	case a.DType() == tensor.Float32 && f.f32 != nil:
		return broadcast(a, b, f.f32)
	case a.DType() == tensor.Float64 && f.f64 != nil:
		return broadcast(a, b, f.f64)
	case a.DType() == tensor.Int32 && f.i32 != nil:
		return broadcast(a, b, f.i32)
	case a.DType() == tensor.Int64 && f.i64 != nil:
		return broadcast(a, b, f.i64)
	case a.DType() == tensor.Uint8 && f.u8 != nil:
		return broadcast(a, b, f.u8)
	case a.DType() == tensor.Int8 && f.i8 != nil:
		return broadcast(a, b, f.i8)
	case a.DType() == tensor.Bool && f.b != nil:
		return broadcast(a, b, f.b)
	case a.DType() == tensor.String && f.s != nil:
		return broadcast(a, b, f.s)
	}
	return nil, errType(a)
}

func binaryOperator(f func(a, b *tensor.Tensor) (*tensor.Tensor, error)) operator {
	return operator{2, 2, func(n *call) kernel { return n.aligned(f) }}
}

var _ = register(map[string]operator{
	"Add": binaryOperator(addOp.apply), "Sub": binaryOperator(subOp.apply), "Mul": binaryOperator(mulOp.apply),
	"Div": binaryOperator(divOp.apply),
	"Max": {1, unlimited, func(*call) kernel { return maxOp.variadic() }},
	"Min": {1, unlimited, func(*call) kernel { return minOp.variadic() }},
	"Sum": {1, unlimited, func(*call) kernel { return addOp.variadic() }},
	"Pow": binaryOperator(pow),
	"Mod": {2, 2, func(n *call) kernel {
		if n.flag("fmod", false) {
			return remOp.kernel()
		}
		return modOp.kernel()
	}},
	"Equal": binaryOperator(eqOp.apply), "Less": binaryOperator(ltOp.apply), "LessOrEqual": binaryOperator(leOp.apply),
	"Greater": binaryOperator(gtOp.apply), "GreaterOrEqual": binaryOperator(geOp.apply),
	"And":   binaryOperator(relation{b: logicAnd}.apply),
	"Or":    binaryOperator(relation{b: logicOr}.apply),
	"Xor":   binaryOperator(relation{b: logicXor}.apply),
	"Where": {3, 3, func(*call) kernel { return host(where) }},
	"Mean":  {1, unlimited, compileMean},
})

// pow converts the exponent to the base's type first.
func pow(a, b *tensor.Tensor) (*tensor.Tensor, error) {
	if a.DType() != b.DType() {
		var err error
		if b, err = cast(b, a.DType()); err != nil {
			return nil, err
		}
	}
	return powOp.apply(a, b)
}

func compileMean(n *call) kernel {
	sum := addOp.variadic()
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		out, err := sum(ctx, in)
		if err != nil {
			return nil, err
		}
		if out[0].DType() != tensor.Float32 {
			return nil, errType(out[0])
		}
		return result(divOp.apply(out[0], tensor.Scalar(float32(len(in)))))
	}
}

// where takes a where cond is true and b elsewhere.
func where(in []*tensor.Tensor) (*tensor.Tensor, error) {
	cond, a, b := in[0], in[1], in[2]
	if cond.DType() != tensor.Bool || a.DType() != b.DType() {
		return nil, fmt.Errorf("want a bool and two tensors of one type, got %v, %v and %v", cond, a, b)
	}
	shape, err := broadcastShapes(cond.Shape(), a.Shape(), b.Shape())
	if err != nil {
		return nil, err
	}
	out, err := newTensor(a.DType(), shape...)
	if err != nil {
		return nil, err
	}
	switch d := out.Data().(type) {
	case []float32:
		pick(d, shape, cond, a, b)
	case []float64:
		pick(d, shape, cond, a, b)
	case []int32:
		pick(d, shape, cond, a, b)
	case []int64:
		pick(d, shape, cond, a, b)
	case []uint8:
		pick(d, shape, cond, a, b)
	case []int8:
		pick(d, shape, cond, a, b)
	case []bool:
		pick(d, shape, cond, a, b)
	case []string:
		pick(d, shape, cond, a, b)
	}
	return out, nil
}

func pick[T tensor.Element](dst []T, shape []int, cond, a, b *tensor.Tensor) {
	c, x, y := tensor.Values[bool](cond), tensor.Values[T](a), tensor.Values[T](b)
	i := 0
	walk(shape, [][]int{strides(cond.Shape(), shape), strides(a.Shape(), shape), strides(b.Shape(), shape)}, func(at []int) {
		if c[at[0]] {
			dst[i] = x[at[1]]
		} else {
			dst[i] = y[at[2]]
		}
		i++
	})
}
