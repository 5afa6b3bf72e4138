package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Loop": {0, unlimited, overValues(compileLoop)},
	"If":   {1, 1, overValues(compileIf)},
})

// compileLoop runs the body while the count lasts and its condition holds. Body
// inputs are the round, the condition and the carried values; its outputs the
// condition, the carried values and one slice of each scan output. Carried
// values may be sequences (from opset 13) and optionals (from 16).
func compileLoop(n *call) valueKernel {
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
	declared := n.find("body").G.Outputs[1+carried:]
	return func(ctx context.Context, in []Value) ([]Value, error) {
		limit, going, err := loopBounds(in[0], in[1])
		if err != nil {
			return nil, err
		}
		state := slices.Clone(in[2:own])
		for i, v := range state {
			if v.Kind() == NoValue {
				return nil, fmt.Errorf("the carried value %d is left out", i)
			}
		}
		scan := newScanOutputs(scans)
		for round := int64(0); going && round < limit; round++ {
			args := slices.Concat([]Value{TensorValue(tensor.Scalar(round)), TensorValue(tensor.Scalar(true))}, state, in[own:])
			outs, err := body.run(ctx, args)
			if err != nil {
				return nil, err
			}
			if going, err = truth(outs[0]); err != nil {
				return nil, err
			}
			copy(state, outs[1:])
			if err := scan.add(outs[1+carried:]); err != nil {
				return nil, err
			}
		}
		for i := range scans {
			t, err := scan.stack(i, 0, false, declared[i])
			if err != nil {
				return nil, err
			}
			state = append(state, TensorValue(t))
		}
		return state, nil
	}
}

func loopBounds(m, cond Value) (limit int64, going bool, err error) {
	limit, going = 1<<62, true
	if m.Kind() != NoValue {
		if limit, err = scalarInt(m); err != nil {
			return 0, false, fmt.Errorf("the trip count: %w", err)
		}
	}
	if cond.Kind() != NoValue {
		going, err = truth(cond)
	}
	return limit, going, err
}

func truth(v Value) (bool, error) {
	if v.t == nil || v.t.DType() != tensor.Bool || v.t.Len() != 1 {
		return false, fmt.Errorf("the condition %v is no bool scalar", v)
	}
	return tensor.Values[bool](v.t)[0], nil
}

// scalarInt reads an int64 or int32 tensor of one element.
func scalarInt(v Value) (int64, error) {
	if v.t == nil || v.t.Len() != 1 {
		return 0, fmt.Errorf("want one int64, got %v", v)
	}
	i, err := int64s(v.t)
	if err != nil {
		return 0, err
	}
	return i[0], nil
}

func compileIf(n *call) valueKernel {
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
	return func(ctx context.Context, in []Value) ([]Value, error) {
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
