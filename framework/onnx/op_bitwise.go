package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"BitwiseAnd": bitwiseOperator('&'), "BitwiseOr": bitwiseOperator('|'), "BitwiseXor": bitwiseOperator('^'),
	"BitwiseNot": {1, 1, func(*call) kernel {
		// ^x is x XOR -1, whatever the width: all bits of the scalar are set.
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
			ones, err := cast(tensor.Scalar(int64(-1)), in[0].DType())
			if err != nil {
				return nil, err
			}
			return bitwise(in[0], ones, '^')
		})
	}},
	"BitShift": {2, 2, compileBitShift},
})

func bitwiseOperator(op byte) operator {
	return binaryOperator(func(a, b *tensor.Tensor) (*tensor.Tensor, error) { return bitwise(a, b, op) })
}

// compileBitShift shifts unsigned integers; bits that leave are lost.
func compileBitShift(n *call) kernel {
	op := byte('<')
	switch d := n.str("direction", ""); d {
	case "LEFT":
	case "RIGHT":
		op = '>'
	default:
		n.fail("attribute direction = %q, want LEFT or RIGHT", d)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64:
			return nil, errType(in[0])
		}
		return bitwise(in[0], in[1], op)
	})
}

// bitwise combines integers bit by bit with broadcasting.
func bitwise(a, b *tensor.Tensor, op byte) (*tensor.Tensor, error) {
	if a.DType() != b.DType() {
		return nil, fmt.Errorf("operands differ in type: %v and %v", a, b)
	}
	switch a.DType() {
	case tensor.Int8:
		return bitwiseOf[int8](a, b, op)
	case tensor.Int32:
		return bitwiseOf[int32](a, b, op)
	case tensor.Int64:
		return bitwiseOf[int64](a, b, op)
	case tensor.Uint8:
		return bitwiseOf[uint8](a, b, op)
	case tensor.Int16:
		return bitwiseOf[int16](a, b, op)
	case tensor.Uint16:
		return bitwiseOf[uint16](a, b, op)
	case tensor.Uint32:
		return bitwiseOf[uint32](a, b, op)
	case tensor.Uint64:
		return bitwiseOf[uint64](a, b, op)
	}
	return nil, errType(a)
}

func bitwiseOf[T integer](a, b *tensor.Tensor, op byte) (*tensor.Tensor, error) {
	switch op {
	case '&':
		return broadcast(a, b, func(x, y T) T { return x & y })
	case '|':
		return broadcast(a, b, func(x, y T) T { return x | y })
	case '^':
		return broadcast(a, b, func(x, y T) T { return x ^ y })
	case '<':
		return broadcast(a, b, func(x, y T) T { return x << uint64(y) })
	}
	return broadcast(a, b, func(x, y T) T { return x >> uint64(y) })
}
