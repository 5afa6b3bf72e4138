package onnx

import (
	"context"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// kernel computes a node on the host. in has one entry for each input the
// operator can take, nil for one left out; kernels do not write to it. The
// result has one tensor for each output.
type kernel func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error)

// valueKernel is a kernel over values of every kind; a left out input is the
// zero Value.
type valueKernel func(ctx context.Context, in []Value) ([]Value, error)

// values is k for values, which must be tensors.
func (k kernel) values(ctx context.Context, in []Value) ([]Value, error) {
	ts, err := tensorsOf(in)
	if err != nil {
		return nil, err
	}
	outs, err := k(ctx, ts)
	if err != nil {
		return nil, err
	}
	return tensorValues(outs), nil
}

// overValues makes an operator's compile of one whose kernel is over values. The
// call keeps the kernel; the nil that is returned says so.
func overValues(compile func(n *call) valueKernel) func(n *call) kernel {
	return func(n *call) kernel {
		n.overValues = compile(n)
		return nil
	}
}

// hostValue makes a valueKernel of a function that needs no context and has one output.
func hostValue(f func(in []Value) (Value, error)) valueKernel {
	return func(_ context.Context, in []Value) ([]Value, error) {
		v, err := f(in)
		if err != nil {
			return nil, err
		}
		return []Value{v}, nil
	}
}
