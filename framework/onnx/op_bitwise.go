package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

var _ = register(map[string]operator{
	"BitwiseAnd": binaryOperator(bitwise(func(x, y uint64) uint64 { return x & y }).apply),
	"BitwiseOr":  binaryOperator(bitwise(func(x, y uint64) uint64 { return x | y }).apply),
	"BitwiseXor": binaryOperator(bitwise(xor).apply),
	"BitwiseNot": {1, 1, func(*call) kernel {
		// ^x is x XOR -1, whatever the width: all bits of the scalar are set.
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
			ones, err := cast(tensor.Scalar(int64(-1)), in[0].DType())
			if err != nil {
				return nil, err
			}
			return bitwise(xor).apply(in[0], ones)
		})
	}},
	"BitShift": {2, 2, compileBitShift},
})

func xor(x, y uint64) uint64 { return x ^ y }

// compileBitShift shifts unsigned integers; bits that leave are lost.
func compileBitShift(n *call) kernel {
	shift := bitwise(func(x, y uint64) uint64 { return x << y })
	switch d := n.str("direction", ""); d {
	case "LEFT":
	case "RIGHT":
		shift = bitwise(func(x, y uint64) uint64 { return x >> y })
	default:
		n.fail("attribute direction = %q, want LEFT or RIGHT", d)
	}
	for _, signed := range []tensor.DType{tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64} {
		delete(shift, signed)
	}
	return shift.kernel()
}

// bitwise makes an operator on integers of any width of one on 64 bits, of which
// the lowest are kept. Numbers with a sign carry it into the upper bits.
func bitwise(f func(x, y uint64) uint64) arith {
	return arith{
		tensor.Int8: overBits[int8](f), tensor.Int16: overBits[int16](f), tensor.Int32: overBits[int32](f), tensor.Int64: overBits[int64](f),
		tensor.Uint8: overBits[uint8](f), tensor.Uint16: overBits[uint16](f), tensor.Uint32: overBits[uint32](f), tensor.Uint64: overBits[uint64](f),
	}
}

func overBits[T integer](f func(x, y uint64) uint64) pairwise {
	return over(func(x, y T) T { return T(f(uint64(x), uint64(y))) })
}
