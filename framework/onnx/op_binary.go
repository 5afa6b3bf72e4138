package onnx

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

type integer interface {
	int32 | int64 | uint8 | int8 | int16 | uint16 | uint32 | uint64
}

type number interface {
	float32 | float64 | integer
}

// pairwise is an operator on two tensors of one type.
type pairwise = func(a, b *tensor.Tensor) (*tensor.Tensor, error)

// arith is one binary operator over every type that it has. Float16 and
// BFloat16 are computed as float32; see inFloat32.
type arith map[tensor.DType]pairwise

// over makes a tensor operator of a function on elements.
func over[T, R tensor.Element](f func(a, b T) R) pairwise {
	return func(a, b *tensor.Tensor) (*tensor.Tensor, error) { return broadcast(a, b, f) }
}

func add[T number](a, b T) T  { return a + b }
func sub2[T number](a, b T) T { return a - b }
func mul[T number](a, b T) T  { return a * b }

func div[T number](a, b T) T { return a / b }

// divInt avoids the trap of a division by zero; ONNX leaves its result open.
func divInt[T integer](a, b T) T {
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

func powInt[T integer](a, b T) T {
	p := math.Pow(float64(a), float64(b))
	if p >= 1<<63 { // of the types here only uint64 holds it
		return T(uint64(p))
	}
	return T(int64(p))
}

// modInt has the sign of the divisor, as Python's %.
func modInt[T integer](a, b T) T {
	if b == 0 {
		return 0
	}
	r := a % b
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

func remInt[T integer](a, b T) T {
	if b == 0 {
		return 0
	}
	return a % b
}

func modFloat[T float32 | float64](a, b T) T { return T(math.Mod(float64(a), float64(b))) }

var (
	addOp = arith{
		tensor.Float32: over(add[float32]), tensor.Float64: over(add[float64]),
		tensor.Int32: over(add[int32]), tensor.Int64: over(add[int64]), tensor.Uint8: over(add[uint8]), tensor.Int8: over(add[int8]),
		tensor.Int16: over(add[int16]), tensor.Uint16: over(add[uint16]), tensor.Uint32: over(add[uint32]), tensor.Uint64: over(add[uint64]),
	}
	subOp = arith{
		tensor.Float32: over(sub2[float32]), tensor.Float64: over(sub2[float64]),
		tensor.Int32: over(sub2[int32]), tensor.Int64: over(sub2[int64]), tensor.Uint8: over(sub2[uint8]), tensor.Int8: over(sub2[int8]),
		tensor.Int16: over(sub2[int16]), tensor.Uint16: over(sub2[uint16]), tensor.Uint32: over(sub2[uint32]), tensor.Uint64: over(sub2[uint64]),
	}
	mulOp = arith{
		tensor.Float32: over(mul[float32]), tensor.Float64: over(mul[float64]),
		tensor.Int32: over(mul[int32]), tensor.Int64: over(mul[int64]), tensor.Uint8: over(mul[uint8]), tensor.Int8: over(mul[int8]),
		tensor.Int16: over(mul[int16]), tensor.Uint16: over(mul[uint16]), tensor.Uint32: over(mul[uint32]), tensor.Uint64: over(mul[uint64]),
	}
	divOp = arith{
		tensor.Float32: over(div[float32]), tensor.Float64: over(div[float64]),
		tensor.Int32: over(divInt[int32]), tensor.Int64: over(divInt[int64]), tensor.Uint8: over(divInt[uint8]), tensor.Int8: over(divInt[int8]),
		tensor.Int16: over(divInt[int16]), tensor.Uint16: over(divInt[uint16]), tensor.Uint32: over(divInt[uint32]), tensor.Uint64: over(divInt[uint64]),
	}
	maxOp = arith{
		tensor.Float32: over(maxNaN[float32]), tensor.Float64: over(maxNaN[float64]),
		tensor.Int32: over(maxNaN[int32]), tensor.Int64: over(maxNaN[int64]), tensor.Uint8: over(maxNaN[uint8]), tensor.Int8: over(maxNaN[int8]),
		tensor.Int16: over(maxNaN[int16]), tensor.Uint16: over(maxNaN[uint16]), tensor.Uint32: over(maxNaN[uint32]), tensor.Uint64: over(maxNaN[uint64]),
	}
	minOp = arith{
		tensor.Float32: over(minNaN[float32]), tensor.Float64: over(minNaN[float64]),
		tensor.Int32: over(minNaN[int32]), tensor.Int64: over(minNaN[int64]), tensor.Uint8: over(minNaN[uint8]), tensor.Int8: over(minNaN[int8]),
		tensor.Int16: over(minNaN[int16]), tensor.Uint16: over(minNaN[uint16]), tensor.Uint32: over(minNaN[uint32]), tensor.Uint64: over(minNaN[uint64]),
	}
	powOp = arith{
		tensor.Float32: over(powFloat[float32]), tensor.Float64: over(powFloat[float64]),
		tensor.Int32: over(powInt[int32]), tensor.Int64: over(powInt[int64]), tensor.Uint8: over(powInt[uint8]), tensor.Int8: over(powInt[int8]),
		tensor.Int16: over(powInt[int16]), tensor.Uint16: over(powInt[uint16]), tensor.Uint32: over(powInt[uint32]), tensor.Uint64: over(powInt[uint64]),
	}
	modOp = arith{
		tensor.Float32: over(modFloat[float32]), tensor.Float64: over(modFloat[float64]),
		tensor.Int32: over(modInt[int32]), tensor.Int64: over(modInt[int64]), tensor.Uint8: over(modInt[uint8]), tensor.Int8: over(modInt[int8]),
		tensor.Int16: over(modInt[int16]), tensor.Uint16: over(modInt[uint16]), tensor.Uint32: over(modInt[uint32]), tensor.Uint64: over(modInt[uint64]),
	}
	remOp = arith{
		tensor.Float32: over(modFloat[float32]), tensor.Float64: over(modFloat[float64]),
		tensor.Int32: over(remInt[int32]), tensor.Int64: over(remInt[int64]), tensor.Uint8: over(remInt[uint8]), tensor.Int8: over(remInt[int8]),
		tensor.Int16: over(remInt[int16]), tensor.Uint16: over(remInt[uint16]), tensor.Uint32: over(remInt[uint32]), tensor.Uint64: over(remInt[uint64]),
	}
)

func (f arith) apply(a, b *tensor.Tensor) (*tensor.Tensor, error) {
	if a.DType() != b.DType() {
		return nil, fmt.Errorf("operands differ in type: %v and %v", a, b)
	}
	if g := f[a.DType()]; g != nil {
		return g(a, b)
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

func eq[T comparable](a, b T) bool  { return a == b }
func lt[T cmp.Ordered](a, b T) bool { return a < b }
func le[T cmp.Ordered](a, b T) bool { return a <= b }
func gt[T cmp.Ordered](a, b T) bool { return a > b }
func ge[T cmp.Ordered](a, b T) bool { return a >= b }
func logicAnd(a, b bool) bool       { return a && b }
func logicOr(a, b bool) bool        { return a || b }
func logicXor(a, b bool) bool       { return a != b }

var (
	eqOp = arith{
		tensor.Float32: over(eq[float32]), tensor.Float64: over(eq[float64]),
		tensor.Int32: over(eq[int32]), tensor.Int64: over(eq[int64]), tensor.Uint8: over(eq[uint8]), tensor.Int8: over(eq[int8]),
		tensor.Int16: over(eq[int16]), tensor.Uint16: over(eq[uint16]), tensor.Uint32: over(eq[uint32]), tensor.Uint64: over(eq[uint64]),
		tensor.Bool: over(eq[bool]), tensor.String: over(eq[string]),
	}
	ltOp = arith{
		tensor.Float32: over(lt[float32]), tensor.Float64: over(lt[float64]),
		tensor.Int32: over(lt[int32]), tensor.Int64: over(lt[int64]), tensor.Uint8: over(lt[uint8]), tensor.Int8: over(lt[int8]),
		tensor.Int16: over(lt[int16]), tensor.Uint16: over(lt[uint16]), tensor.Uint32: over(lt[uint32]), tensor.Uint64: over(lt[uint64]),
	}
	leOp = arith{
		tensor.Float32: over(le[float32]), tensor.Float64: over(le[float64]),
		tensor.Int32: over(le[int32]), tensor.Int64: over(le[int64]), tensor.Uint8: over(le[uint8]), tensor.Int8: over(le[int8]),
		tensor.Int16: over(le[int16]), tensor.Uint16: over(le[uint16]), tensor.Uint32: over(le[uint32]), tensor.Uint64: over(le[uint64]),
	}
	gtOp = arith{
		tensor.Float32: over(gt[float32]), tensor.Float64: over(gt[float64]),
		tensor.Int32: over(gt[int32]), tensor.Int64: over(gt[int64]), tensor.Uint8: over(gt[uint8]), tensor.Int8: over(gt[int8]),
		tensor.Int16: over(gt[int16]), tensor.Uint16: over(gt[uint16]), tensor.Uint32: over(gt[uint32]), tensor.Uint64: over(gt[uint64]),
	}
	geOp = arith{
		tensor.Float32: over(ge[float32]), tensor.Float64: over(ge[float64]),
		tensor.Int32: over(ge[int32]), tensor.Int64: over(ge[int64]), tensor.Uint8: over(ge[uint8]), tensor.Int8: over(ge[int8]),
		tensor.Int16: over(ge[int16]), tensor.Uint16: over(ge[uint16]), tensor.Uint32: over(ge[uint32]), tensor.Uint64: over(ge[uint64]),
	}
)

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
	"And":   binaryOperator(arith{tensor.Bool: over(logicAnd)}.apply),
	"Or":    binaryOperator(arith{tensor.Bool: over(logicOr)}.apply),
	"Xor":   binaryOperator(arith{tensor.Bool: over(logicXor)}.apply),
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
		if dt := out[0].DType(); dt != tensor.Float32 && dt != tensor.Float64 {
			return nil, errType(out[0])
		}
		count, err := cast(tensor.Scalar(int64(len(in))), out[0].DType())
		if err != nil {
			return nil, err
		}
		return result(divOp.apply(out[0], count))
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
	moves[out.DType()].pick(out, cond, a, b)
	return out, nil
}

func pick[T tensor.Element](out, cond, a, b *tensor.Tensor) {
	dst, shape := tensor.Values[T](out), out.Shape()
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
