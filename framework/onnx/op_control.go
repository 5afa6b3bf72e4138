package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Loop": {0, unlimited, compileLoop},
	"If":   {1, 1, compileIf},
})

// compileLoop runs the body while the count lasts and its condition holds. Body
// inputs are the round, the condition and the carried values; its outputs the
// condition, the carried values and one slice of each scan output.
func compileLoop(n *call) kernel {
	body := n.body("body")
	if n.err != nil {
		return nil
	}
	own := len(n.node.Inputs)
	if own < 2 {
		n.fail("the trip count and the condition are missing")
		return nil
	}
	carried := own - 2
	scans := len(body.outputs) - 1 - carried
	if len(body.inputs) != own+len(n.captures) || scans < 0 {
		n.fail("the body has %d inputs and %d outputs for %d carried values", len(body.inputs)-len(n.captures), len(body.outputs), carried)
		return nil
	}
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		limit, going, err := loopBounds(in[0], in[1])
		if err != nil {
			return nil, err
		}
		state := slices.Clone(in[2:own])
		collected := make([][]*tensor.Tensor, scans)
		for round := int64(0); going && round < limit; round++ {
			args := slices.Concat([]*tensor.Tensor{tensor.Scalar(round), tensor.Scalar(true)}, state, in[own:])
			outs, err := body.run(ctx, args)
			if err != nil {
				return nil, err
			}
			if going, err = truth(outs[0]); err != nil {
				return nil, err
			}
			copy(state, outs[1:])
			for i, t := range outs[1+carried:] {
				collected[i] = append(collected[i], t.Reshape(append([]int{1}, t.Shape()...)...))
			}
		}
		for _, rows := range collected {
			if len(rows) == 0 {
				return nil, fmt.Errorf("a scan output of no rounds is not supported")
			}
			t, err := concat(rows, 0)
			if err != nil {
				return nil, err
			}
			state = append(state, t)
		}
		return state, nil
	}
}

func loopBounds(m, cond *tensor.Tensor) (limit int64, going bool, err error) {
	limit, going = 1<<62, true
	if m != nil {
		v, err := int64s(m)
		if err != nil || len(v) != 1 {
			return 0, false, fmt.Errorf("the trip count %v is no int64 scalar", m)
		}
		limit = v[0]
	}
	if cond != nil {
		going, err = truth(cond)
	}
	return limit, going, err
}

func truth(t *tensor.Tensor) (bool, error) {
	if t.DType() != tensor.Bool || t.Len() != 1 {
		return false, fmt.Errorf("the condition %v is no bool scalar", t)
	}
	return tensor.Values[bool](t)[0], nil
}

func compileIf(n *call) kernel {
	yes := n.body("then_branch")
	split := len(n.captures)
	no := n.body("else_branch")
	if n.err != nil {
		return nil
	}
	if len(yes.inputs) != split || len(no.inputs) != len(n.captures)-split {
		n.fail("a branch has inputs")
		return nil
	}
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		ok, err := truth(in[0])
		if err != nil {
			return nil, err
		}
		if ok {
			return yes.run(ctx, in[1:1+split])
		}
		return no.run(ctx, in[1+split:])
	}
}
